"""What the file system said no to, with what was being done when it did."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from engine.item import Place

FULL = frozenset({errno.EMLINK, errno.ENOSPC})
"""What an object says that can have no more names: `storage.max-hardlinks` is 100 where nobody set
it, and a brick on ext4 has room to note some 40 names of one object.
"""


class Trouble(Exception):
    """An OSError with what was being done when it came."""

    def __init__(self, doing: str, place: Place | None, error: OSError) -> None:
        super().__init__(str(error))
        self.doing, self.place, self.error = doing, place, error


@contextmanager
def doing(what: str, place: Place | None = None) -> Iterator[None]:
    """Turn an OSError that comes up inside into Trouble."""
    try:
        yield
    except OSError as error:
        raise Trouble(what, place, error) from error


@contextmanager
def plainly() -> Iterator[None]:
    """Turn Trouble that comes up inside back into the OSError that it was."""
    try:
        yield
    except Trouble as trouble:
        raise trouble.error from trouble
