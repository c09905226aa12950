"""What each word on the screens means: columns, states, and what georep calls things. Pure."""

from typing import NamedTuple

from georep_tui import keyboard, rows
from georep_tui.keyboard import Keyboard
from georep_tui.rows import Line

SESSIONS, WORKERS, FAILURES = "sessions", "workers", "failures"
ASIDE, THROUGHPUT, EVENTS = "aside", "throughput", "events"
HEAD = 14
"""Cells for the word itself."""
OLDER = {"PRIMARY": "MASTER", "SECONDARY": "SLAVE"}
"""What older versions of GlusterFS write in the names of their columns."""


class Word(NamedTuple):
    """One word and its meaning."""

    word: str
    means: str
    """Keys stand in it by the id of what they do, as {help}."""
    on: tuple[str, ...]
    """The screens that it stands on, by their names."""
    gsyncd: tuple[str, ...] = ()
    """The columns and states of gsyncd's status that say the same."""


_SPEEDS = (SESSIONS, WORKERS)
COLUMNS = (
    Word(
        "SESSION",
        "The session's name, and where it goes: host and volume of the secondary. A worker's page "
        "has the primary volume and the user there, too.",
        (SESSIONS, EVENTS),
        ("PRIMARY VOL", "SECONDARY USER", "SECONDARY"),
    ),
    Word("STATE", "How the session is: what most needs to be known of its workers.", (SESSIONS,)),
    Word(
        "WORKERS",
        "Active ones, + all that wait or begin, ▲ those that are faulty. One for each brick.",
        (SESSIONS,),
    ),
    Word(
        "LAG",
        "How old the newest change is that is certainly on the secondary with all before it. It "
        "grows to about 15 s and falls with each slice; changes are there long before.",
        _SPEEDS,
        ("LAST_SYNCED",),
    ),
    Word(
        "ENTRY",
        "Objects that are known to have changed and are not made so yet: names and attributes.",
        _SPEEDS,
        ("ENTRY",),
    ),
    Word(
        "META",
        "Those of ENTRY of which attributes may have changed, and nothing else; — of workers that "
        "do not tell.",
        (WORKERS,),
        ("META",),
    ),
    Word("DATA", "Files whose content is still to be sent.", _SPEEDS, ("DATA",)),
    Word("TO SEND", "The bytes in these files.", (SESSIONS,), ("DATA",)),
    Word("ENTRY/s", "Objects made so per second, lately.", (SESSIONS,)),
    Word("FILES/s", "Files whose content was sent, per second.", (*_SPEEDS, THROUGHPUT)),
    Word("MB/s", "Millions of bytes sent per second, lately.", _SPEEDS),
    Word(
        "FAIL",
        "Objects that could not be made so and stand in the ledger: {go.failures} shows them.",
        _SPEEDS,
        ("FAILURES",),
    ),
    Word("60 s", "Bytes sent in the last minute; the right end is now.", _SPEEDS),
    Word(
        "BRICK",
        "NODE:BRICK, a brick of the primary volume; its worker runs on that node.",
        (WORKERS, FAILURES, THROUGHPUT),
        ("PRIMARY NODE", "PRIMARY BRICK"),
    ),
    Word("WORKER", "NODE:BRICK of the worker that told it; a node: its engine.", (EVENTS,)),
    Word(
        "PEER",
        "The node of the secondary that the worker is connected to.",
        (WORKERS,),
        ("SECONDARY NODE",),
    ),
    Word("STATUS", "How the worker is.", (WORKERS,), ("STATUS",)),
    Word("CRAWL", "How it finds out what changed.", (WORKERS,), ("CRAWL STATUS",)),
    Word(
        "LAST SYNCED",
        "Everything changed on the brick up to this time is on the secondary: the brick's stime, "
        "in UTC.",
        (WORKERS,),
        ("LAST_SYNCED",),
    ),
    Word("DOING", "What the worker does now, or waits for.", (WORKERS,)),
    Word("LAST", "When it was tried last.", (FAILURES,)),
    Word("KIND", "Why it failed, in a word: georep explain says more.", (FAILURES,)),
    Word("KIND", "File, directory, symlink or what else it is.", (ASIDE,)),
    Word("OP", "What was to be done on the secondary.", (FAILURES,)),
    Word("PATH", "Where it is, from the volume's root; .gfid/… when nobody knows.", (FAILURES,)),
    Word("TRIES", "How often it was tried.", (FAILURES,)),
    Word("AGAIN", "When it is tried again by itself.", (FAILURES,)),
    Word("WHERE", "In quarantine, or in limbo.", (ASIDE,)),
    Word("SINCE", "When it was put aside.", (ASIDE,)),
    Word("STOOD AT", "Where it stood on the secondary, if that was noted.", (ASIDE,)),
    Word("GFID", "The number that an object has in GlusterFS, on both sides.", (ASIDE,)),
    Word("SIZE", "Of a file: its bytes.", (ASIDE, THROUGHPUT)),
    Word("AT", "When, in UTC.", (THROUGHPUT, EVENTS, WORKERS)),
    Word("JOB", "One transfer of the contents of some files; its number.", (THROUGHPUT, WORKERS)),
    Word(
        "MOVER",
        "What carried them: push, with the names; tar, whole in a stream; rsync, the differences.",
        (THROUGHPUT, WORKERS),
    ),
    Word("FILES", "How many files it moved.", (THROUGHPUT, WORKERS)),
    Word("SENT", "Bytes that went over the line.", (THROUGHPUT, WORKERS)),
    Word("MATCHED", "Bytes that the secondary had already.", (THROUGHPUT, WORKERS)),
    Word("LITERAL", "Bytes of content that had to be sent.", (THROUGHPUT,)),
    Word("SPEED-UP", "Bytes of the files for each byte sent.", (THROUGHPUT,)),
    Word("SPEEDUP", "Bytes of the files for each byte sent.", (THROUGHPUT,)),
    Word("TIME", "How long it took.", (THROUGHPUT, WORKERS)),
    Word("EXIT", "Exit code of the mover; ▲ and how many files were not right.", (THROUGHPUT,)),
    Word("TIMES", "In how many of the last jobs the file was sent.", (THROUGHPUT,)),
    Word("SENT/SIZE", "How many times its own size was sent.", (THROUGHPUT,)),
    Word("FILE", "The name of a file, and its gfid.", (THROUGHPUT,)),
    Word("SLICES", "Slices that the batch settled; 0 for what came ahead.", (WORKERS,)),
    Word("ENTRIES", "Objects that were made so.", (WORKERS,)),
    Word("ROUNDS", "How often the batch was looked at until all was right.", (WORKERS,)),
    Word("RESULT", "What came of the job.", (WORKERS,)),
    Word("EVENT", "What it is called; docs/events.md has all.", (EVENTS,)),
    Word("WHAT", "It, in words: ! for what matters, ▲ for what is wrong.", (EVENTS,)),
)
"""The titles of the columns."""

