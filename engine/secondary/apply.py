"""The rules: make one item so, on any target, however often and in whatever state it is found.

`docs/rules.md` has them as a table. Invariants, each kept by looking again under a lock right
before the act (`Target.holding`):
- a name is only ever taken from the object that was seen to hold it;
- nothing is renamed onto a name that is held, and no object loses its last name but by a lawful
  Gone, or to make place for what its own gfid is on the primary;
- a gfid is created only where it does not exist.
"""

import errno

from engine.item import AnyAnswer, AnyItem, Gone, Refused
from engine.secondary.lent import Lent
from engine.secondary.making import Making
from engine.secondary.removal import remove
from engine.secondary.target import Target
from engine.secondary.trouble import Trouble

_LOOK_AGAIN = frozenset({errno.ESTALE, errno.EBUSY, errno.EEXIST, errno.ENOENT, errno.EAGAIN})
"""Somebody was faster, or the client's picture was old; a second look decides."""
_TRIES = 4


def apply(target: Target, item: AnyItem, lent: Lent | None = None) -> AnyAnswer:
    """Make `item` so and say what became of it; never raises for what the file system says.

    `lent`: notes whose an object is that may be ours for a moment; None: we are root.
    """
    making = None if isinstance(item, Gone) else Making(target, item, lent)
    for left in reversed(range(_TRIES)):
        try:
            with target.at_hand():
                if isinstance(item, Gone):
                    return remove(target, item, lent)
                if making is not None:
                    return making.make()
        except Trouble as trouble:
            code = trouble.error.errno or 0
            if left and code in _LOOK_AGAIN:
                continue
            refused = Refused(
                gfid=item.gfid,
                doing=trouble.doing,
                place=trouble.place,
                errno=code,
                words=trouble.error.strerror or str(trouble.error),
            )
            return refused if making is None else making.so_far.unfinished(refused)
    raise AssertionError("the last try returns")
