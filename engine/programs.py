"""Programs of this machine: where they are, and which versions they say they are."""

import os
import re
import shutil
import subprocess

_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_PATIENCE = 10


def path(program: str) -> str | None:
    """Return where `program` is, also where only root looks; None when it is not installed."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def version(program: str) -> str:
    """Return the version that `program` tells; empty when it tells none. Blocks."""
    found = path(program)
    if found is None:
        return ""
    try:
        done = subprocess.run(
            [found, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    told = _VERSION.search(done.stdout.decode("utf-8", "replace"))
    return told[0] if told else ""
