"""What can be done to a session, when, and what is told of it first."""

import pytest

from engine import options
from engine.config import Session
from engine.events import SessionKnown, Wanted
from engine.options import Options
from engine.session.checks import Check
from engine.session.errands import Differed
from engine.state import SessionState, State, apply
from georep_tui import acts, inspecting, keymap, settings
from georep_tui.acts import Act
from georep_tui.key import Where
from georep_tui.rows import Line

ALWAYS = {Act.NEW, Act.OPTIONS, Act.DOCTOR, Act.VERIFY, Act.CHECKPOINT}


def wanted(word: Wanted) -> SessionState:
    state = State()
    known = SessionKnown(
        at=1, session="s", primary="gvol", secondary="root@h::svol", wanted=word, node="n"
    )
    apply(state, known)
    return state.sessions["s"]


def said(lines: list[Line]) -> str:
    return " ".join(text for line in lines for text, _ in line)


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        pytest.param(None, {Act.NEW}, id="no session under the cursor"),
        pytest.param(
            SessionState(),
            {Act.NEW, Act.START, Act.STOP, Act.DOCTOR, Act.DELETE},
            id="a file that cannot be read",
        ),
        pytest.param(wanted(Wanted.CREATED), ALWAYS | {Act.START, Act.DELETE}, id="created"),
        pytest.param(wanted(Wanted.STOPPED), ALWAYS | {Act.START, Act.DELETE}, id="stopped"),
        pytest.param(wanted(Wanted.STARTED), ALWAYS | {Act.PAUSE, Act.STOP}, id="started"),
        pytest.param(wanted(Wanted.PAUSED), ALWAYS | {Act.RESUME, Act.STOP}, id="paused"),
    ],
)
def test_what_can_be_done(session: SessionState | None, expected: set[Act]) -> None:
    assert set(acts.possible(session)) == expected


@pytest.mark.parametrize("act", [Act.START, Act.PAUSE, Act.RESUME, Act.STOP, Act.DELETE])
def test_each_act_says_what_it_does_and_where(act: Act) -> None:
    words = said(acts.told(act, "s", wanted(Wanted.STOPPED), 60))
    assert "session s" in words
    assert "gvol → root@h::svol" in words
    assert "Only of this node" in words
    assert "[/" in said(acts.told(act, "[/", SessionState(), 60))


def test_what_making_a_session_would_do() -> None:
    session = Session("s", "gvol", "root", "h", "svol")
    words = said(acts.creation(session, 0, 60, enable=False, force=False))
    assert "Nothing is started" in words
    assert "changelog" not in words
    assert "quarantine" not in words
    words = said(acts.creation(session, 2, 60, enable=True, force=True))
    assert "changelog of gvol is switched on" in words
    assert "quarantine" in words
    assert "2 lines crossed" in words
    assert "Not everything" in said(acts.creation(session, None, 60, enable=False, force=False))


@pytest.mark.parametrize(
    ("where", "several", "words"),
    [
        ("", False, None),
        ("gfs2", False, "All of this is done on gfs2."),
        ("this node and gfs2", True, "on this node and gfs2, one after the other"),
    ],
)
def test_where_a_session_is_made(where: str, *, several: bool, words: str | None) -> None:
    session = Session("s", "gvol", "root", "h", "svol")
    told = acts.creation(session, 0, 64, enable=True, force=True, where=where, several=several)
    shown = " ".join(said(told).split())
    assert (words or "Nothing is started") in shown
    assert ("All of this" in shown) is bool(words)


def test_every_key_that_changes_a_session_is_an_act() -> None:
    keys = [key for key in keymap.MANAGING_KEYS if key.where is Where.MANAGING]
    assert {key.action for key in keys} == {f"manage('{act}')" for act in Act}
    assert all(key.keys.isupper() for key in keys), "no lower-case key changes anything"


def test_a_console_that_only_reads_has_no_changing_key() -> None:
    kept = {key.id for key in keymap.reading()}
    assert not kept & {key.id for key in keymap.MANAGING_KEYS}
    aside = {key.id for key in keymap.KEYS if key.where is Where.ASIDE}
    changing = {"failures.retry", "failures.ignore", "failures.fix", "failures.aside", *aside}
    assert not kept & changing
    assert kept == {key.id for key in keymap.KEYS} - changing


