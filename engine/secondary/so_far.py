"""What was done for one item so far: its answer tells all of it, however many tries it took."""

from typing import TypeVar

import msgspec

from engine.item import Done, Gfid, Holder, NeedParent, Place, Refused
from engine.rpc.messages import Seen
from engine.secondary import removal
from engine.secondary.target import Target

Unfinished = TypeVar("Unfinished", NeedParent, Refused)


class SoFar:
    """Begins with nothing; whoever does something notes it here at once."""

    def __init__(self, target: Target, gfid: Gfid) -> None:
        self._target, self._gfid = target, gfid
        # Dictionaries for their order.
        self.displaced: dict[Holder, None] = {}
        """Who was moved aside."""
        self.held: dict[Holder, None] = {}
        """Who is in the way and was left there, for the item is patient."""
        self._touched: dict[Gfid, None] = {}
        self.changed = False
        self.created = False

    def change(self, *places: Place) -> None:
        """Note that something was done, and that names at `places` came or went with it."""
        self.changed = True
        for place in places:
            self._touched[place.parent] = None

    def unfinished(self, answer: Unfinished) -> Unfinished:
        """Return `answer` with what was done before it had to be given."""
        if isinstance(answer, Refused):
            answer = msgspec.structs.replace(answer, held=tuple(self.held))
        return msgspec.structs.replace(
            answer,
            created=self.created,
            displaced=tuple(self.displaced),
            touched=self._parents(),
        )

    def done(self, here: Seen, strangers: list[Holder]) -> Done:
        """Return the answer for what is made so, and is `here` now."""
        return Done(
            gfid=self._gfid,
            links=here.links,
            size=here.attributes.size,
            mtime=here.attributes.mtime,
            changed=self.changed,
            created=self.created,
            touched=self._parents(),
            displaced=tuple(self.displaced),
            strangers=tuple(strangers),
        )

    def _parents(self) -> tuple[Gfid, ...]:
        return removal.without_limbo(self._target, self._gfid, set(self._touched))