_ALL = (SESSIONS, WORKERS)
STATES = (
    Word("created", "It was made and has never been started.", (SESSIONS,), ("Created",)),
    Word("starting", "It mounts, connects, or does not know its role.", _ALL, ("Initializing...",)),
    Word("active", "It replicates its brick.", _ALL, ("Active",)),
    Word(
        "passive",
        "Another brick of its replica set does the work; when that goes, it takes over.",
        _ALL,
        ("Passive",),
    ),
    Word(
        "paused",
        "All under way is settled, nothing new is begun: {session.resume} goes on.",
        _ALL,
        ("Paused",),
    ),
    Word(
        "faulty",
        "It ended, and is started again by itself. Cause and next step are on its page.",
        _ALL,
        ("Faulty", "inconsistent", "Config Corrupted"),
    ),
    Word("stopped", "It was stopped: {session.start} starts it.", _ALL, ("Stopped",)),
    Word("standby", "It has nothing to do: it is passive.", (WORKERS,)),
    Word(
        "hybrid",
        "All of the brick is looked at, with the share done; what was removed meanwhile is "
        "reconciled later.",
        _ALL,
        ("Hybrid Crawl",),
    ),
    Word("history", "It reads slices closed before it came.", _ALL, ("History Crawl",)),
    Word("changelog", "It reads changes as they are made.", (WORKERS,), ("Changelog Crawl",)),
    Word("none", "It has not begun to look; — on the screen.", (WORKERS,)),
    Word("skipped", "‖: left alone until it changes, or until {failures.retry}.", (FAILURES,)),
    Word(
        "quarantined",
        "Somebody's on the secondary alone, kept aside: {failures.aside} shows it.",
        (FAILURES,),
    ),
    Word("all, info", "Every event; or without the work that was done.", (EVENTS,)),
    Word("warn, bad", "What should be looked at; only what is wrong.", (EVENTS,)),
)
"""The words for how something is."""