@pytest.mark.parametrize(
    ("room", "expected"),
    [(60, {"help", "replay.play", "replay.next"}), (40, {"help", "replay.play", "replay.next"})],
)
def test_help_has_place_in_the_bottom_line_of_a_replay(room: int, expected: set[str]) -> None:
    ids = ("play", "back", "earlier", "slower", "next", "time")
    shown = [key for key in keymap.REPLAY_KEYS if key.id.removeprefix("replay.") in ids]
    hints = [*((key.id, len(key.shown) + len(key.label) + 3) for key in shown), ("help", 9)]
    found = keymap.fitting(hints, room)
    assert found >= expected
    assert sum(wide for id, wide in hints if id in found) <= room


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        pytest.param(99, {"workers.open", "freeze", "help", "session.delete"}, id="room for all"),
        pytest.param(33, {"workers.open", "freeze", "help"}, id="what is seldom goes first"),
        pytest.param(25, {"workers.open", "help"}, id="then what everybody knows"),
        pytest.param(5, {"help"}, id="whatever else there is goes before help"),
    ],
)
def test_which_keys_the_bottom_line_has_place_for(room: int, expected: set[str]) -> None:
    hints = [("workers.open", 10), ("session.delete", 10), ("freeze", 10), ("help", 10)]
    assert keymap.fitting(hints, room) == expected


def test_checks_that_need_somebody_come_first() -> None:
    found = [
        Check("a", True, "fine [/", node="n"),
        Check("b", True, "advice", "better so"),
        Check("c", False, "wrong \x1b[31m", "mend it", "one\ntwo\nthree\nfour"),
    ]
    lines = inspecting.checks(found, 40)
    assert [line[0][0].strip() for line in lines if line[0][0].strip()] == ["✕", "!", "✓"]
    words = said(lines)
    assert "n: fine [/" in words
    assert "mend it" in words
    assert "four" in words
    assert "one" not in words, "the last words of another program say most"
    assert "\x1b" not in words
    assert inspecting.counted(found) == "3 things looked at, 1 wrong"
    assert inspecting.counted(found[:1]) == "1 thing looked at, all as they must be"


def test_differences_are_shown_as_they_are() -> None:
    one = Differed(path="/" + "x" * 90 + r"[/\xff", what="size", primary="1 B", secondary="2 B")
    lines = inspecting.differences([one], 60)
    assert said(lines[:1]).endswith(r"[/\xff")
    assert "1 B on the primary, 2 B on the secondary" in said(lines[1:])


@pytest.mark.parametrize(
    ("name", "text", "words", "meaning"),
    [
        pytest.param("bandwidth", "20m", "becomes 20m, it is 0. Workers take", "accent", id="live"),
        pytest.param("ssh-port", "23", "session's workers start again", "accent", id="restart"),
        pytest.param("ssh-port", "22", "It is 22 already", "idle", id="the same"),
        pytest.param("ssh-port", "x[/", "whole number from 1 to 65535", "bad", id="no number"),
        pytest.param("sync-acls", "OFF", "becomes false, it is true", "accent", id="yes or no"),
    ],
)
def test_what_setting_an_option_would_do(name: str, text: str, words: str, meaning: str) -> None:
    told, how = settings.becomes(options.TABLE[name], Options(), text)
    assert words in told
    assert how == meaning


@pytest.mark.parametrize("width", [80, 140])
def test_every_option_is_in_the_table(width: int) -> None:
    now = options.changed(Options(), ["sync-jobs=7", "ssh-key=/" + "k" * 99], where="x")
    table = settings.table(now, width)
    assert [row.key for row in table.rows] == list(options.TABLE)
    for row in table.rows:
        assert len("".join(text for text, _ in row.line)) <= width
    (row,) = (row for row in table.rows if row.key == "sync-jobs")
    assert ("accent" in {meaning for _, meaning in row.line}) is True
    about = said(settings.told(options.TABLE["secondary-timeout"], now, width))
    assert "silent for this long" in about
    assert "a whole number from 10 to 3600 s" in about
