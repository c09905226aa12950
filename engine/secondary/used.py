"""Places that one mount has used for directories: what its client may remember of them."""

from engine.item import Place

_MOST = 1 << 17
"""Places of one generation; two are kept. A GlusterFS client keeps half as many by itself."""


class Used:
    """Which places were used lately; a hash of each is kept, so some seem used that were not."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._new: set[int] = set()
        self._old: set[int] = set()

    def __contains__(self, place: Place) -> bool:
        """Whether it was used; also from several threads."""
        one = hash(place)
        return one in self._new or one in self._old

    def add(self, place: Place) -> None:
        """Remember it, and forget what was used long before."""
        if len(self._new) >= self._most:
            self._old, self._new = self._new, set()
        self._new.add(hash(place))
