"""Changes while a rival follows: how late each arrives, and what is sent for it."""

import threading
import time
from collections.abc import Callable
from random import Random

from bench import bricks
from bench.bricks import Check, Watch
from bench.figures import percentile
from bench.loads import Ground, Load
from bench.racing import Unfinished, Values, seed
from bench.rivals import Anybody
from bench.sites import SHAPE, Site
from bench.workloads import Workload

_PROBES = 8
"""Files that must arrive before anything is measured; each brick has some of them."""
_TRIES = 3
_PATIENCE = 60.0
_PIECES = 12
_BASE = 64
"""As many pieces has the file before the first of twenty is added."""


def delays(site: Site, rival: Anybody, workload: Workload, ground: Ground) -> Values:
    """Return percentiles of the time from close() to whole; Unfinished when some never arrived."""
    site.mark()
    try:
        _until_it_follows(site, rival, ground)
        writer = _Writer(ground, workload.name)
        late = _arrivals(site, writer, workload.limit)
    finally:
        rival.stop()
    values = {}
    if late:
        values = {f"p{share}": percentile(late, share / 100) for share in (50, 95, 99)}
    # Also of those that could not even be written.
    missing = ground.count - len(late)
    if missing:
        words = f"{missing} of {ground.count} files had not arrived {workload.limit:.0f} s later"
        raise Unfinished(words, values)
    return values


def appends(site: Site, rival: Anybody, workload: Workload, ground: Ground) -> Values:
    """Append in each of many slices; return what was sent for it."""
    name = b"appended"
    size = ground.size * _BASE * ground.count // 20

    def base(where: Ground) -> list[Check]:
        where.write(name, size)
        return [bricks.whole(where.below(name), size)]

    seed(site, Load(lambda _: [], base=base), ground)
    try:
        _until_it_follows(site, rival, ground)
        sent = site.sent()
        for number in range(1, ground.count + 1):
            with open(ground.at(name), "ab") as file:
                file.write(Random(number).randbytes(ground.size))
            site.close_slice()
            check = bricks.whole(ground.below(name), size + number * ground.size)
            if not Watch([check], site.secondary).until(time.monotonic() + _PATIENCE):
                words = f"piece {number} of {ground.count} had not arrived {_PATIENCE:.0f} s later"
                raise Unfinished(words, {"sent": float(site.sent() - sent)})
        time.sleep(1)
        total = float(site.sent() - sent)
    finally:
        rival.stop()
    return {"sent": total, "excess": total / (ground.count * ground.size)}


class _Writer:
    """Writes the files of one workload in its pace, in a thread; says when each was closed."""

    def __init__(self, ground: Ground, workload: str) -> None:
        self._ground, self._dice = ground, Random(ground.folder)
        self._write = {
            "delay": self._lonely,
            "delay-50": self._steady,
            "delay-pieces": self._in_pieces,
        }[workload]
        self.closed: list[tuple[float, Check]] = []
        """The monotonic clock at each close(), and how its arrival is seen."""
        self.done = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for name in self._ground.names():
                self._write(name)
        finally:
            self.done = True

    def _lonely(self, name: bytes) -> None:
        time.sleep(self._dice.uniform(0.5, 1.5))
        self._file(name, lambda: None, pieces=1)

    def _steady(self, name: bytes) -> None:
        began = time.monotonic()
        self._file(name, lambda: None, pieces=1)
        time.sleep(max(0.0, 0.02 - (time.monotonic() - began)))

    def _in_pieces(self, name: bytes) -> None:
        time.sleep(self._dice.uniform(0.0, 2.0))
        self._file(name, lambda: time.sleep(3 / _PIECES), pieces=_PIECES)

    def _file(self, name: bytes, pause: Callable[[], None], *, pieces: int) -> None:
        data = self._dice.randbytes(self._ground.size)
        step = -(-len(data) // pieces)
        with open(self._ground.at(name), "wb", buffering=0) as file:
            for start in range(0, len(data), step):
                file.write(data[start : start + step])
                pause()
        self.closed.append((time.monotonic(), bricks.like(self._ground.below(name), data)))


def _arrivals(site: Site, writer: _Writer, limit: float) -> list[float]:
    """Return how late each file was whole; for `limit` seconds after the last one others are waited
    for.
    """
    late: list[float] = []
    pending: list[tuple[float, Check]] = []
    taken, last = 0, time.monotonic()
    while not writer.done or pending or taken < len(writer.closed):
        began = time.monotonic()
        fresh = writer.closed[taken:]
        taken += len(fresh)
        pending += fresh
        left = []
        for closed, check in pending:
            if check(site.secondary):
                late.append(time.monotonic() - closed)
                last = time.monotonic()
            else:
                left.append((closed, check))
        pending = left
        if fresh:
            last = began
        if writer.done and time.monotonic() - last > limit:
            break
        bricks.rest(began)
    return late


def _until_it_follows(site: Site, rival: Anybody, ground: Ground) -> None:
    """Start `rival` and see some files arrive, and two slices later some more.

    gsyncd 10.3 forgets the slice that closes while it goes from history to live reading, which is
    why the second ones come later; and sometimes it hears of nothing any more: then it is started
    again.
    """
    for attempt in range(_TRIES):
        rival.start(ground.folder.decode())
        if _probe(site, ground, b"%d-first" % attempt):
            time.sleep(2 * SHAPE.rollover)
            if _probe(site, ground, b"%d-second" % attempt):
                return
        rival.busy()
        if attempt + 1 < _TRIES:
            rival.stop()
    raise Unfinished(f"no file arrived within {_PATIENCE:.0f} s, {_TRIES} times", {})


def _probe(site: Site, ground: Ground, word: bytes) -> bool:
    names = [b"probe-%s-%d" % (word, number) for number in range(_PROBES)]
    for name in names:
        ground.write(name, 100)
    checks = [bricks.whole(ground.below(name), 100) for name in names]
    return Watch(checks, site.secondary).until(time.monotonic() + _PATIENCE)
