"""A trap of GlusterFS where directories are listed: by a client that met one half made."""

import errno
import os
from uuid import uuid4

import msgspec
import pytest
from mounted import Sides, done, holds, item, lose, says

from engine.gluster import gfid as gfids
from engine.item import ROOT, Gfid, Gone, Holder, Kind, NotEmpty, Place
from engine.lab.shape import SECONDARY
from engine.secondary.apply import apply
from engine.secondary.gluster_target import GlusterTarget

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


class Met:
    """A directory with a file in it, that a new mount met before one brick had got it."""

    def __init__(self, sides: Sides, name: bytes) -> None:
        self.gfid, file = Gfid(str(uuid4())), Gfid(str(uuid4()))
        self.at, inner = Place(ROOT, name), Place(self.gfid, b"child")
        self.child = Holder(inner, file, Kind.FILE)
        done(apply(sides.target, item(self.gfid, Kind.DIRECTORY, self.at)))
        done(apply(sides.target, item(file, Kind.FILE, inner)))
        lose(next(brick for brick in sides.bricks if not holds(brick, file)), name, self.gfid)
        self.root = sides.mount("sec1", SECONDARY)
        os.lstat(self.root + b"/" + gfids.aux(self.gfid))

    def agent(self, second: bytes) -> GlusterTarget:
        """Return the secondary as an agent has it that has this mount, and another one."""
        return GlusterTarget(self.root, lambda: second, lambda: second)


def test_a_directory_that_was_met_half_made_is_listed_by_a_second_mount(sides: Sides) -> None:
    met = Met(sides, b"half-made")
    agent = met.agent(sides.root)
    path = met.root + b"/" + gfids.aux_place(met.at)
    says(errno.ENOTSUP, os.listdir, path)
    assert agent.listed(met.at) == [b"child"]
    assert agent.children(met.at, 10) == [met.child]
    gone = Gone(gfid=met.gfid, heard=(met.at,), lawful=True)
    assert apply(agent, gone) == NotEmpty(gfid=met.gfid, children=(met.child,))
    done(apply(agent, Gone(gfid=met.child.gfid, heard=(met.child.place,), lawful=True)))
    done(apply(agent, gone))
    assert sides.target.at(met.at) is None
    says(errno.ENOENT, os.listdir, path)
    agent.close()


def test_everything_but_listing_works_in_a_directory_that_was_met_half_made(sides: Sides) -> None:
    met, folder = Met(sides, b"half-made-and-used"), sides.folder()
    agent = met.agent(sides.root)
    says(errno.ENOTSUP, os.listdir, met.root + b"/" + gfids.aux_place(met.at))
    inner, file = Gfid(str(uuid4())), Gfid(str(uuid4()))
    moved = Place(folder, b"moved")
    wanted = item(met.gfid, Kind.DIRECTORY, met.at, mode=0o705)
    for one in (
        item(inner, Kind.DIRECTORY, Place(met.gfid, b"inner")),
        item(file, Kind.FILE, Place(inner, b"file"), Place(met.gfid, b"linked")),
        item(met.child.gfid, Kind.FILE, Place(met.gfid, b"renamed"), heard=(met.child.place,)),
        msgspec.structs.replace(wanted, xattrs={b"user.some": b"value"}),
        item(met.gfid, Kind.DIRECTORY, moved, mode=0o705, heard=(met.at,)),
    ):
        assert done(apply(agent, one)).changed
    assert sides.standing(folder) == {b"moved": met.gfid}
    children = {b"inner": inner, b"linked": file, b"renamed": met.child.gfid}
    assert sides.standing(met.gfid) == children
    assert sides.standing(inner) == {b"file": file}
    fresh = sides.fresh()
    (facts,) = fresh.facts([moved])
    assert facts is not None
    assert (facts.gfid, facts.attributes.mode) == (met.gfid, 0o40705)
    assert list(facts.xattrs) == [b"user.some"]
    assert facts.attributes.mtime == wanted.attributes.mtime
    agent.close()


def test_a_mount_that_must_list_it_by_itself_is_given_up(sides: Sides) -> None:
    """To have a client look anew at who stands in there, nobody else can list it."""
    met = Met(sides, b"half-made-too")
    agent = met.agent(sides.root)
    stale = OSError(errno.ESTALE, "it has an older one")

    def act() -> None:
        raise stale

    with pytest.raises(OSError, match="cannot list 'half-made-too'") as caught:
        agent._objects.anew(met.child.gfid, act)
    assert caught.value.errno == errno.ESTALE
    assert "cannot list" in agent.lost
    agent.close()
