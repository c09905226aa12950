"""What the two sides say to each other. Every message is a small frozen struct; MessagePack carries
it.

The primary opens with Hello, the agent answers Welcome or Sorry. From then on the primary calls and
the agent replies, in any order; either side may ping, and whoever hears nothing for too long ends.
"""

import msgspec

from engine.item import AnyAnswer, AnyItem, Attributes, Facts, Gfid, Holder, Kind, Piece, Place
from engine.keeping import Owner
from engine.peers import Peer

PROTOCOL = 8
"""Both sides must speak the same; a change of any message here or of `engine.item` moves it."""

MAGIC = b"georep agent\n"
"""The agent's first bytes. Whatever a login shell printed before them is not ours."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of every message."""


class Hello(Message, frozen=True, kw_only=True):
    """The primary's first word: who it is and what the agent shall mount."""

    protocol: int
    version: str
    session: str
    worker: str
    """NODE:BRICK; a second agent of the same worker waits until the first has ended."""
    volume: str
    """Name of the secondary volume; or the absolute path of a directory."""
    primary: str = ""
    """Uuid of the primary volume; without a worker it may make an empty directory its secondary."""
    secondary: str = ""
    """Uuid that the volume must have, for nodes of another pool may have one of that name; empty:
    any.
    """
    silence: int
    """Seconds without a word from the primary after which the agent ends; 0: never."""
    log_level: str = "INFO"
    users: bool = True
    """It has to do with user.* xattrs; else it neither sets nor removes any."""
    acls: bool = True
    """The same of POSIX ACLs."""


class Welcome(Message, frozen=True, kw_only=True):
    """The agent has mounted the volume, or opened the directory, and is ready."""

    protocol: int
    version: str
    host: str
    pid: int
    volume_uuid: str
    """The secondary volume's; or the one that a directory got when it was made a secondary."""
    mount: bytes
    """Ordinary path for movers that come in by ssh: file G is `.gfid/G` below it."""
    total_bytes: int
    free_bytes: int
    total_inodes: int
    free_inodes: int
    read_only: bool = False
    """Ordinary clients may not write there; directories' ACLs cannot be set even by ours."""
    node: str = ""
    """Uuid of the glusterd there; empty when it has none."""
    nodes: tuple[Peer, ...] = ()
    """Those that have bricks of the volume, in the order of its bricks; of a directory none."""
    root: bool = True
    """Whether it runs as root; else glusterd has mounted the volume for it, or it has a directory
    of its own.
    """
    owner: Owner | None = None
    """The user who has it; None: each object belongs to its own owner."""


class Sorry(Message, frozen=True, kw_only=True):
    """The agent cannot serve; the fields are those of `engine.errors.GeorepError`."""

    cause: str
    words: str
    fix: str
    evidence: str


class Ping(Message, frozen=True, kw_only=True):
    """Are you there? Answered by Pong."""


class Pong(Message, frozen=True, kw_only=True):
    """I am."""


class Apply(Message, frozen=True, kw_only=True):
    """Make these so; they do not depend on each other. Answered by Applied."""

    id: int
    items: tuple[AnyItem, ...]


class Applied(Message, frozen=True, kw_only=True):
    """One answer for each item of an Apply, in its order."""

    id: int
    answers: tuple[AnyAnswer, ...]


class Lookup(Message, frozen=True, kw_only=True):
    """What do you have? Answered by Found."""

    id: int
    gfids: tuple[Gfid, ...] = ()
    places: tuple[Place, ...] = ()


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """One object on the secondary."""

    gfid: Gfid
    kind: Kind
    attributes: Attributes
    links: int


class Found(Message, frozen=True, kw_only=True):
    """Answers a Lookup, in its order; None where there is nothing."""

    id: int
    gfids: tuple[Seen | None, ...]
    places: tuple[Seen | None, ...]


class AskLimbo(Message, frozen=True, kw_only=True):
    """Who was moved aside and still is? Answered by Limbo."""

    id: int


class Limbo(Message, frozen=True, kw_only=True):
    """The objects in limbo; or those that went from there to quarantine just now."""

    id: int
    gfids: tuple[Gfid, ...]


