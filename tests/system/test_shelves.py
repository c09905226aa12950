"""Quarantine on a real volume: who stands there, since when, and that only they are discarded."""

import time

import pytest
from mounted import Sides

from engine.gluster import xattrs
from engine.gluster.gfid import from_raw
from engine.item import ROOT, Gfid, Holder, Kind, NotEmpty, Place
from engine.secondary import restoring, taking
from engine.secondary.trouble import Trouble

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


def test_a_file_and_a_directory_are_put_away_and_discarded(sides: Sides) -> None:
    folder, began = sides.folder(), time.time()
    names = {b"f": Kind.FILE, b"d": Kind.DIRECTORY, b"s": Kind.SYMLINK}
    gfids = {name: sides.made(Place(folder, name), kind) for name, kind in names.items()}
    inside = Holder(Place(gfids[b"d"], b"i"), sides.made(Place(gfids[b"d"], b"i")), Kind.FILE)
    for name, gfid in gfids.items():
        place = Place(folder, name)
        seen = sides.target.at(place)
        assert seen is not None
        with sides.target.holding(gfid, place):
            taking.move_aside(sides.target, place, seen)
        assert taking.put_away(sides.target, gfid, "2026-11-25")

    # As another agent sees it, which has done nothing of it.
    there = {holder.gfid: (holder, changed) for holder, changed in sides.other.in_quarantine()}
    assert there.keys() >= set(gfids.values())
    assert all(abs(changed - began) < 100 for _, changed in there.values())
    f, d, s = (there[gfids[name]][0] for name in names)

    sides.target.link(f.gfid, Place(folder, b"saved"))
    assert taking.discard(sides.other, f) is None
    assert taking.discard(sides.other, s) is None
    assert taking.discard(sides.other, d) == NotEmpty(gfid=d.gfid, children=(inside,))
    assert taking.discard(sides.other, inside) is None
    assert taking.discard(sides.other, d) is None
    assert sides.fresh().in_quarantine() == []
    assert sides.standing(folder) == {b"saved": f.gfid}
    for place in (Place(folder, b"saved"), Place(folder, b"no such")):
        with pytest.raises(Trouble, match="not in quarantine"):
            taking.discard(sides.other, Holder(place, f.gfid, Kind.FILE))
    assert sides.standing(folder) == {b"saved": f.gfid}


def test_nobody_is_brought_back_into_what_is_ours(sides: Sides) -> None:
    sides.target.note("kept", b"x")
    for kind in (Kind.FILE, Kind.DIRECTORY):
        place = Place(sides.folder(), b"x")
        gfid = sides.made(place, kind)
        seen = sides.target.at(place)
        assert seen is not None
        with sides.target.holding(gfid, place):
            taking.move_aside(sides.target, place, seen)
        assert taking.put_away(sides.target, gfid, "2026-11-25")
        (holder,) = (one for one, _ in sides.target.in_quarantine())
        for below in (b".georep", b".georep/notes", b".georep/limbo"):
            with pytest.raises(Trouble, match="own directories"):
                restoring.restore(sides.target, holder, Place(gfid_of(sides, below), b"x"))
        with pytest.raises(Trouble):
            restoring.restore(sides.target, holder, Place(ROOT, b".trashcan"))
        restoring.restore(sides.target, holder, place)
        assert sides.standing(place.parent) == {b"x": gfid}
        assert sides.fresh().in_quarantine() == []


def gfid_of(sides: Sides, path: bytes) -> Gfid:
    raw = xattrs.get(sides.root + b"/" + path, b"glusterfs.gfid")
    assert raw is not None
    return from_raw(raw[:16])
