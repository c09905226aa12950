"""An object of a mount that is held: found once, and from then on asked and changed without being
found again.

Each path by gfid makes the client look the object up, and DHT asks every brick for that.
"""

import os


class Held:
    """One object, by an O_PATH descriptor that closes with the last who knows it.

    It is that object, under whatever name; once that has ended, every call says ENOENT or ESTALE.
    """

    __slots__ = ("file", "path")

    def __init__(self, path: bytes, way: int = 0) -> None:
        """Find what stands at `path`; no symlink is followed. `way`: more flags of open."""
        self.file = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC | way)
        self.path = b"/proc/self/fd/%d" % self.file
        """It leads to the object when it is followed, and not through it if that is a symlink."""

    def __del__(self) -> None:
        if hasattr(self, "file"):
            os.close(self.file)

    def target(self) -> bytes:
        """Return where it points, if it is a symlink."""
        return os.readlink(b"", dir_fd=self.file)

    def status(self) -> os.stat_result:
        """Ask how it is now."""
        return os.fstat(self.file)
