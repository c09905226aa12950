"""From any older state of the secondary, whatever is heard twice or not at all, as long as the last
record of each gfid and of each name is heard: the trees end equal.
"""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from test_model import Memory, Primary, Record, Secondary, Worker, _in_a_directory, _read_everything

from engine.item import ROOT, Gfid, Place
from engine.plan.dirty import Why, Window


class History(Primary):
    """A primary that keeps all records in the order in which they came, and what each is about."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[tuple[Record, tuple[int, ...]]] = []
        """Each with the bricks that have it."""
        self.last: dict[Gfid | Place, int] = {}
        """The last record of each gfid and of each name. That of an object that a rename destroys
        is the rename: it gets no other.
        """
        self.ended: list[Gfid] = []

    def take(self, place: Place, gfid: Gfid) -> None:
        super().take(place, gfid)
        self.ended.append(gfid)

    def log(self, gfid: Gfid, fop: int, *places: Place) -> None:
        before = [len(log) for log in self.logs]
        super().log(gfid, fop, *places)
        bricks = tuple(b for b, log in enumerate(self.logs) if len(log) > before[b])
        self.last |= dict.fromkeys((gfid, *places, *self.ended), len(self.records))
        self.ended = []
        self.records.append((self.logs[bricks[0]][-1], bricks))


def _heard(draw: st.DrawFn, primary: History, known: int, brick: int) -> list[Record]:
    """Return what one brick tells: from any record on that the secondary has, and not all of it."""
    start = draw(st.integers(0, known))
    needed = set(primary.last.values())
    told = []
    for number, (record, bricks) in enumerate(primary.records):
        if number >= start and brick in bricks:
            must = number >= known and number in needed and brick == bricks[0]
            if must or draw(st.booleans()):
                told.append(record)
    return told


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_in_memory(data: st.DataObject) -> None:
    _history(data.draw, Memory())


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_in_a_directory(data: st.DataObject) -> None:
    with _in_a_directory() as secondary:
        _history(data.draw, secondary)


def _history(draw: st.DrawFn, secondary: Secondary) -> None:
    primary, target = History(), secondary.target
    workers = [Worker(primary, target, brick) for brick in (0, 1)]
    for _ in range(draw(st.integers(0, 25))):
        primary.step(draw)
    known = 0
    if draw(st.booleans()):
        _read_everything(workers)
        known = len(primary.records)
    for _ in range(draw(st.integers(1, 25))):
        primary.step(draw)
    for worker in workers:
        worker.log, worker.settled = _heard(draw, primary, known, worker.brick), 0
    under_way: list[Iterator[None] | None] = [None, None]
    for _ in range(draw(st.integers(0, 20))):
        brick = draw(st.integers(0, 1))
        worker = workers[brick]
        if under_way[brick] is None and draw(st.integers(0, 9)) == 0:
            worker.settled = draw(st.integers(0, worker.settled))
        run = under_way[brick] or worker.run(draw(st.integers(1, 8)))
        under_way[brick] = run
        for _turn in range(draw(st.integers(1, 6))):
            if not secondary.go_on(run, 1000):
                under_way[brick] = None
                break
    _read_everything(workers)
    window = Window()
    for gfid in target.in_limbo():
        window.mark(gfid, Why.NAMES)
    while window.dirty:
        for _ in workers[0].round(window):
            pass
    assert secondary.tree() == primary.places
    for gfid in set(primary.places.values()) | {ROOT}:
        seen = target.seen(gfid)
        assert seen is not None
        assert seen.attributes.mtime == primary.times[gfid]
