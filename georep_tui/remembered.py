"""What one operator chose in the console, from one start to the next: the theme."""

import contextlib
import os
from pathlib import Path

from engine import files
from georep_tui.look import THEMES

_LONGEST = 64


def place() -> Path:
    """Return the file that has it: the operator's own, for who shares a node shares no terminal."""
    usual = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(os.path.expanduser(usual)) / "georep" / "theme"


def theme() -> str:
    """Return the name of the theme that was chosen last; empty when none was, or nobody knows."""
    try:
        with place().open("rb") as file:
            word = file.read(_LONGEST).decode(errors="replace").strip()
    except OSError:
        return ""
    return word if word in THEMES else ""


def keep(name: str) -> None:
    """Note the theme that was chosen; where nothing can be written, the next start is as before."""
    path = place()
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write(path, name.encode())
