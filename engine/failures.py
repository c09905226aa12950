"""What the failures in a ledger mean, and what an operator does about each kind. Pure."""

from typing import NamedTuple

WAITS = "waits for others"
"""The kind of what has not failed so far: other bricks' workers have something to do first."""


class Meaning(NamedTuple):
    """One kind of failure in words."""

    words: str
    fix: str


MEANINGS: dict[str, Meaning] = {
    "EACCES": Meaning(
        "The secondary does not let root do this there.",
        "Look for root squash, SELinux or an immutable file on the secondary.",
    ),
    "EPERM": Meaning(
        "The secondary forbids this even to root.",
        "Look for WORM, an immutable or append-only flag, or a read-only export.",
    ),
    "ENOSPC": Meaning(
        "There was no room for it on the secondary.",
        "Make room there; it is tried again by itself.",
    ),
    "EDQUOT": Meaning(
        "A quota on the secondary is used up.",
        "Raise it: gluster volume quota SVOL list.",
    ),
    "EROFS": Meaning(
        "The secondary volume is read-only, where directories' ACLs cannot be set.",
        "Switch it off there: gluster volume set SVOL features.read-only off.",
    ),
    "EIO": Meaning(
        "GlusterFS could not read or write it: split brain, or a brick that is down.",
        "See gluster volume heal VOLUME info, on both sides.",
    ),
    "EINVAL": Meaning(
        "GlusterFS cannot say what it is: its replicas differ, and a heal is pending.",
        "gluster volume heal VOLUME, and look at gluster volume heal VOLUME info.",
    ),
    "ENOTSUP": Meaning(
        "The secondary has another kind of object with this gfid, or takes no such xattr.",
        "georep failures NAME fix keeps a copy of that, where it is a file, and makes it right.",
    ),
    "ENAMETOOLONG": Meaning(
        "The secondary's file system takes no name of this length.",
        "Rename it on the primary, or skip it.",
    ),
    "EFBIG": Meaning(
        "The secondary's file system takes no file of this size.",
        "Skip it, or give the secondary another file system.",
    ),
    "E2BIG": Meaning(
        "The secondary's file system takes no xattrs of this size.",
        "XFS takes 64 KiB for each; ext4 about 4 KiB in all. Make them smaller, or skip it.",
    ),
    "ESTALE": Meaning(
        "It moved on the secondary while it was made so, each time.",
        "It is tried again by itself; see whether somebody else works in the secondary.",
    ),
    "ENOTUNIQ": Meaning(
        "The secondary's bricks have this directory at two places: a client of GlusterFS, or its "
        "node, ended while it moved it.",
        "Only the bricks can be mended: A directory at two places, in docs/operations.md.",
    ),
    "ENODATA": Meaning(
        "Its names on the primary could not be found out.",
        "It is tried again by itself; a lookup of its path through a mount helps.",
    ),
    "missing parent": Meaning(
        "The directory it belongs in could not be made; that one stands in this list, too.",
        "Mend the directory; then it follows by itself.",
    ),
    "quarantined": Meaning(
        "Somebody wrote it on the secondary, or it is older than the session; it was in the way.",
        "georep quarantine NAME restore GFID --to PATH brings it back, georep quarantine NAME drop "
        "GFID removes it. Moved out by hand, georep retry takes it off this list.",
    ),
    "not empty": Meaning(
        "A directory that is gone from the primary still has something in it.",
        "What is in it stands in this list, too, or was made on the secondary.",
    ),
    WAITS: Meaning(
        "No failure so far: a directory that is gone has something in it that is for the workers "
        "of other bricks to take away.",
        "Nothing, while they work: see georep status. Called a failure once every brick is past.",
    ),
    "gfid conflict": Meaning(
        "Another object stands at its name on the secondary, and gfid-conflict-resolution is off.",
        "Its words have both. georep failures NAME fix moves that one aside, and makes it.",
    ),
    "short copy": Meaning(
        "Not all of its content arrived.",
        "Its words have those of the program that moved it; it is tried again by itself.",
    ),
    "wrong times": Meaning(
        "The times that were set are not the ones it has.",
        "See whether somebody else writes to it on the secondary.",
    ),
    "gfid mismatch": Meaning(
        "gsyncd found another object under this name on the secondary, and could not settle it.",
        "Under gsyncd, move the secondary's object away. georep moves it aside by itself, and to "
        "its own place when the primary has it.",
    ),
    "not sent": Meaning(
        "gsyncd's rsync or tar did not bring its content.",
        "Its words are the mover's. georep verify tells whether both sides differ now.",
    ),
    "never at rest": Meaning(
        "It changed on the primary each time it was made so.",
        "It is tried again by itself, when it may have come to rest.",
    ),
    "heal pending": Meaning(
        "On the primary a heal has taken its name away, and may yet give it another one.",
        "It is tried again by itself; see what is to be healed: gluster volume heal VOLUME info.",
    ),
}
"""By kind, as `EntryFailed.kind` has it."""

OTHER = Meaning(
    "The secondary's file system refused it.",
    "Its words say what it answered; the log of the mount there may say more.",
)


def meaning(kind: str) -> Meaning:
    """Return what a kind of failure means."""
    return MEANINGS.get("ENOTSUP" if kind == "EOPNOTSUPP" else kind, OTHER)
