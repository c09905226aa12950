"""What the palette offers, each as `noun: words`, and which of it is meant by what is typed. Pure.

Nouns that take words of the operator's own (a filter, a time) stand with those words as soon as
they are typed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.cells import cell_len

from engine.state import State
from georep_tui import rows, tables
from georep_tui.look import THEMES
from georep_tui.markers import Marker


class Noun(StrEnum):
    """What something is done with."""

    SESSION = "session"
    WORKER = "worker"
    SCREEN = "screen"
    GOTO = "goto"
    MARK = "mark"
    FIND = "find"
    FILTER = "filter"
    EXPORT = "export"
    RESEND = "resend"
    THEME = "theme"
    HELP = "help"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be done."""

    noun: Noun
    words: str
    """What is shown, and what is matched."""
    about: str = ""
    """What comes of it, in a few words."""
    value: tuple[str, ...] = ()
    """What it is done with, as it is called: names are not made printable here."""

    @property
    def text(self) -> str:
        """What it is told by."""
        return f"{self.noun.value}: {self.words}"


SCREENS = ("sessions", "workers", "failures", "throughput", "events")
STRETCH = Entry(Noun.EXPORT, "stretch", "write what is between two markers", ("stretch",))
FAILURES = Entry(Noun.EXPORT, "failures", "write those of the session to a file", ("failures",))
_REST = (
    *(Entry(Noun.THEME, name, "", (name,)) for name in THEMES),
    Entry(Noun.HELP, "keys", "all keys"),
    Entry(Noun.CONSOLE, "quit", "leave; replication goes on"),
)


def entries(picture: State, *, here: str | None, changing: str | None = None) -> list[Entry]:
    """Return what is always offered: sessions, workers, those of the session `here` first.

    `changing`: the session that can be changed; None: none can.
    """
    found = [
        Entry(Noun.SESSION, rows.verbatim(name), "its workers", (name,))
        for name in sorted(picture.sessions)
    ]
    for name in sorted(picture.sessions, key=lambda each: (each != here, each)):
        of = f"of {rows.verbatim(name)}"
        found += (
            Entry(Noun.WORKER, rows.verbatim(worker), of, (name, worker))
            for worker in sorted(picture.sessions[name].workers)
        )
    found += (Entry(Noun.SCREEN, name, "", (name,)) for name in SCREENS)
    if here in picture.sessions and picture.sessions[here].failing:
        found.append(FAILURES)
    if changing in picture.sessions:
        about = f"of {rows.verbatim(changing)}; asks first"
        found.append(Entry(Noun.RESEND, "a path that differs", about, (changing,)))
    return [*found, *_REST]


def of_replay(markers: Iterable[Marker]) -> list[Entry]:
    """Return what a replay offers beside: its markers, by time and words."""
    found = [
        Entry(
            Noun.GOTO,
            f"{rows.stamp(at)} {rows.verbatim(words)}",
            "marker ◆",
            (str(at), words),
        )
        for at, words in markers
    ]
    return [*found, STRETCH]


_FREE = {
    Noun.GOTO: "go to this time",
    Noun.MARK: "set a marker of this name here",
    Noun.FIND: "in all events of the replay",
    Noun.FILTER: "keep the rows with it",
}
_NOUNS = frozenset(noun.value for noun in Noun)


def offered(found: Sequence[Entry], nouns: Iterable[Noun], typed: str) -> list[Entry]:
    """Return what may be meant; with a noun before it only of that, own words first."""
    named, noun, words = _split(typed)
    own = [Entry(each, rows.verbatim(words), _FREE[each], (words,)) for each in nouns if words]
    if named:
        theirs = matching([each for each in found if each.noun.value == noun], words)
        return [*(each for each in own if each.noun.value == noun), *theirs]
    return [*matching(found, typed), *own]


def _split(typed: str) -> tuple[bool, str, str]:
    """Return whether it begins with a noun, that noun, and the words."""
    head, _, tail = typed.partition(":")
    noun = head.strip().casefold()
    named = noun in _NOUNS and ":" in typed
    return named, noun, " ".join((tail if named else typed).split())


def matching(found: Sequence[Entry], typed: str) -> list[Entry]:
    """Return the entries that hold every word typed, those that begin with it first."""
    words = tables.words_of(typed)
    begins = " ".join(typed.casefold().split())
    kept = [entry for entry in found if tables.holds(_sought(entry), words)]
    return sorted(kept, key=lambda entry: not _begins(entry, begins))


def _sought(entry: Entry) -> str:
    return f"{entry.text} {entry.about}".casefold()


def _begins(entry: Entry, typed: str) -> bool:
    return entry.text.casefold().startswith(typed) or entry.words.casefold().startswith(typed)


def line(entry: Entry, width: int) -> rows.Line:
    """Return an entry in `width` cells."""
    noun = f" {entry.noun.value}: "
    about = f"  {entry.about} " if entry.about else ""
    room = width - len(noun)
    words = rows.fit(entry.words, max(0, room - cell_len(about)))
    return ((noun, "idle"), (words, ""), (rows.fit(about, min(room, cell_len(about))), "idle"))