class PutAway(Message, frozen=True, kw_only=True):
    """Nobody speaks for these, which are in limbo: bring them to quarantine. Answered by Limbo."""

    id: int
    gfids: tuple[Gfid, ...]
    day: str
    """YYYY-MM-DD, a part of their names there."""


class AskQuarantine(Message, frozen=True, kw_only=True):
    """Who is in quarantine, and for more than `days` days? Answered by Quarantine."""

    id: int
    days: int
    """0: nobody is there for too long."""


class Quarantine(Message, frozen=True, kw_only=True):
    """Who is in quarantine."""

    id: int
    gfids: tuple[Gfid, ...]
    """All of them."""
    expired: tuple[Holder, ...]
    """Those who are there for too long, a part of them when they are many."""


class Discard(Message, frozen=True, kw_only=True):
    """Take these names away, which are in quarantine or below. Answered by Discarded."""

    id: int
    holders: tuple[Holder, ...]


class Discarded(Message, frozen=True, kw_only=True):
    """What became of it."""

    id: int
    gone: tuple[Gfid, ...]
    children: tuple[Holder, ...]
    """What is in those that are directories, and not empty."""


class AskAside(Message, frozen=True, kw_only=True):
    """Who was put aside, and is in limbo or in quarantine? Answered by Aside."""

    id: int


class PutAside(msgspec.Struct, frozen=True, array_like=True):
    """One object that stands in limbo or in quarantine."""

    holder: Holder
    attributes: Attributes
    changed: float
    """When it was changed last (its ctime), in seconds since the epoch."""
    settled: bool
    """It is in quarantine: nobody will speak for it any more."""
    record: bytes = b""
    """What was noted of how it came there; empty when nothing was."""


class Aside(Message, frozen=True, kw_only=True):
    """Answers an AskAside."""

    id: int
    objects: tuple[PutAside, ...]
    """Those in quarantine, the oldest first, then those in limbo; not all, if they are many."""
    total: int
    """How many there are."""


class Remember(Message, frozen=True, kw_only=True):
    """Keep this record of how an object came to be put aside, or, when it is empty, none of it.
    Answered by Remembered.
    """

    id: int
    gfid: Gfid
    record: bytes


class Remembered(Message, frozen=True, kw_only=True):
    """It is kept."""

    id: int


class AskRecords(Message, frozen=True, kw_only=True):
    """What was noted of how each of `gfids` came to be put aside? Answered by Records."""

    id: int
    gfids: tuple[Gfid, ...]


class Records(Message, frozen=True, kw_only=True):
    """Answers an AskRecords."""

    id: int
    records: tuple[bytes, ...]
    """In the order of the question; empty where nothing was noted."""


class Restore(Message, frozen=True, kw_only=True):
    """Bring `holder`, which is in quarantine, to a place that is free. Answered by Restored."""

    id: int
    holder: Holder
    to: Place


class Restored(Message, frozen=True, kw_only=True):
    """It stands there, and no longer in quarantine; also when it did before."""

    id: int


class Rescue(Message, frozen=True, kw_only=True):
    """Put a copy of this file into quarantine, make sure that it is one, then empty the file.
    Answered by Rescued.
    """

    id: int
    gfid: Gfid
    size: int
    mtime: int
    """What the operator saw of it; if it is another by now, nothing is done."""
    day: str
    """YYYY-MM-DD, a part of the name that the copy gets."""


class Rescued(Message, frozen=True, kw_only=True):
    """The copy, which has a gfid of its own."""

    id: int
    copy: Gfid


class Sync(Message, frozen=True, kw_only=True):
    """A position shall move past what you have made so. Answered by Synced."""

    id: int


class Synced(Message, frozen=True, kw_only=True):
    """What was made so outlives a power cut, as far as the agent has a say in it."""

    id: int


class AskReady(Message, frozen=True, kw_only=True):
    """Nothing was asked of you for a while: would you be able to work? Answered by Ready."""

    id: int


class Ready(Message, frozen=True, kw_only=True):
    """The secondary answers, and takes changes."""

    id: int
    whole: bool
    """All of it answers."""
    full: bool
    """There is no room for anything new."""


class AskHost(Message, frozen=True, kw_only=True):
    """What kind of node are you? Answered by Host."""

    id: int