TERMS = (
    Word(
        "checkpoint",
        "A moment: reached when all that was changed before it is on the secondary. "
        "{session.checkpoint} sets one; a worker's page and georep checkpoint NAME list say how "
        "far each is, and since when.",
        (SESSIONS, WORKERS),
        ("CHECKPOINT TIME", "CHECKPOINT COMPLETED", "CHECKPOINT COMPLETION TIME"),
    ),
    Word(
        "slice",
        "One changelog file of a brick, 15 s of records by default.",
        (WORKERS, EVENTS, FAILURES),
    ),
    Word("batch", "What was taken up together and made so.", (WORKERS, EVENTS)),
    Word("stime", "The mark on a brick up to where all is settled; gsyncd's own.", (WORKERS,)),
    Word("position", "The same, and how long ago that is.", (WORKERS,)),
    Word("there", "Up to when all is on the secondary, settled or not.", (WORKERS,)),
    Word("left", "How long what is pending takes; rough: not sure.", (SESSIONS, WORKERS)),
    Word("pending", "Known and not made so yet.", (WORKERS,)),
    Word("waits", "What it cannot go on without.", (WORKERS,)),
    Word("trouble", "What would keep a change from the secondary.", (WORKERS,)),
    Word("last fault", "Why it was started again, and when.", (WORKERS,)),
    Word("role", "Active or passive, and why.", (WORKERS,)),
    Word(
        "stall",
        "For how long the worker itself stood still at most, within the last minute. Above 1 s "
        "something else takes its CPU, or its memory is on the disk.",
        (WORKERS,),
    ),
    Word("peer", "The node of the secondary, and its version.", (WORKERS,)),
    Word("not used", "A node of the secondary, or a mover, that did not work.", (WORKERS,)),
    Word("ledger", "Where what failed stands until it is right.", (FAILURES, EVENTS)),
    Word("gfid", "The number that an object has on both sides.", (FAILURES, EVENTS)),
    Word("limbo", "Where who is in the way waits until its own turn.", (FAILURES, ASIDE)),
    Word("quarantine", "Where it is kept when the primary never knew it.", (FAILURES, ASIDE)),
    Word("deletes", "Removals that a crawl could not see: georep reconcile.", (SESSIONS, WORKERS)),
    Word("▲ 12", "At the top: how much is wrong in all sessions.", (SESSIONS,)),
    Word(
        "×",
        "Marked: {failures.fix}, {failures.retry}, {failures.ignore} and {failures.export} mean "
        "these.",
        (FAILURES,),
    ),
    Word("…", "There is more than there was room for.", (FAILURES, EVENTS)),
)
"""What georep, or GlusterFS, calls things."""
WORDS = COLUMNS + STATES + TERMS


def of(screen: str) -> list[Word]:
    """Return the words of one screen: its columns, its states, and what else stands there."""
    return [word for word in WORDS if screen in word.on]


def meanings(asked: str) -> list[Word]:
    """Return what a word means, by its name or by what gsyncd calls it; nothing when unknown."""
    asked = " ".join(asked.split()).casefold()
    found = [word for word in WORDS if asked in {each.casefold() for each in _names(word)}]
    return list({word.means: word for word in found}.values())


def gsyncd(word: Word) -> list[str]:
    """Return every name that gsyncd has for it, the older ones too."""
    found: dict[str, None] = {}
    for name in word.gsyncd:
        first, _, rest = name.partition(" ")
        older = f"{OLDER[first]} {rest}".rstrip() if first in OLDER else name
        found |= dict.fromkeys((name, older))
    return list(found)


def lines(screen: str, width: int, keys: Keyboard = keyboard.USUAL) -> list[Line]:
    """Return the words of a screen, each with what it means, in lines of at most `width` cells."""
    told: list[Line] = []
    for word in of(screen):
        parts = rows.wrap(keys.spoken(word.means), width - HEAD, lines=5)
        if word.gsyncd:
            theirs = f"gsyncd: {', '.join(word.gsyncd)}"
            parts += rows.wrap(theirs, width - HEAD, lines=2)
        for at, part in enumerate(parts):
            meaning = "idle" if part.startswith("gsyncd: ") else ""
            head = rows.fit("" if at else word.word, HEAD)
            told.append(((head, "accent"), (part, meaning)))
    return told


def _names(word: Word) -> list[str]:
    return [*word.word.split(", "), *gsyncd(word)]
