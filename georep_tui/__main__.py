"""`python -m georep_tui` is the command `georep`, for who knows only the interpreter."""

import sys

from georep_tui.cli import main

sys.exit(main())
