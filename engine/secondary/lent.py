"""The owners of those whom an ordinary user may own for a moment, and of whom nobody may tell us
afterwards whose they are: noted before, given back by whoever comes next.

That is who is put aside or brought back, and who gets a name from another worker than its own.
Invariant: the note of an owner is on the secondary before that is changed, and goes when it is
right again; both while the object's gfid is held.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

import msgspec

from engine.item import Gfid, Kind
from engine.rpc.messages import Seen
from engine.secondary.notes import Notes
from engine.secondary.target import Target

_GFID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _Owner(msgspec.Struct, frozen=True):
    """Whose an object is, and who borrows it."""

    uid: int
    gid: int
    mode: int
    """Permissions, with setuid and setgid, which go when an owner is changed."""
    borrower: int


class Lent:
    """The notes of one secondary."""

    def __init__(self, target: Target, root: bytes) -> None:
        """`root`: of the mount, in whose `/.georep/lent` the notes are."""
        self._target, self._notes = target, Notes(root, "lent")

    @contextmanager
    def noted(self, seen: Seen) -> Iterator[None]:
        """Within, the owner of `seen` may be another one; the caller holds its gfid."""
        shown, us = seen.attributes, os.geteuid()
        if us in (0, shown.uid) or seen.kind is Kind.DIRECTORY:
            yield
            return
        owner = _Owner(shown.uid, shown.gid, stat.S_IMODE(shown.mode), us)
        self._notes.keep(seen.gfid, msgspec.json.encode(owner))
        try:
            yield
        except BaseException:
            self.give_back(seen.gfid)
            raise
        # Who borrowed it has given it back; since then its own worker may have made it another's.
        self._notes.drop(seen.gfid)

    def give_back(self, gfid: Gfid) -> None:
        """Make the owner right where somebody stopped who had borrowed it; the caller holds
        `gfid`.
        """
        note = self._notes.read().get(gfid)
        if note is None:
            return
        seen, owner = self._target.seen(gfid), _read(note)
        # Who has given it to a third one meanwhile knew why.
        if seen is not None and owner and seen.attributes.uid in (owner.uid, owner.borrower):
            now = seen.attributes
            # All else of the mode nobody has changed but its own worker.
            taken = owner.mode & (stat.S_ISUID | stat.S_ISGID) if seen.kind is Kind.FILE else 0
            shall = msgspec.structs.replace(
                now, uid=owner.uid, gid=owner.gid, mode=now.mode | taken
            )
            self._target.set_attributes(gfid, seen.kind, now, shall)
        self._notes.drop(gfid)

    def mend(self) -> None:
        """Make all owners right that were left borrowed; who cannot be given back stays noted."""
        for name in filter(_GFID.fullmatch, self._notes.read()):
            with suppress(OSError), self._target.holding(Gfid(name)):
                self.give_back(Gfid(name))


def noted(lent: Lent | None, seen: Seen) -> AbstractContextManager[None]:
    """Return where the owner of `seen` may be another one; without notes it is not."""
    return nullcontext() if lent is None else lent.noted(seen)


def _read(note: bytes) -> _Owner | None:
    with suppress(msgspec.DecodeError):
        return msgspec.json.decode(note, type=_Owner)
    return None
