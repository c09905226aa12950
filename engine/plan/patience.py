"""How long an object is tried before the ledger gets it, and when the next try is due. Pure.

One object that cannot be made so must not hold all others; but when it is the secondary itself that
takes nothing, everything waits, or the ledger would fill with objects that nothing is wrong with.
"""

import errno
from collections.abc import Collection
from enum import Enum, auto
from typing import NamedTuple

from engine.item import AnyAnswer, NeedParent, NotEmpty, Refused

TRIES = 3
"""Refusals of one object in one window after which it goes to the ledger."""
ROUNDS = 8
"""Rounds in a row without any progress for which an object may wait: for a parent to come, children
to go.
"""
RESTLESS = 40
"""Rounds after which an object that is never at rest goes to the ledger, whatever the answers."""
MANY = 100
"""Objects of one window that may go to the ledger for want of a working secondary."""
_FIRST, _LONGEST = 10.0, 3600.0


class World(NamedTuple):
    """What an errno says of the whole secondary."""

    cause: str
    words: str
    fix: str


_WORLD = {
    errno.ENOSPC: World(
        cause="secondary full",
        words="there is no space left on the secondary",
        fix="Make room there, or add bricks; replication goes on by itself.",
    ),
    errno.EROFS: World(
        cause="secondary read-only",
        words="the secondary's file system is read-only",
        fix="See why on its nodes: gluster volume get SVOL features.read-only, and dmesg.",
    ),
    errno.ENOTCONN: World(
        cause="secondary bricks down",
        words="a part of the secondary volume is down",
        fix="See which brick on the secondary: gluster volume status SVOL",
    ),
}


class Verdict(Enum):
    """What becomes of an object that is not done."""

    AGAIN = auto()
    LEDGER = auto()


def verdict(answer: AnyAnswer | None, tries: int, rounds: int, *, most: int = TRIES) -> Verdict:
    """Return what becomes of an object after `answer`.

    It was refused `tries` times, this one included, and part of `rounds` rounds; for what waits
    those count that came after the last one which brought anything. None: there was no answer, but
    a reason to look again.
    `most`: refusals after which it goes to the ledger; more of them where it is the view of one
    client that is not right, as it may be while others move what is above.
    """
    match answer:
        case Refused(errno=errno.ESTALE):
            enough = tries >= max(most, ROUNDS)
        case Refused():
            enough = tries >= most
        case NeedParent() | NotEmpty():
            enough = rounds >= ROUNDS
        case _:
            enough = rounds >= RESTLESS
    return Verdict.LEDGER if enough else Verdict.AGAIN


def world(refused: Collection[Refused], *, made: int) -> World | None:
    """Return what is wrong with the secondary as a whole, or None when it is the objects.

    `refused` is what would go to the ledger now; `made`, how many objects of the same window could
    be created or filled: attributes can be set, and names taken away, on a full volume too.
    """
    told = [
        (known, _its_own(one))
        for one in refused
        # A read-only volume refuses ACLs of directories to everybody, and takes all else from us.
        if one.doing != "set xattrs" and (known := _WORLD.get(one.errno)) is not None
    ]
    found = [known for known, _ in told]
    if not found or ((made or all(own for _, own in told)) and len(found) <= MANY):
        return None
    return max(set(found), key=found.count)


def _its_own(one: Refused) -> bool:
    """Whether it may be only this object that has no room: ext4 has some for 40 names of one."""
    return one.errno == errno.ENOSPC and one.doing in ("link", "move aside")


def of_errno(number: int | None) -> World | None:
    """Return what an errno says of the whole secondary, whoever met it; None: nothing."""
    return None if number is None else _WORLD.get(number)


def delay(tries: int) -> float:
    """Return how many seconds after try number `tries` the next one is due."""
    return min(_FIRST * 2.0 ** min(max(tries - 1, 0), 20), _LONGEST)
