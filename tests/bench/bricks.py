"""What stands on a volume's bricks, read there directly: no mount, no cache, no daemon asked.

A file of a distributed volume is on one of its bricks; another may have an empty pointer to it.
"""

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence

import xattr

Check = Callable[[Sequence[bytes]], bool]
"""Whether something is as it shall be, on the bricks given; once it is, it stays so."""
_SHOWN = 5
_REST = 19
"""Times as long as it takes to look are waited before the next look: a twentieth of one core."""
_LEAST_WAIT = 0.01


def find(bricks: Sequence[bytes], path: bytes) -> os.stat_result | None:
    """Return the attributes of `path`, which is below the volume's root."""
    for brick in bricks:
        try:
            found = os.lstat(brick + b"/" + path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not _pointer(found):
            return found
    return None


def whole(path: bytes, size: int) -> Check:
    """Check that a file stands there with all its bytes."""
    return lambda bricks: (found := find(bricks, path)) is not None and found.st_size == size


def moved(old: bytes, new: bytes) -> Check:
    """Check that an object has its new name, and no longer its old one."""
    return lambda bricks: find(bricks, new) is not None and find(bricks, old) is None


def absent(path: bytes) -> Check:
    """Check that nothing stands there."""
    return lambda bricks: find(bricks, path) is None


def permits(path: bytes, mode: int) -> Check:
    """Check that an object has this mode."""
    return lambda bricks: (
        (found := find(bricks, path)) is not None and found.st_mode & 0o7777 == mode
    )


def tagged(path: bytes, name: bytes, value: bytes) -> Check:
    """Check that an object has an xattr with this value."""

    def check(bricks: Sequence[bytes]) -> bool:
        for brick in bricks:
            try:
                if xattr.get(brick + b"/" + path, name) == value:
                    return True
            except OSError:
                continue
        return False

    return check


def like(path: bytes, data: bytes) -> Check:
    """Check that a file has just this content."""

    def check(bricks: Sequence[bytes]) -> bool:
        found = find(bricks, path)
        return found is not None and found.st_size == len(data) and read(bricks, path) == data

    return check


def holds(path: bytes, start: int, data: bytes) -> Check:
    """Check that a file has this content from byte `start` on."""

    def check(bricks: Sequence[bytes]) -> bool:
        for brick in bricks:
            with contextlib.suppress(OSError), open(brick + b"/" + path, "rb") as file:
                file.seek(start)
                if file.read(len(data)) == data:
                    return True
        return False

    return check


def read(bricks: Sequence[bytes], path: bytes) -> bytes | None:
    """Return the content of a file."""
    for brick in bricks:
        try:
            with open(brick + b"/" + path, "rb") as file:
                if not _pointer(os.fstat(file.fileno())):
                    return file.read()
        except OSError:
            continue
    return None


class Watch:
    """Waits for many checks at the price of a few: those that hold are not made again."""

    def __init__(
        self, checks: Sequence[Check], bricks: Sequence[bytes], folder: bytes = b""
    ) -> None:
        """`folder` is where it happens; a name made or taken there counts as the first change."""
        self._checks, self._bricks, self._folder = list(checks), bricks, folder
        self._before = self._times()
        self._samples = self._checks[:: max(1, len(checks) // 64)]
        self.first: float | None = None
        """When anything was first seen, by the monotonic clock."""
        self.last: float | None = None
        """When everything was."""

    @property
    def left(self) -> int:
        """Return how many have not been seen to hold."""
        return len(self._checks)

    def look(self) -> bool:
        """Look once; return whether everything holds."""
        now = time.monotonic()
        if self.first is None and (
            self._times() != self._before or any(check(self._bricks) for check in self._samples)
        ):
            self.first = now
        if self.first is not None:
            while self._checks and self._checks[-1](self._bricks):
                self._checks.pop()
        if not self._checks and self.last is None:
            self.last = now
        return self.last is not None

    def _times(self) -> list[int]:
        paths = (brick + b"/" + self._folder for brick in self._bricks)
        return [os.stat(path).st_mtime_ns if os.path.exists(path) else 0 for path in paths]

    def until(self, deadline: float) -> bool:
        """Look until everything holds, or the monotonic clock shows `deadline`."""
        while not self.look():
            began = time.monotonic()
            if began > deadline:
                self._checks = [check for check in self._checks if not check(self._bricks)]
                return not self._checks
            rest(began)
        return True


def rest(began: float) -> None:
    """Wait before the next look; the last one began when the monotonic clock showed `began`."""
    time.sleep(max(_LEAST_WAIT, _REST * (time.monotonic() - began)))


def differences(one: Sequence[bytes], other: Sequence[bytes], folder: bytes) -> list[str]:
    """Return what is not equal below `folder` of two volumes, the first few in words."""
    mine, theirs = dict(_tree(one, folder)), dict(_tree(other, folder))
    found: list[str] = []
    for path in sorted(mine.keys() | theirs.keys()):
        here, there = mine.get(path), theirs.get(path)
        if here is None or there is None:
            found.append(f"{path!r} is {'missing' if there is None else 'left'}")
        elif here[:2] != there[:2]:
            found.append(f"{path!r} is {there[:2]} and not {here[:2]}")
        elif stat.S_ISREG(here[0]) and not _same(here[2], there[2]):
            found.append(f"{path!r} has other content")
    return found[:_SHOWN] + ([f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else [])


def _tree(bricks: Sequence[bytes], folder: bytes) -> Iterator[tuple[bytes, tuple[int, int, bytes]]]:
    """Yield each path with its mode, its size (of a file) and where it is."""
    for brick in bricks:
        for top, folders, files in os.walk(brick + b"/" + folder):
            for name in (*folders, *files):
                path = top + b"/" + name
                found = os.lstat(path)
                if not _pointer(found):
                    size = found.st_size if stat.S_ISREG(found.st_mode) else 0
                    yield path[len(brick) + 1 :], (found.st_mode, size, path)


def _same(one: bytes, other: bytes) -> bool:
    with open(one, "rb") as here, open(other, "rb") as there:
        while True:
            mine, theirs = here.read(1 << 20), there.read(1 << 20)
            if mine != theirs:
                return False
            if not mine:
                return True


def _pointer(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_mode & 0o7777 == 0o1000 and not found.st_size