class Host(Message, frozen=True, kw_only=True):
    """The node of the secondary, as far as it matters before a session begins."""

    id: int
    clock: float
    """Seconds since the epoch, by its own clock."""
    glusterfs: str
    """Version of the client; empty when it tells none."""
    rsync: str
    """Version; empty when there is none."""
    options: dict[str, str]
    """What was set for the volume; of a directory nothing."""
    stuck: tuple[str, ...]
    """Mounts of dead agents that cannot be unmounted, each in a sentence."""


class List(Message, frozen=True, kw_only=True):
    """Which names does the directory at `place` have? Answered by Names, a page at a time."""

    id: int
    place: Place
    after: bytes = b""
    """The last name of the page before."""


class Names(Message, frozen=True, kw_only=True):
    """A page of a directory's names, sorted as bytes."""

    id: int
    names: tuple[bytes, ...]
    more: bool
    there: bool
    """Whether there is a directory at that place."""
    whole: bool
    """Every part of the volume answers; else names can be missing."""


class Examine(Message, frozen=True, kw_only=True):
    """Who stands at these places? Everything that is compared. Answered by Examined."""

    id: int
    places: tuple[Place, ...]


class Examined(Message, frozen=True, kw_only=True):
    """Answers an Examine, in its order; None where nobody stands."""

    id: int
    facts: tuple[Facts | None, ...]
    whole: bool
    """Every part of the volume answers; else objects can be missing."""


class Digest(Message, frozen=True, kw_only=True):
    """What is in these parts of files? Answered by Digests."""

    id: int
    pieces: tuple[Piece, ...]


class Digests(Message, frozen=True, kw_only=True):
    """A digest of each piece, in order; None where the file is gone, or cannot be read."""

    id: int
    digests: tuple[bytes | None, ...]


class Note(Message, frozen=True, kw_only=True):
    """Keep this small note on the secondary, in place of an older one. Answered by Notes."""

    id: int
    name: str
    content: bytes


class AskNotes(Message, frozen=True, kw_only=True):
    """Which notes are kept there? Answered by Notes."""

    id: int


class Notes(Message, frozen=True, kw_only=True):
    """All notes, by name."""

    id: int
    notes: dict[str, bytes]


class AskMarks(Message, frozen=True, kw_only=True):
    """Which primaries left a mark on the secondary volume? Answered by Marks."""

    id: int


class LeaveMark(Message, frozen=True, kw_only=True):
    """Leave the mark of a primary on the secondary volume, or take it off. Answered by Marks."""

    id: int
    primary: str
    """Its uuid."""
    value: bytes
    """As GlusterFS and gsyncd have it; empty: take it off."""


class Marks(Message, frozen=True, kw_only=True):
    """All marks on the secondary volume; of a directory, which belongs to one primary, none."""

    id: int
    clock: float
    """Seconds since the epoch, by the clock of the agent: that by which marks there end."""
    marks: dict[str, bytes]
    """By the uuids of the primaries."""


class AskCanary(Message, frozen=True, kw_only=True):
    """Which file can a mover be tried on? It is made and emptied. Answered by Canary."""

    id: int
    name: str
    """Whose trial it is: small letters, digits and dashes."""


class Canary(Message, frozen=True, kw_only=True):
    """An empty file of ours, where movers find all others; nobody replicates or compares it."""

    id: int
    gfid: Gfid


class Failed(Message, frozen=True, kw_only=True):
    """A call could not be served at all."""

    id: int
    cause: str
    words: str
    fix: str = ""


AnyQuestion = (
    Lookup
    | AskLimbo
    | PutAway
    | AskQuarantine
    | Discard
    | AskAside
    | Remember
    | AskRecords
    | Restore
    | Rescue
    | AskReady
    | AskHost
    | List
    | Examine
    | Digest
    | Note
    | AskNotes
    | AskMarks
    | LeaveMark
    | Sync
    | AskCanary
)
"""What is answered by one look, or one note."""
AnyCall = Apply | AnyQuestion
AnyReply = (
    Applied
    | Found
    | Limbo
    | Quarantine
    | Discarded
    | Aside
    | Remembered
    | Records
    | Restored
    | Rescued
    | Ready
    | Host
    | Names
    | Examined
    | Digests
    | Notes
    | Marks
    | Synced
    | Canary
    | Failed
)
AnyMessage = Hello | Welcome | Sorry | Ping | Pong | AnyCall | AnyReply
