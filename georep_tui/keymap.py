"""Every key of the console: what it does and where. Nothing else binds keys."""

from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding


class Where(StrEnum):
    """Where a key works; the word stands over its keys in the help."""

    EVERYWHERE = "everywhere"
    LISTS = "lists"
    SESSIONS = "sessions"
    WORKERS = "workers"
    FILTER = "filter"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that can be done, and the keys that do it."""

    id: str
    """What an operator names to give it another key."""
    keys: str
    """Textual's names, comma-separated; the first is the one that is shown."""
    shown: str
    """The keys as a person reads them."""
    action: str
    label: str
    """One or two words for the bottom line; empty: only the help tells of it."""
    help: str
    where: Where


def _all() -> tuple[Key, ...]:
    every, lists = Where.EVERYWHERE, Where.LISTS
    return (
        Key("sessions.open", "enter", "⏎", "open", "workers", "its workers", Where.SESSIONS),
        Key("sessions.back", "escape", "esc", "back", "all", "drop the filter", Where.SESSIONS),
        Key("workers.open", "enter", "⏎", "open", "detail", "all about it", Where.WORKERS),
        Key("workers.back", "escape", "esc", "back", "back", "one step back", Where.WORKERS),
        Key("list.down", "j,down", "j ↓", "move(1)", "", "next", lists),
        Key("list.up", "k,up", "k ↑", "move(-1)", "", "previous", lists),
        Key("list.first", "g,home", "g", "first", "", "first", lists),
        Key("list.last", "G,end", "G", "last", "", "last", lists),
        Key("list.page_down", "pagedown", "PgDn", "page(1)", "", "a page down", lists),
        Key("list.page_up", "pageup", "PgUp", "page(-1)", "", "a page up", lists),
        Key("go.sessions", "1", "1", "go('sessions')", "", "sessions", every),
        Key("go.workers", "2", "2", "go('workers')", "", "workers of the session", every),
        Key(
            "filter", "slash", "/", "filter", "filter", "keep the rows with it; !x: without", every
        ),
        Key(
            "freeze", "space", "space", "freeze", "freeze", "hold the picture, or let it go", every
        ),
        Key("theme", "d", "d", "theme", "dark/light", "dark or light", every),
        Key("help", "question_mark", "?", "help", "help", "these keys", every),
        Key("quit", "q", "q", "quit", "quit", "leave; replication goes on", every),
        Key("filter.keep", "enter", "⏎", "submit", "keep", "keep the filter", Where.FILTER),
        Key("help.close", "escape,q,question_mark", "esc", "close", "close", "close", Where.HELP),
    )


KEYS = _all()


def bindings(where: Where) -> list[Binding]:
    """Return the bindings of one place, the shown key of each first."""
    found: list[Binding] = []
    for key in KEYS:
        if key.where is not where:
            continue
        for at, name in enumerate(key.keys.split(",")):
            found.append(
                Binding(
                    name,
                    key.action,
                    key.label,
                    show=bool(key.label) and at == 0,
                    key_display=key.shown,
                    id=key.id if at == 0 else f"{key.id}.{name}",
                )
            )
    return found


def helped() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each place and its keys, as the help tells them."""
    return [
        (where.value, [(key.shown, key.help) for key in KEYS if key.where is where])
        for where in Where
    ]
