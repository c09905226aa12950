"""Every key of the console: what it does and where. Nothing else binds keys."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from georep_tui import dialog_keys
from georep_tui.key import Key, Where

if TYPE_CHECKING:
    from textual.binding import Binding

_LEFT, _RIGHT = "left_square_bracket", "right_square_bracket"
_LESS, _GREATER = "less_than_sign", "greater_than_sign"


def _all() -> tuple[Key, ...]:
    every, lists = Where.EVERYWHERE, Where.LISTS
    return (
        Key("sessions.open", "enter", "⏎", "open", "workers", "its workers", Where.SESSIONS),
        Key("sessions.back", "escape", "esc", "back", "back", "drop the filter", Where.SESSIONS),
        Key("workers.open", "enter", "⏎", "open", "detail", "all about it", Where.WORKERS),
        Key("workers.back", "escape", "esc", "back", "back", "one step back", Where.WORKERS),
        *(
            Key(f"{place}.events", "l", "l", "events", "events", "its events", place)
            for place in (Where.SESSIONS, Where.WORKERS)
        ),
        *(key for place in (Where.SESSIONS, Where.WORKERS) for key in _ranked(place)),
        *_throughput(),
        *_events(),
        Key("sessions.failures", "f", "f", "failures", "failures", "its failures", Where.SESSIONS),
        Key("workers.failures", "f", "f", "failures", "failures", "its failures", Where.WORKERS),
        *_failures(),
        *_aside(),
        Key("list.down", "j,down", "j ↓", "move(1)", "", "next", lists),
        Key("list.up", "k,up", "k ↑", "move(-1)", "", "previous", lists),
        Key("list.first", "g,home", "g", "first", "", "first", lists),
        Key("list.last", "G,end", "G", "last", "", "last", lists),
        Key("list.page_down", "pagedown", "PgDn", "page(1)", "", "a page down", lists),
        Key("list.page_up", "pageup", "PgUp", "page(-1)", "", "a page up", lists),
        *_panes(),
        Key("go.sessions", "1", "1", "go('sessions')", "", "sessions", every),
        Key("go.workers", "2", "2", "go('workers')", "", "workers of the session", every),
        Key("go.failures", "3", "3", "go('failures')", "", "failures of the session", every),
        Key("go.throughput", "4", "4", "go('throughput')", "", "how fast the session is", every),
        Key("go.events", "5", "5", "go('events')", "", "all events", every),
        Key(
            "filter", "slash", "/", "filter", "filter", "keep the rows with it; !x: without", every
        ),
        Key("help", "question_mark", "?", "help", "help", "these keys", every),
        Key(
            "freeze", "space", "space", "freeze", "freeze", "hold the picture, or let it go", every
        ),
        Key("palette", "colon,ctrl+p", ": ^p", "palette", "", "everything, by typing", every),
        Key("theme", "d", "d", "theme", "", "dark or light", every),
        Key("quit", "q", "q", "quit", "quit", "leave; replication goes on", every),
        Key("filter.keep", "enter", "⏎", "submit", "keep", "keep the filter", Where.FILTER),
        Key("help.close", "escape,q,question_mark", "esc", "close", "close", "close", Where.HELP),
        Key("help.words", "w,tab", "w", "words", "", "what the words mean; keys", Where.HELP),
        Key("help.down", "j,down,pagedown", "j k", "scroll(1)", "", "down, or up", Where.HELP),
        Key("help.up", "k,up,pageup", "k", "scroll(-1)", "", "", Where.HELP),
        Key("agree.yes", "y,enter", "y ⏎", "agree", "yes", "do it", Where.AGREE),
        Key("agree.no", "escape,n,q", "esc", "close", "no", "leave all as it is", Where.AGREE),
        Key("name.write", "enter", "⏎", "submit", "write", "write it", Where.NAME),
        Key("name.close", "escape", "esc", "close", "close", "write nothing", Where.NAME),
        Key("path.take", "enter", "⏎", "submit", "go on", "see what that means", Where.PATH),
        Key("path.close", "escape", "esc", "close", "close", "leave it there", Where.PATH),
        *_palette(),
    )


def _panes() -> tuple[Key, ...]:
    here, no = Where.PANES, ""
    return (
        Key("pane.next", "tab", "tab", "pane(1)", no, "move in the next pane", here),
        Key("pane.last", "shift+tab", "⇧tab", "pane(-1)", no, "move in the pane before", here),
        Key("pane.zoom", "z", "z", "zoom", no, "fill the screen with it, or show all", here),
        Key("pane.wide", "w", "w", "wide", "wide", "rows in full, or as before", here),
        Key(
            "pane.right", "right", "→ ←", "slide(1)", no, "rows in full: further right, left", here
        ),
        Key("pane.left", "left", "←", "slide(-1)", no, no, here),
    )


def _ranked(here: Where) -> tuple[Key, ...]:
    """Upper-case S starts a session: what turns the order round is not the shift of what sorts."""
    calm = "the next column; anew after 5 s at rest"
    return (
        Key(f"{here}.sort", "s", "s", "sort", "sort", calm, here),
        Key(f"{here}.reverse", "r", "r", "reverse", "", "the other way round", here),
        Key(f"{here}.copy", "y", "y", "copy", "", "copy it in one line, for a ticket", here),
    )


def _palette() -> tuple[Key, ...]:
    here = Where.PALETTE
    return (
        Key("palette.take", "enter", "⏎", "submit", "take", "do it, or go there", here),
        Key("palette.close", "escape", "esc", "close", "close", "do nothing", here),
        Key("palette.down", "down", "↓ ↑", "move(1)", "", "the next one, or the last", here),
        Key("palette.up", "up", "↑", "move(-1)", "", "", here),
    )


def _throughput() -> tuple[Key, ...]:
    here, no = Where.THROUGHPUT, ""
    return (
        Key("throughput.open", "enter", "⏎", "open", "job", "all about the job", here),
        Key("throughput.back", "escape", "esc", "back", "back", "one step back", here),
        Key("throughput.metric", "m", "m", "metric", "metric", "draw the next figure", here),
        Key("throughput.window", "t", "t", "window", "window", "over 60 s, 10 min, 1 h", here),
        Key("throughput.brick", "b", "b", "brick", "brick", "one brick after the other, all", here),
        Key("throughput.sort", "s", "s", "sort", "sort", "newest, most sent, longest, least", here),
        Key("throughput.reverse", "S,r", "S r", "reverse", no, "the other way round", here),
        Key("throughput.events", "l", "l", "events", no, "events of the job's brick", here),
        Key("throughput.copy", "y", "y", "copy", no, "copy the job, whole", here),
    )


def _events() -> tuple[Key, ...]:
    here = Where.EVENTS
    return (
        Key("events.open", "enter", "⏎", "open", "open", "all about it", here),
        Key("events.back", "escape", "esc", "back", "back", "one step back", here),
        Key("events.level", "l", "l", "level", "level", "what matters more; all; again", here),
        Key("events.brick", "b", "b", "brick", "brick", "only this brick, or all", here),
        Key("events.copy", "y", "y", "copy", "", "copy it, whole", here),
    )


def _failures() -> tuple[Key, ...]:
    here, no = Where.FAILURES, ""
    return (
        Key("failures.open", "enter", "⏎", "open", "open", "all about it", here),
        Key("failures.back", "escape", "esc", "back", "back", "one step back", here),
        Key("failures.mark", "x", "x", "mark", "mark", "mark it, or no longer", here),
        Key("failures.all", "a", "a", "mark_all", no, "mark all shown and still tried", here),
        Key("failures.fix", "F", "F", "fix", "fix", "clear its way; asks first", here),
        Key("failures.retry", "R", "R", "retry", "retry", "try again now; asks first", here),
        Key("failures.ignore", "I", "I", "ignore", "ignore", "leave alone; asks first", here),
        Key("failures.aside", "p", "p", "put_aside", no, "who was put aside", here),
        Key("failures.export", "E", "E", "export", "export", "write to a file; asks first", here),
        Key("failures.sort", "s", "s", "sort", "sort", "by time, kind, path, tries", here),
        Key("failures.reverse", "S,r", "S r", "reverse", no, "the other way round", here),
        Key("failures.group", "b", "b", "group", no, "together: by kind, folder, brick", here),
        Key("failures.copy", "y", "y", "copy", no, "copy its path, for a shell", here),
    )


def _aside() -> tuple[Key, ...]:
    here = Where.ASIDE
    return (
        Key("aside.back", "escape", "esc", "back", "back", "to the failures", here),
        Key("aside.restore", "R", "R", "restore", "restore", "bring it back; asks first", here),
        Key("aside.drop", "D", "D", "drop", "drop", "remove it for good; asks first", here),
        Key("aside.update", "u", "u", "update", "update", "ask the secondary again", here),
        Key("aside.copy", "y", "y", "copy", "", "copy where it stood, for a shell", here),
    )


def _replay() -> tuple[Key, ...]:
    here, no = Where.REPLAY, ""
    return (
        Key("replay.play", "space", "space", "play", "play", "let time pass, or hold it", here),
        Key("replay.back", "comma", ", .", "step(-1)", "step", "one event back, or on", here),
        Key("replay.on", "full_stop", ".", "step(1)", no, no, here),
        Key("replay.earlier", _LEFT, "[ ]", "minute(-1)", "1 min", "a minute back, or on", here),
        Key("replay.later", _RIGHT, "]", "minute(1)", no, no, here),
        Key("replay.slower", _LESS, "< >", "speed(-1)", "speed", "slower, or faster", here),
        Key("replay.faster", _GREATER, ">", "speed(1)", no, no, here),
        Key("replay.next", "n", "n N", "alert(1)", "next ▲", "the next ▲, or the last", here),
        Key("replay.last", "N", "N", "alert(-1)", no, no, here),
        Key("replay.time", "g", "g", "time", "time", "go to a time", here),
        *_finding(),
        *_marking(),
        Key("time.go", "enter", "⏎", "submit", "go", no, Where.TIME),
        Key("time.close", "escape", "esc", "close", "close", no, Where.TIME),
    )


def _finding() -> tuple[Key, ...]:
    here, no = Where.REPLAY, ""
    return (
        Key("replay.find", "slash", "/", "find", "find", "in Events: in the whole replay", here),
        # A key of a replay takes the place of the same key everywhere.
        Key("replay.filter", "slash", "/", "filter", "filter", no, here),
        Key(
            "find.next", "n", "n N", "hit(1)", "next", "while finding: the next, or the last", here
        ),
        Key("find.last", "N", "N", "hit(-1)", no, no, here),
        Key("find.end", "escape", "esc", "unfind", "end", "find no more", here),
    )


def _marking() -> tuple[Key, ...]:
    here, no, fore, back = Where.REPLAY, "", "right_curly_bracket", "left_curly_bracket"
    listed = "palette('goto: ')"
    return (
        Key(
            "marker.set", "asterisk", "*", "mark", no, "set a marker ◆ here, or take it away", here
        ),
        Key("marker.last", back, "{ }", "marker(-1)", no, "a marker back, or on", here),
        Key("marker.next", fore, "}", "marker(1)", no, no, here),
        Key("marker.list", "apostrophe", "'", listed, no, "all markers", here),
        Key("marker.cut", "e", "e", "cut", no, "write what is between two to a file", here),
    )


def _managing() -> tuple[Key, ...]:
    here = Where.MANAGING
    return (
        Key("session.new", "N", "N", "manage('new')", "new", "make one; asks first", here),
        Key("session.start", "S", "S", "manage('start')", "start", "start it; asks first", here),
        Key("session.pause", "P", "P", "manage('pause')", "pause", "let it rest; asks first", here),
        Key("session.resume", "U", "U", "manage('resume')", "resume", "go on; asks first", here),
        Key(
            *("session.checkpoint", "C", "C", "manage('checkpoint')", "checkpoint"),
            *("set one, for now or a time; asks first", here),
        ),
        Key(
            *("session.options", "O", "O", "manage('options')", "options"),
            *("all that is set, and change it", here),
        ),
        Key("session.stop", "X", "X", "manage('stop')", "stop", "stop it; asks first", here),
        Key(
            *("session.doctor", "H", "H", "manage('doctor')", "doctor"),
            *("look at all that it needs, on both sides", here),
        ),
        Key(
            *("session.verify", "V", "V", "manage('verify')", "verify"),
            *("compare both volumes; asks what", here),
        ),
        Key(
            *("session.delete", "D", "D", "manage('delete')", "delete"),
            *("remove it when it is stopped; asks twice", here),
        ),
        *dialog_keys.every(),
    )


KEYS = _all()
MANAGING_KEYS = _managing()
"""What a console has beside them that changes the sessions of its node."""
REPLAY_KEYS = _replay()
"""What a replay has beside them."""
EVERY = KEYS + MANAGING_KEYS + REPLAY_KEYS
BY_ID = {key.id: key for key in EVERY}
CHANGES = frozenset(
    (
        *(key.id for key in MANAGING_KEYS if key.where is Where.MANAGING),
        *("failures.fix", "failures.retry", "failures.ignore", "aside.restore", "aside.drop"),
        *("options.reset", "options.all", "differences.resend"),
    )
)
"""What changes a session, or what is replicated: no key that is hit in passing does that."""
BESIDE = {
    **{"replay.back": "replay.on", "replay.earlier": "replay.later"},
    **{"replay.slower": "replay.faster", "replay.next": "replay.last", "find.next": "find.last"},
    **{"marker.last": "marker.next", "pane.right": "pane.left", "help.down": "help.up"},
    **{"palette.down": "palette.up", "form.next": "form.before"},
}
"""What is shown, and told, together with its opposite."""
_HELD_TIME = {"freeze", "list.first"}
"""Keys that mean something else in a replay."""
_CHANGING = {
    *("failures.retry", "failures.ignore", "failures.fix", "failures.aside"),
    *(key.id for key in _aside()),
}
"""Keys that change, or ask, what a replay cannot, nor a console that only reads."""
_AT_ONCE = ("form.next", "form.before")
_GIVE_WAY = (
    *("pane.wide", "failures.sort", "throughput.sort", "workers.sort", "sessions.sort"),
    *("session.verify", "session.delete", "session.doctor", "session.stop", "session.options"),
    *("freeze", "sessions.events", "workers.events", "session.new", "session.checkpoint"),
    *("sessions.failures", "workers.failures", "filter", "quit", "session.start"),
    *("replay.slower", "replay.earlier", "replay.time", "replay.back"),
)
"""Which are left out of a bottom line that is too short for all, the first one first."""


def binding_ids(key: Key) -> list[str]:
    """Return what the binding of each of its keys is called: the first one as the key itself."""
    _, *others = key.keys.split(",")
    return [key.id, *(f"{key.id}.{name}" for name in others)]


def bindings(where: Where) -> "list[Binding]":
    """Return the bindings of one place, the shown key of each first."""
    from textual.binding import Binding  # deferred: commands that speak of keys show no screen

    found: list[Binding] = []
    for key in EVERY:
        if key.where is not where:
            continue
        for at, (name, id) in enumerate(zip(key.keys.split(","), binding_ids(key), strict=True)):
            found.append(
                Binding(
                    name,
                    key.action,
                    key.label,
                    show=bool(key.label) and at == 0,
                    key_display=key.shown,
                    id=id,
                    # The list has keys of its own, and some of them are the same. And what is
                    # typed quickly after another line was chosen must go there.
                    priority=where is Where.REPLAY or key.id in _AT_ONCE,
                )
            )
    return found


def helped(
    keys: Sequence[Key] = KEYS, *, first: str = ""
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each place that has keys, and those, as the help tells them; `first` before others."""
    found = [
        (where.value, [(key.shown, key.help) for key in keys if key.where is where and key.help])
        for where in Where
    ]
    found.sort(key=lambda place: place[0] != first)
    return [(where, told) for where, told in found if told]


def fitting(hints: Sequence[tuple[str, int]], room: int) -> set[str]:
    """Return which keys a bottom line of `room` cells has place for; `hints` are id and width."""
    found = dict(hints)
    for id in _GIVE_WAY:
        if sum(found.values()) <= room:
            break
        found.pop(id, None)
    for id, _ in reversed(hints):
        if sum(found.values()) <= room:
            break
        if id != "help":
            found.pop(id, None)
    return set(found)


def reading() -> tuple[Key, ...]:
    """Return the keys of a console that changes nothing."""
    return tuple(key for key in KEYS if key.id not in _CHANGING)


def of_replay() -> tuple[Key, ...]:
    """Return the keys that work in a replay."""
    return REPLAY_KEYS + tuple(key for key in reading() if key.id not in _HELD_TIME)
