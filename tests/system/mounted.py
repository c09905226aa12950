"""Two small volumes as workers and agents mount them, and items to be made so there."""

import os
import stat
from collections.abc import Callable
from uuid import uuid4

import pytest

from engine.gluster import gfid as gfids
from engine.gluster import xattrs
from engine.gluster.mount import FRESH, THOROUGH
from engine.item import (
    ROOT,
    AnyAnswer,
    Attributes,
    Done,
    Gfid,
    Item,
    Kind,
    Place,
)
from engine.lab.hosts import until
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY, SECONDARY
from engine.secondary.apply import apply
from engine.secondary.gluster_target import GlusterTarget

TYPES = {
    Kind.FILE: stat.S_IFREG,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.FIFO: stat.S_IFIFO,
    Kind.SOCKET: stat.S_IFSOCK,
    Kind.BLOCK: stat.S_IFBLK,
    Kind.CHARACTER: stat.S_IFCHR,
}


class Sides:
    """The two volumes of a lab, mounted as workers and agents mount them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._mounts = 0
        self._targets: list[GlusterTarget] = []
        self.primary = os.fsencode(self.lab.path("prim1", self.lab.mount(PRIMARY, "prim1")))
        self.primary_bricks = [os.fsencode(brick) for brick in lab.bricks(PRIMARY)]
        self.bricks = [os.fsencode(brick) for brick in lab.bricks(SECONDARY)]
        self.primary_gfids = self.mount("prim1", PRIMARY, THOROUGH)
        self.root = self.mount("sec1", SECONDARY, THOROUGH)
        self.target = self.served(self.root, self.root)
        """As one agent has it."""
        self.other = self.fresh()
        """As another agent has it."""
        self.folders = 0

    def mount(self, host: str, volume: str, *options: str) -> bytes:
        """Mount a volume with access by gfid; return where, as seen from here."""
        self._mounts += 1
        return mount_by_gfid(self.lab, host, volume, f"traps-{self._mounts}", *options)

    def fresh(self) -> GlusterTarget:
        """Return the secondary through a mount that has seen nothing yet."""
        root = self.mount("sec1", SECONDARY, THOROUGH)
        return self.served(root, root)

    def served(self, root: bytes, plain: bytes) -> GlusterTarget:
        """Return the secondary through the mount `root`, as an agent has it."""
        self._targets.append(GlusterTarget(root, lambda: plain, lambda: plain))
        return self._targets[-1]

    def close(self) -> None:
        """Let go of what the targets hold open."""
        for target in self._targets:
            target.close()

    def folder(self) -> Gfid:
        """Return a new directory on the secondary, for one test."""
        self.folders += 1
        return self.made(Place(ROOT, b"test-%d" % self.folders), Kind.DIRECTORY)

    def made(self, place: Place, kind: Kind = Kind.FILE, **more: int) -> Gfid:
        """Return a new object on the secondary."""
        gfid = Gfid(str(uuid4()))
        done(apply(self.target, item(gfid, kind, place, **more)))
        return gfid

    def handles(self, gfid: Gfid) -> int:
        """Return how many bricks of the secondary have the object, pointers to it not counted."""
        return sum(holds(brick, gfid) for brick in self.bricks)

    def standing(self, folder: Gfid) -> dict[bytes, Gfid]:
        """Return who stands where in a directory, as the bricks' own folders have it."""
        found = {}
        for brick in self.bricks:
            with os.scandir(brick + b"/" + gfids.handle(folder)) as entries:
                for entry in entries:
                    gfid = xattrs.gfid(entry.path)
                    assert gfid is not None
                    found[entry.name] = gfid
        return found

    def path(self, at: Gfid | Place) -> bytes:
        """Return the path of an object, or a place, on the agent's mount."""
        below = gfids.aux_place(at) if isinstance(at, Place) else gfids.aux(at)
        return self.root + b"/" + below


def mount_by_gfid(lab: Lab, host: str, volume: str, name: str, *options: str) -> bytes:
    """Mount a volume with access by gfid; return where, as seen from here."""
    path = f"/vol/{name}"
    lab.run(host, ["mkdir", "-p", path])
    argv = ["glusterfs", "--aux-gfid-mount", "--acl", "--volfile-server=localhost"]
    lab.run(host, [*argv, f"--volfile-id={volume}", *options, *FRESH, path])
    root = os.fsencode(lab.path(host, path))
    until("the mount", lambda: ready(root))
    return root


def holds(brick: bytes, gfid: Gfid) -> bool:
    """Whether a brick has an object, not just a pointer to it."""
    handle = brick + b"/" + gfids.handle(gfid)
    return os.path.lexists(handle) and xattrs.LINKTO not in xattrs.get_all(handle)


def lose(brick: bytes, path: bytes, gfid: Gfid) -> None:
    """Have a brick without an empty directory of it, as it is before it has made one."""
    os.rmdir(brick + b"/" + path)
    os.unlink(brick + b"/" + gfids.handle(gfid))


def ready(root: bytes) -> bool:
    """Whether every subvolume of the volume mounted there answers."""
    try:
        return (xattrs.get(root, b"dht.subvol.status") or b"").startswith(b"1")
    except OSError:
        return False


def item(gfid: Gfid, kind: Kind, *names: Place, heard: tuple[Place, ...] = (), **more: int) -> Item:
    mode = TYPES[kind] | more.pop("mode", 0o751)
    target = b"elsewhere" if kind is Kind.SYMLINK else b""
    shown = Attributes(mode, 5, 6, len(target), 7_000_000_007, 8, more.pop("rdev", 0))
    return Item(gfid=gfid, kind=kind, names=names, heard=heard, attributes=shown, target=target)


def done(answer: AnyAnswer) -> Done:
    assert isinstance(answer, Done), answer
    return answer


def says(codes: int | set[int], call: Callable[..., object], *arguments: object) -> None:
    """Check that a plain call is refused, and with what."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - which one is what is compared
        call(*arguments)
    assert caught.value.errno in (codes if isinstance(codes, set) else {codes})
