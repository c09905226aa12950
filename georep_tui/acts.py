"""What an operator can have done to a session, when, and in which words it is told first. Pure."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from engine.config import Session
from engine.events import Wanted
from engine.state import SessionState
from georep_tui import hosts, keyboard, rows
from georep_tui.keyboard import Keyboard
from georep_tui.rows import Line


class Act(StrEnum):
    """One thing that a key does to a session."""

    NEW = "new"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CHECKPOINT = "checkpoint"
    OPTIONS = "options"
    DOCTOR = "doctor"
    VERIFY = "verify"
    STOP = "stop"
    DELETE = "delete"


_ALWAYS = {Act.OPTIONS, Act.DOCTOR, Act.VERIFY, Act.CHECKPOINT}
_AFTER: dict[Wanted, Collection[Act]] = {
    Wanted.CREATED: _ALWAYS | {Act.START, Act.DELETE},
    Wanted.STOPPED: _ALWAYS | {Act.START, Act.DELETE},
    Wanted.STARTED: _ALWAYS | {Act.PAUSE, Act.STOP},
    Wanted.PAUSED: _ALWAYS | {Act.RESUME, Act.STOP},
}
_UNREAD = (Act.START, Act.STOP, Act.DOCTOR, Act.DELETE)
"""What mends, or removes, a session of which nobody knows what is wanted."""


def possible(session: SessionState | None) -> Collection[Act]:
    """Return what can be done where the cursor stands; without a session, only a new one."""
    if session is None:
        return (Act.NEW,)
    known = session.known
    return {Act.NEW, *(_AFTER[known.wanted] if known else _UNREAD)}


_QUESTIONS = {
    Act.START: "Start session {name}?",
    Act.PAUSE: "Pause session {name}?",
    Act.RESUME: "Let session {name} go on?",
    Act.STOP: "Stop session {name}?",
    Act.DELETE: "Delete session {name}?",
}
_WORDS: dict[Act, str] = {
    Act.START: "A worker begins on each brick of {where}. It goes on where the brick's position "
    "is; without one, everything that is there is looked at first. It runs again after every "
    "restart, until it is stopped.",
    Act.PAUSE: "What is under way is finished, and nothing new is begun. Workers, mounts and "
    "connections stay. Bricks go on writing down what changes. It rests, also after a restart, "
    "until {session.resume} lets it go on.",
    Act.RESUME: "It goes on at once, from where it rests, with all that changed meanwhile.",
    Act.STOP: "Its workers on {where} end. What is half done is done again after the next start; "
    "nothing is lost. Bricks go on writing down what changes. It stays stopped, also after a "
    "restart, until {session.start} starts it.",
    Act.DELETE: "Its file, its journal, its list of failures and its checkpoints on {where} "
    "are removed, and do not come back. Both volumes stay as they are.",
}
_HERE = (
    "Only of this node: where its volume has bricks on others, say it there, too; or open the "
    "console on all of them: georep --pool."
)
_THERE = "It is said on {where}, where the session is."
_ON = "All of this is done on {where}."
_EACH = (
    "All of this is done on {where}, one after the other; the first that refuses ends it. What was "
    "looked at until now is the first of them, and the secondary."
)


def told(
    act: Act,
    name: str,
    session: SessionState | None,
    width: int,
    where: str = "",
    keys: Keyboard = keyboard.USUAL,
) -> list[Line]:
    """Return what an act would do, as a question and its answer. `where`: the nodes that it is done
    on; empty: this one.
    """
    known = session.known if session else None
    lines = head(_QUESTIONS[act].format(name=name), width)
    if known is not None:
        lines += words(f"{known.primary} → {known.secondary}", width, "accent")
        lines.append(())
    does = keys.spoken(_WORDS[act].replace("{where}", where or hosts.HERE))
    of = _THERE.format(where=where) if where else _HERE
    return [*lines, *words(does, width), (), *words(of, width)]


def creation(
    session: Session,
    crossed: int | None,
    width: int,
    *,
    enable: bool,
    force: bool,
    where: str = "",
    several: bool = False,
) -> list[Line]:
    """Return what making a session would do; `crossed`: how many checks failed until now, None
    while nobody knows. `where`: the nodes that it is made on, and whether these are `several`;
    empty: this one.
    """
    lines = head(f"Create session {session.name}?", width)
    lines += words(f"{session.primary} → {session.secondary}", width, "accent")
    lines.append(())
    if enable:
        lines += words(f"The changelog of {session.primary} is switched on, if it is off.", width)
    lines += words(
        "Then everything is looked at once more, on both sides; small files go through each mover, "
        "and an empty directory is made the secondary. If all is well the session's file is "
        "written. Nothing is started.",
        width,
    )
    if force:
        found = "Also into a secondary that is not empty: what is in the way of a name goes to "
        lines += words(f"{found}limbo and quarantine, all else there stays.", width, "warn")
    if where:
        lines += words((_EACH if several else _ON).format(where=where), width)
    if crossed:
        lines += words(f"{rows.many(crossed, 'line')} crossed: as it is, it fails.", width, "warn")
    elif crossed is None:
        lines += words("Not everything has been looked at yet.", width, "idle")
    return lines


def reset(name: str, option: str, becomes: str, how: str, width: int) -> list[Line]:
    """Return what putting an option back to its default would do."""
    lines = head(f"Put {option} of session {name} back to its default?", width)
    return lines + words(f"{option} becomes {becomes}. {how}", width)


def reset_all(name: str, changed: Sequence[str], width: int) -> list[Line]:
    """Return what putting all options back would do."""
    lines = head(f"Put all options of session {name} back to their defaults?", width)
    lines += words(f"These have another value now: {', '.join(changed)}.", width)
    return lines + words("The session's workers start again, unless all of these are live.", width)


def head(question: str, width: int) -> list[Line]:
    """Return a question and an empty line."""
    return [*words(question, width, "strong"), ()]


def words(text: str, width: int, meaning: str = "") -> list[Line]:
    """Return a text over several lines."""
    return [((part, meaning),) for part in rows.wrap(text, width, lines=6)]
