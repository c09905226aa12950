"""Where a brick is: everything older is on the secondary. The same xattrs as gsyncd's. All calls
block.
"""

from engine.gluster import xattrs
from engine.gluster.xattrs import Mark

MARGIN = 2
"""Seconds by which positions can be ahead of what is certainly done, as crawls have it."""


class Position:
    """The stime of one brick for one pair of volumes."""

    def __init__(self, brick: bytes, primary: str, secondary: str) -> None:
        """`primary` and `secondary` are the volumes' uuids."""
        self._brick, self._primary, self._secondary = brick, primary, secondary
        self._told = 0
        self._held, self._free_from = False, 0
        self.stime = 0
        """Seconds since the epoch; 0: nothing is known to be there, a crawl is needed."""
        self.read()

    def read(self) -> int:
        """Read it from the brick's root."""
        mark = xattrs.read_stime(self._brick, self._primary, self._secondary)
        self.stime = mark.seconds if mark is not None else 0
        return self.stime

    def show(self) -> None:
        """Let all see that nothing is known to be there, if so: a brick without any position is
        left out where the mount tells the lowest, as if it were through. 0 counts, and to gsyncd it
        means what none means.
        """
        if xattrs.read_stime(self._brick, self._primary, self._secondary) is None:
            xattrs.write_stime(self._brick, self._primary, self._secondary, Mark(0))

    @property
    def held(self) -> bool:
        """Whether it has to stay where it is."""
        return self._held

    def hold(self) -> None:
        """Let it stay where it is, whatever is settled, until `free`: the brick's changelog does
        not tell all that changed.
        """
        self._held = True

    def free(self, moment: int) -> None:
        """Let it move again, by what closed after `moment` (seconds since the epoch): from then on
        the changelog told everything, also what it had missed.
        """
        self._held, self._free_from = False, moment

    def settle(self, stime: int) -> None:
        """Everything older than `stime` is on the secondary now. It never moves back."""
        if stime > self.stime and not self._held and stime >= self._free_from:
            xattrs.write_stime(self._brick, self._primary, self._secondary, Mark(stime))
            self.stime = stime

    def begin(self, stime: int) -> None:
        """A crawl that began at `stime` is done; a position from a clock that was wrong goes back
        to it.
        """
        xattrs.write_stime(self._brick, self._primary, self._secondary, Mark(stime))
        self.stime = stime

    def catch_up(self, mount: bytes) -> None:
        """Take over what the Active brick of this set has settled, as the mount tells it."""
        self.settle(self.passed(mount))

    def passed(self, mount: bytes) -> int:
        """Return up to when every subvolume is through, as a mount with client-pid -1 tells it; 0:
        not known, or one of them has yet to be crawled.
        """
        name = xattrs.stime_name(self._primary, self._secondary)
        value = xattrs.get(mount, name)
        return 0 if value is None else xattrs.unpack_mark(value, name=name, on=mount).seconds

    def moved(self) -> bool:
        """Whether it moved since this was last asked."""
        before, self._told = self._told, self.stime
        return before != self.stime
