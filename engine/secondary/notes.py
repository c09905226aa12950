"""Small notes that primaries keep beside the data on a secondary, each in a file of its own."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from engine import files
from engine.secondary.target import OWN


class Notes:
    """The notes below one root, in a folder of `.georep`."""

    def __init__(self, root: bytes, folder: str = "notes") -> None:
        self._folder = Path(os.fsdecode(root + b"/" + OWN)) / folder

    def keep(self, name: str, content: bytes) -> None:
        """Keep one, in place of an older one of that name, whole or not at all."""
        files.write(self._folder / name, content)

    def read(self) -> dict[str, bytes]:
        """Return all by name."""
        found: dict[str, bytes] = {}
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._folder):
                # What begins with a dot is being written, or was when somebody died. What is no
                # file was put there by somebody else, and could hold us up.
                if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                    found[entry.name] = Path(entry.path).read_bytes()
        return found

    def get(self, name: str) -> bytes:
        """Return one; empty when there is none of that name."""
        path = self._folder / name
        with suppress(FileNotFoundError, NotADirectoryError):
            # What is no file was put there by somebody else, and could hold us up.
            if stat.S_ISREG(path.lstat().st_mode):
                return path.read_bytes()
        return b""

    def drop(self, name: str) -> None:
        """Forget one, if there is one of that name."""
        with suppress(FileNotFoundError):
            (self._folder / name).unlink()
