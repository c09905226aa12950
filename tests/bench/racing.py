"""A backlog: what was changed while nobody replicated, and how long a rival takes for it."""

import time
from collections.abc import Sequence

from bench.bricks import Check, Watch
from bench.loads import LOADS, Ground, Load
from bench.rivals import Anybody, Georep
from bench.sites import Site
from bench.workloads import How, Workload
from engine.errors import Stop

Values = dict[str, float]
_LOOK_AT_RIVAL = 2.0


class Unfinished(Exception):
    """A rival was given up; `values` are what is known, and times in it are at least that long."""

    def __init__(self, words: str, values: Values) -> None:
        super().__init__(words)
        self.words, self.values = words, values


def seed(site: Site, load: Load, ground: Ground) -> None:
    """Have what the workload needs on both sides; georep brings it, for everybody."""
    site.mark()
    if load.base is None:
        return
    checks = load.base(ground)
    site.close_slice()
    bringer = Georep(site)
    try:
        bringer.start("")
        if not Watch(checks, site.secondary).until(time.monotonic() + 600):
            raise Stop("what the workload needs did not come to the secondary within 600 s")
    finally:
        bringer.stop()
    if found := site.differences(ground.folder.decode()):
        raise Stop(f"what the workload needs is not equal on both sides: {'; '.join(found)}")
    site.mark()


def backlog(site: Site, rival: Anybody, workload: Workload, ground: Ground) -> Values:
    """Change, then start the rival and wait; return what it took. Unfinished when it did not end.

    `seconds` is counted against georep: for it from when its workers are Active; for gsyncd from
    the first change that is seen; who copies once is counted from the command.
    """
    load = LOADS[workload.name]
    seed(site, load, ground)
    if workload.how is How.CRAWL:
        site.forget()
    checks = load.change(ground)
    site.close_slice()
    try:
        values = _race(site, rival, workload, ground, checks)
    finally:
        rival.stop()
    if load.changed is not None:
        values["excess"] = values["sent"] / load.changed(ground)
    if found := site.differences(ground.folder.decode()):
        raise Unfinished("; ".join(found), values)
    return values


def _race(
    site: Site,
    rival: Anybody,
    workload: Workload,
    ground: Ground,
    checks: Sequence[Check],
) -> Values:
    watch = Watch(checks, site.secondary, ground.folder)
    sent, wall, began = site.sent(), time.time(), time.monotonic()
    rival.start(ground.folder.decode())
    if rival.follows:
        _follow(rival, watch, began + workload.limit)
    else:
        _copied(rival, watch, began + workload.limit)
    ended = watch.last or time.monotonic()
    total = ended - began
    values = {"total": total, "seconds": total, "sent": float(site.sent() - sent)}
    if watch.first is not None:
        values["first"] = watch.first - began
    active = rival.active()
    if active is not None:
        values["seconds"] = total - (active - wall)
    elif rival.follows and watch.first is not None:
        values["seconds"] = ended - watch.first
    if watch.last is None:
        words = f"{watch.left:,} of {len(checks):,} missing after {total:.0f} s"
        raise Unfinished(words, values)
    return values


def _follow(rival: Anybody, watch: Watch, deadline: float) -> None:
    """Watch until all is there, or the deadline."""
    while not watch.until(min(deadline, time.monotonic() + _LOOK_AT_RIVAL)):
        rival.busy()
        if time.monotonic() > deadline:
            return


def _copied(rival: Anybody, watch: Watch, deadline: float) -> None:
    """Wait for the end of one who copies once, then look once."""
    while rival.busy() and time.monotonic() < deadline:
        time.sleep(0.01)
    watch.look()
