"""What the agent does with one item, for everything the secondary may have: the table.

`docs/rules.md` is made from it, and `test_rules.py` builds every row, for every kind it is about.
A state is written as `place=who` words. Places: `a`, `b` are names in the root, `P/x` is the name
x in P, `limbo` is who's own place in limbo. Who: G is the object of the item, P the directory it
belongs in, S another object (a file, unless a kind stands behind it), C a file in one of them.
"""

from dataclasses import dataclass
from enum import StrEnum

from engine.item import Kind

LEAVES = tuple(kind for kind in Kind if kind is not Kind.DIRECTORY)
ANY = tuple(Kind)
DIRECTORY = (Kind.DIRECTORY,)
POINTING = (Kind.SYMLINK, Kind.BLOCK, Kind.CHARACTER)


class Says(StrEnum):
    """What the primary says of G; where it stands is in the row."""

    STANDS = "stands at"
    PERHAPS = "stands at, perhaps elsewhere too"
    STILL = "stands at, and nothing was heard of its names"
    GONE = "gone, as a record said"
    VANISHED = "gone, and nobody spoke of it"
    ORPHANED = "gone, nobody spoke of it, and its directory ends"
    PATIENT = "displaces nobody, stands at"
    KEPT = "gone by a rename over it, deletes are ignored"
    REMOVED = "gone, deletes are ignored"


class Answer(StrEnum):
    """What the agent answers."""

    MADE = "done: created"
    DONE = "done: changed"
    NOTHING = "done: nothing to do"
    PARENT = "needs parent P"
    CHILDREN = "not empty: its children"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Row:
    """One state of the secondary, what the primary says, and what becomes of both."""

    has: str
    before: str
    says: Says
    names: str
    after: str
    answer: Answer
    heard: str = ""
    """Names it was heard under; those of `names` not needed."""
    kinds: tuple[Kind, ...] = ANY
    gsyncd: str = ""
    gap: str = ""
    """What it mends in gsyncd, as the page lists it below."""


