"""What somebody may do on the secondary behind georep's back, and what the primary does then.

Each case has a folder of its own, which both sides have: `before` is replicated; then `behind` is
done on the secondary, and `then` on the primary, which knows nothing of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from mounted import item

from engine.gluster import gfid as gfids
from engine.gluster import newfile, xattrs
from engine.item import Gfid, Kind, Place
from engine.lab.folder import Folder

OWN = b"written on the secondary"
"""What is in every file that somebody else wrote there; it must not be lost."""


class Side(Folder):
    """One folder on one side, in which objects can also be made with a gfid of one's choosing."""

    def __init__(self, root: bytes, by_gfid: bytes) -> None:
        """`by_gfid`: the root of a mount of the same volume with access by gfid."""
        super().__init__(root)
        self._by_gfid = by_gfid

    def own(self, *names: bytes) -> None:
        """Write files that nobody else has."""
        for name in names:
            with open(self.at(name), "wb") as file:
                file.write(OWN)

    def gfid(self, name: bytes) -> Gfid:
        """Return who stands under `name`."""
        raw = xattrs.get(self.at(name), b"glusterfs.gfid")
        assert raw is not None
        return gfids.from_raw(raw[:16])

    def make(self, name: bytes, kind: Kind, gfid: Gfid) -> None:
        """Make an empty object with this gfid."""
        parent = gfids.aux(self.gfid(b""))
        shown = item(gfid, kind, Place(gfid, name), mode=0o755)
        xattrs.put(self._by_gfid + b"/" + parent, newfile.XATTR, newfile.blob(shown, name))


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of conflict."""

    behind: Callable[[Side], None]
    then: Callable[[Side], None]
    before: Callable[[Side], None] = lambda _at: None
    kept: int = 0
    """Objects that stood where they had to go, with all that is in them: they are put away."""
    files: int = 0
    """Files of somebody else's in these."""


def _full(at: Side) -> None:
    at.mkdir(b"x")
    at.own(b"x/c", b"x/foreign")


def _tree(at: Side) -> None:
    at.mkdir(b"x", b"x/y")
    at.write(b"x/c")
    at.write(b"x/y/c")


def _two(at: Side) -> None:
    at.write(b"x", 300)
    at.write(b"y", 300)


def _turned(at: Side) -> None:
    at.move(b"x/y", b"y")
    at.move(b"x", b"y/x")


def _touched(at: Side) -> None:
    at.chmod(b"x", 0o700)
    at.chmod(b"x/y", 0o700)
    at.write(b"x/new")
    at.write(b"x/y/new")


def _renamed_and_taken(at: Side) -> None:
    at.move(b"x", b"y")
    at.own(b"x")


def _became_a_file(at: Side) -> None:
    at.remove_tree(b"x")
    at.own(b"x")


def _made(at: Side) -> None:
    at.mkdir(b"x")
    at.write(b"x/c")


CASES: dict[str, Case] = {
    "file, a file there": Case(lambda at: at.own(b"x"), lambda at: at.write(b"x"), kept=1, files=1),
    "file, a folder there": Case(_full, lambda at: at.write(b"x"), kept=1, files=2),
    "folder, a file there": Case(lambda at: at.own(b"x"), _made, kept=1, files=1),
    "folder, a full folder there": Case(_full, _made, kept=1, files=2),
    "symlink, a file there": Case(
        lambda at: at.own(b"x"), lambda at: at.symlink(b"nowhere", b"x"), kept=1, files=1
    ),
    "file moved onto a name, a file there": Case(
        # Who stood there was destroyed by the rename, as far as anybody can know: the primary
        # leaves no record of those.
        lambda at: at.own(b"y"),
        lambda at: at.move(b"x", b"y"),
        before=lambda at: at.write(b"x"),
    ),
    "file renamed there": Case(
        lambda at: at.move(b"x", b"y"),
        lambda at: at.append(b"x", 100),
        before=lambda at: at.write(b"x"),
    ),
    "file renamed there, its name taken": Case(
        _renamed_and_taken,
        lambda at: at.append(b"x", 100),
        before=lambda at: at.write(b"x"),
        kept=1,
        files=1,
    ),
    "file linked there": Case(
        lambda at: at.link(b"x", b"y"),
        lambda at: at.append(b"x", 100),
        before=lambda at: at.write(b"x"),
    ),
    "file removed there": Case(
        lambda at: at.unlink(b"x"),
        lambda at: at.chmod(b"x", 0o600),
        before=lambda at: at.write(b"x", 5000),
    ),
    "large file removed there": Case(
        lambda at: at.unlink(b"x"),
        lambda at: at.chmod(b"x", 0o600),
        before=lambda at: at.write(b"x", 400_000),
    ),
    "file written there": Case(
        lambda at: at.own(b"x"),
        lambda at: at.chmod(b"x", 0o600),
        before=lambda at: at.write(b"x", 5000),
    ),
    "two files changed places there": Case(
        lambda at: at.swap(b"x", b"y"), lambda at: at.append(b"x", 1), before=_two
    ),
    "folder renamed there": Case(lambda at: at.move(b"x", b"z"), _touched, before=_tree),
    "folder turned inside out there": Case(_turned, _touched, before=_tree),
    "folder removed there": Case(
        lambda at: at.remove_tree(b"x"), lambda at: at.append(b"x/c", 10), before=_made
    ),
    "folder became a file there": Case(
        _became_a_file,
        lambda at: at.append(b"x/c", 10),
        before=_made,
        kept=1,
        files=1,
    ),
}
"""By what the primary has, and what the secondary."""


@dataclass(frozen=True, slots=True)
class Other:
    """An object that is of another kind on the secondary, under one gfid."""

    here: Kind
    there: Kind
    full: bool = False
    """It has a child there, or bytes."""
    name: bytes = b"x"
    """Where it stands there."""

    def plant(self, at: Side, gfid: Gfid) -> None:
        at.make(self.name, self.there, gfid)
        if self.full and self.there is Kind.DIRECTORY:
            at.own(self.name + b"/child")
        elif self.full:
            at.own(self.name)

    def make(self, at: Side, gfid: Gfid) -> None:
        at.make(b"x", self.here, gfid)
        if self.here is Kind.DIRECTORY:
            at.write(b"x/c")
        elif self.here is Kind.FILE:
            at.write(b"x", 100)


OTHERS: dict[str, Other] = {
    "file, under its gfid a folder": Other(Kind.FILE, Kind.DIRECTORY),
    "file, under its gfid a full folder": Other(Kind.FILE, Kind.DIRECTORY, full=True),
    "file, under its gfid a symlink": Other(Kind.FILE, Kind.SYMLINK),
    "file, under its gfid a fifo elsewhere": Other(Kind.FILE, Kind.FIFO, name=b"y"),
    "folder, under its gfid an empty file": Other(Kind.DIRECTORY, Kind.FILE),
    "folder, under its gfid a symlink elsewhere": Other(Kind.DIRECTORY, Kind.SYMLINK, name=b"y"),
    "symlink, under its gfid a folder": Other(Kind.SYMLINK, Kind.DIRECTORY),
}


def new_gfid() -> Gfid:
    """Return a gfid that nobody has."""
    return Gfid(str(uuid4()))
