"""From every tree of three directories to every other one, whichever is heard of first: no move
below itself, and an end.
"""

from collections.abc import Iterator
from itertools import permutations, product

import pytest
from memory_target import MemoryTarget
from model import Primary, copied, differences
from model_worker import Secondary, Worker

from engine.item import ROOT, Gfid, Kind, Place
from engine.plan.dirty import Why, Window

THREE = tuple(Gfid(f"0000000{n}-0000-4000-8000-00000000000{n}") for n in (1, 2, 3))
Parents = tuple[Gfid, Gfid, Gfid]


def trees() -> Iterator[Parents]:
    """Yield who is in whom, for every tree that three directories can make."""
    for parents in product((ROOT, *THREE), repeat=3):
        above = dict(zip(THREE, parents, strict=True))
        if all(_reaches_root(gfid, above) for gfid in THREE):
            yield parents


def _reaches_root(gfid: Gfid, above: dict[Gfid, Gfid]) -> bool:
    for _ in THREE:
        gfid = above.get(gfid, ROOT)
    return gfid == ROOT


def primary(parents: Parents, *, own_names: bool) -> Primary:
    """Return a primary with this tree; with names of their own, or the same ones in every place."""
    made = Primary(sets=1)
    for gfid in THREE:
        made.make(Place(ROOT, gfid.encode()), Kind.DIRECTORY)
    made.places.clear()
    for gfid, parent in zip(THREE, parents, strict=True):
        number = gfid[-1] if own_names else len(made.children(parent))
        made.places[Place(parent, b"%d" % int(number))] = gfid
    return made


@pytest.mark.parametrize("own_names", [True, False], ids=["own names", "names of others"])
@pytest.mark.parametrize("was", list(trees()), ids=lambda was: "".join(gfid[7] for gfid in was))
def test_every_tree_becomes_every_other(was: Parents, *, own_names: bool) -> None:
    assert len(list(trees())) == 16
    for shall, heard in product(trees(), permutations(THREE)):
        target = copied(primary(was, own_names=own_names), MemoryTarget())
        now = primary(shall, own_names=own_names)
        worker = Worker(now, Secondary(now, target), now.sets[0][0])
        for gfid in heard:
            # One at a time, so that no order of a window helps.
            window = Window()
            window.mark(gfid, Why.NAMES)
            for _ in worker.make_so(window):
                pass
        assert differences(now, target) == [], (was, shall, heard)
        assert target.ended == []