TABLE: dict[str, tuple[Row, ...]] = {
    "It lives, and its names are known": (
        Row(
            *("nothing", "", Says.STANDS, "a", "a=G", Answer.MADE),
            gsyncd="created; devices without their number, a symlink also when the gfid exists",
            gap="rdev, duplicate",
        ),
        Row(
            *("it, under its name", "a=G", Says.STANDS, "a", "a=G", Answer.NOTHING),
            gsyncd="left alone",
        ),
        Row(
            *("it, under a name heard", "b=G", Says.STANDS, "a", "a=G", Answer.DONE),
            heard="b",
            gsyncd="renamed; when its picture is older, a directory's rename is ignored",
            gap="rename",
        ),
        Row(
            *("it, under a name nobody heard", "b=G", Says.STANDS, "a", "a=G", Answer.DONE),
            gsyncd="a file: linked, the other name stays; a directory: only found on local bricks",
            gap="rename",
        ),
        Row(
            *("too few names", "a=G", Says.STANDS, "a b", "a=G b=G", Answer.DONE),
            kinds=LEAVES,
            gsyncd="linked",
        ),
        Row(
            *("too many, one heard", "a=G b=G", Says.STANDS, "a", "a=G", Answer.DONE),
            heard="b",
            kinds=LEAVES,
            gsyncd="unlinked, when the record comes at the right moment",
        ),
        Row(
            *("too many, none heard", "a=G b=G", Says.STANDS, "a", "a=G", Answer.DONE),
            kinds=LEAVES,
            gsyncd="stay",
        ),
        Row(
            *(
                "it elsewhere, its name taken",
                "a=S b=G",
                Says.STANDS,
                "a",
                "a=G limbo=S",
                Answer.DONE,
            ),
            heard="b",
            gsyncd="tried again for ten rounds, then an error in the log",
            gap="forgotten",
        ),
        Row(
            *("a stranger at a name heard", "a=G b=S", Says.STANDS, "a", "a=G b=S"),
            Answer.NOTHING,
            heard="b",
            gsyncd="not looked at",
        ),
    ),
    "It lives, and somebody stands at its name": (
        Row(
            *("a file there", "a=S", Says.STANDS, "a", "a=G limbo=S", Answer.MADE),
            gsyncd="deleted, when its gfid is not found on the primary",
            gap="check",
        ),
        Row(
            *("a hard link there", "a=S b=S", Says.STANDS, "a", "a=G b=S limbo=S", Answer.MADE),
            gsyncd="that name is deleted",
            gap="check",
        ),
        Row(
            *("an empty directory there", "a=S:directory", Says.STANDS, "a"),
            *("a=G limbo=S:directory", Answer.MADE),
            gsyncd="deleted, or renamed over",
            gap="check",
        ),
        Row(
            *("a directory with children there", "a=S:directory S/c=C", Says.STANDS, "a"),
            *("a=G limbo=S:directory S/c=C", Answer.MADE),
            gsyncd="deleted with all that is in it, or moved to where the primary has it",
            gap="check",
        ),
        Row(
            *("one who is in limbo, too", "a=S limbo=S", Says.STANDS, "a", "a=G limbo=S"),
            Answer.MADE,
            kinds=LEAVES,
        ),
    ),
    "It lives, and its parent is not as it should be": (
        Row(
            *("no parent", "", Says.STANDS, "P/x", "", Answer.PARENT),
            gsyncd="the parent made from its record; a failure when that is missing",
            gap="mkdir",
        ),
        Row(
            *("a file under the parent's gfid", "p=P:file", Says.STANDS, "P/x", "p=P:file"),
            Answer.PARENT,
        ),
        Row(
            *("no parent, and it elsewhere", "a=G", Says.STANDS, "P/x", "a=G", Answer.PARENT),
            heard="a",
            gsyncd="a failure, then forgotten",
            gap="forgotten",
        ),
        Row(
            *("the parent below it", "a=G G/p=P", Says.STANDS, "P/x", "a=G G/p=P", Answer.PARENT),
            heard="a",
            kinds=DIRECTORY,
            gsyncd="renamed as recorded; GlusterFS refuses, and loses its handle on one brick",
            gap="rename",
        ),
        Row(
            *("the parent deep below it", "a=G G/s=S:directory S/p=P", Says.STANDS, "P/x"),
            *("a=G G/s=S:directory S/p=P", Answer.PARENT),
            kinds=DIRECTORY,
        ),
        Row(
            *("its parent in limbo", "limbo=P", Says.STANDS, "P/x", "limbo=P P/x=G"),
            Answer.MADE,
        ),
    ),
    "It lives, and something else has its gfid": (
        Row(
            *("another kind, with nothing of its own", "a=G:other", Says.STANDS, "a", "a=G"),
            Answer.MADE,
            gsyncd="taken for it; a removal ends the worker",
            gap="kind",
        ),
        Row(
            *("such a kind, under other names", "b=G:other limbo=G:other", Says.STANDS, "a"),
            *("a=G", Answer.MADE),
            kinds=DIRECTORY,
            gap="kind",
        ),
        Row(
            *("another target, another device", "a=G:changed", Says.STANDS, "a", "a=G"),
            Answer.MADE,
            kinds=POINTING,
            gsyncd="stays wrong",
            gap="rdev",
        ),
        Row(
            *("a directory with children", "a=G:directory G/c=C", Says.STANDS, "a"),
            *("a=G limbo=C", Answer.MADE),
            kinds=LEAVES,
            gap="kind",
        ),
        Row(
            *("a file with bytes", "a=G:bytes", Says.STANDS, "a", "a=G:bytes", Answer.REFUSED),
            kinds=tuple(kind for kind in Kind if kind is not Kind.FILE),
            gsyncd="taken for it",
            gap="kind",
        ),
    ),
    "It lives, and is in limbo": (
        Row(*("it, in limbo", "limbo=G", Says.STANDS, "a", "a=G", Answer.DONE)),
        Row(
            *("it, in limbo and at its name", "a=G limbo=G", Says.STANDS, "a", "a=G"),
            Answer.DONE,
            kinds=LEAVES,
        ),
        Row(
            *("it, in limbo, its name taken", "a=S limbo=G", Says.STANDS, "a", "a=G limbo=S"),
            Answer.DONE,
        ),
        Row(
            *("it, in limbo and at its name", "a=G b=G limbo=G", Says.PERHAPS, "a", "a=G b=G"),
            Answer.DONE,
            kinds=LEAVES,
        ),
    ),
    "It lives, and not all its names are known": (
        Row(
            *("more names", "a=G b=G", Says.PERHAPS, "a", "a=G b=G", Answer.NOTHING),
            kinds=LEAVES,
        ),
        Row(
            *("it, somewhere", "b=G", Says.PERHAPS, "", "b=G", Answer.NOTHING),
            kinds=LEAVES,
        ),
        Row(
            *("it, at a name heard", "b=G", Says.PERHAPS, "", "b=G", Answer.NOTHING),
            heard="b",
            kinds=LEAVES,
        ),
        Row(
            *("nothing", "", Says.PERHAPS, "", "", Answer.REFUSED),
            kinds=LEAVES,
        ),
    ),
    "It lives, and only its attributes or its content may have changed": (
        Row(
            *("it, at its name", "a=G", Says.STILL, "a", "a=G", Answer.NOTHING),
            kinds=LEAVES,
        ),
        Row(
            *("it, under a name nobody spoke of", "b=G", Says.STILL, "a", "a=G", Answer.DONE),
            kinds=LEAVES,
        ),
        Row(
            *("it, under names too many", "a=G b=G", Says.STILL, "a", "a=G", Answer.DONE),
            kinds=LEAVES,
        ),
        Row(
            *("nothing", "", Says.STILL, "a", "a=G", Answer.MADE),
            kinds=LEAVES,
        ),
        Row(
            *("somebody else, at its name", "a=S", Says.STILL, "a", "a=G limbo=S", Answer.MADE),
            kinds=LEAVES,
        ),
    ),
    "It is gone": (
        Row(
            *("nothing", "", Says.GONE, "", "", Answer.NOTHING),
            heard="a",
            gsyncd="success",
        ),
        Row(
            *("it, under a name heard", "a=G", Says.GONE, "", "", Answer.DONE),
            heard="a",
            gsyncd="removed",
        ),
        Row(
            *("it, under another name", "b=G", Says.GONE, "", "", Answer.DONE),
            heard="a",
            gsyncd="stays: success, for the name is not there",
            gap="forgotten",
        ),
        Row(
            *("it, under several", "a=G b=G limbo=G", Says.GONE, "", "", Answer.DONE),
            heard="a",
            kinds=LEAVES,
        ),
        Row(*("it, in limbo", "limbo=G", Says.GONE, "", "", Answer.DONE)),
        Row(
            *("something else under its gfid", "a=G:other", Says.GONE, "", "", Answer.DONE),
            heard="a",
            gsyncd="a directory instead of a file: EISDIR, faulty for ever",
            gap="kind",
        ),
        Row(
            *("another at the name heard", "a=S b=G", Says.GONE, "", "a=S", Answer.DONE),
            heard="a",
            gsyncd="a conflict: deleted when its gfid is not found on the primary",
            gap="check",
        ),
        Row(
            *("it, with children", "a=G G/c=C", Says.GONE, "", "a=G G/c=C", Answer.CHILDREN),
            heard="a",
            kinds=DIRECTORY,
            gsyncd="deleted with all that is in it",
            gap="check",
        ),
        Row(
            *("it, with children, in limbo", "limbo=G G/c=C", Says.GONE, "", "limbo=G G/c=C"),
            Answer.CHILDREN,
            kinds=DIRECTORY,
        ),
    ),
    "It is gone, and nobody spoke of its end": (
        Row(
            *("it", "a=G", Says.VANISHED, "", "a=G", Answer.NOTHING),
            heard="a",
        ),
        Row(*("it, in limbo", "limbo=G", Says.VANISHED, "", "limbo=G", Answer.NOTHING)),
        Row(*("nothing", "", Says.VANISHED, "", "", Answer.NOTHING), heard="a"),
        Row(
            *("it, in a directory that ends", "p=P P/x=G", Says.ORPHANED, "", "p=P limbo=G"),
            Answer.DONE,
            heard="P/x",
            gsyncd="deleted with the directory",
            gap="check",
        ),
        Row(
            *("it, moved away meanwhile", "p=P a=G", Says.ORPHANED, "", "p=P a=G", Answer.NOTHING),
            heard="P/x",
        ),
        Row(
            *("it, in limbo already", "p=P limbo=G", Says.ORPHANED, "", "p=P limbo=G"),
            Answer.NOTHING,
            heard="P/x",
        ),
    ),
    "Deletes are ignored, or conflicts are left": (
        Row(
            *("it, under a name heard", "a=G", Says.REMOVED, "", "a=G", Answer.NOTHING),
            heard="a",
            gsyncd="left alone",
        ),
        Row(
            *("it, in limbo", "limbo=G", Says.REMOVED, "", "limbo=G", Answer.NOTHING),
            gsyncd="deleted, when something new has its name",
            gap="check",
        ),
        Row(*("it, in limbo", "limbo=G", Says.KEPT, "", "", Answer.DONE), gsyncd="deleted"),
        Row(
            *("it, in limbo and under a name", "limbo=G b=G", Says.KEPT, "", "b=G", Answer.DONE),
            kinds=LEAVES,
        ),
        Row(
            *("it, in limbo, not empty", "limbo=G G/x=C", Says.KEPT, "", "limbo=G G/x=C"),
            Answer.NOTHING,
            kinds=DIRECTORY,
            gsyncd="deleted with all that is in it",
            gap="check",
        ),
        Row(*("nothing", "", Says.PATIENT, "a", "a=G", Answer.MADE)),
        Row(
            *("another at its name", "a=S", Says.PATIENT, "a", "a=S", Answer.REFUSED),
            gsyncd="an error in the log",
            gap="forgotten",
        ),
        Row(
            *("a directory there", "a=S:directory", Says.PATIENT, "a", "a=S:directory"),
            Answer.REFUSED,
            gsyncd="an error in the log; for a directory the worker ends",
            gap="mkdir",
        ),
        Row(
            *("it elsewhere, its name taken", "a=S b=G", Says.PATIENT, "a", "a=S b=G"),
            Answer.REFUSED,
            heard="b",
        ),
    ),
}

GAPS = {
    "check": "what is deleted was looked up before and may be another's by now (8); it may live",
    "duplicate": "a blob, or a symlink, with a gfid that exists makes a second object (11, 9)",
    "forgotten": "what failed ten times is a line in a log (5)",
    "kind": "a name that is of another kind than expected ends the worker (7)",
    "mkdir": "one directory that cannot be made stops its brick for ever (10)",
    "rdev": "device numbers are lost (3)",
    "rename": "a rename whose source is not there is lost, for a directory always (6)",
}
"""gsyncd's gaps, with their numbers in our notes on it."""
