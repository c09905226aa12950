"""Every column and every state on the screens has its meaning in the help, gsyncd's too."""

import json
import re

import beside
import pytest
import scripted
from textual.pilot import Pilot
from watching import all_help, drawn, text

from engine.events import Crawl, Role, Wanted
from engine.figures import Status
from engine.state import State, apply
from georep_tui import cli, detail, event_rows, failed, glossary, put_aside, tables, throughput
from georep_tui.app import Console
from georep_tui.rows import Line
from georep_tui.screens.help import WIDTH, HelpScreen
from georep_tui.throughput import View

WIDTHS = (80, 140)
NUMBER = re.compile(r"\s{2,}")
MARK = re.compile("[↓↑]")
"""Says by which column rows are sorted."""


def picture() -> State:
    state = State()
    for event in scripted.events():
        apply(state, event)
    return state


def heads() -> list[tuple[str, Line]]:
    """Return each head of each table, with the screen that it stands on."""
    state, found = picture(), list[tuple[str, Line]]()
    prod = state.sessions["prod"]
    worker = prod.workers["gfs1:/bricks/b1"]
    for width in WIDTHS:
        found += [
            ("sessions", tables.sessions(state, scripted.NOW, width).head),
            ("workers", tables.workers(prod, scripted.NOW, width).head),
            ("workers", detail.batches(worker, 62)[0]),
            ("workers", detail.jobs(worker, 62)[0]),
            ("failures", failed.head(width)),
            ("aside", put_aside.head(width)),
            ("throughput", throughput.jobs(prod, View(), width - 1).head),
            ("throughput", throughput.hitters(throughput.heavy(worker.jobs), width, 6)[1]),
            *(("events", event_rows.head(width, dated=dated)) for dated in (True, False)),
        ]
    return found


def titles(head: Line) -> list[str]:
    words = MARK.sub("", "".join(part for part, _ in head)).strip()
    # Some columns have one cell between them; none has a small letter but 60 s and rates.
    parts = [each for part in NUMBER.split(words) for each in _apart(part)]
    return [each for each in parts if each]


def _apart(part: str) -> list[str]:
    known = {word.word for word in glossary.COLUMNS}
    return [part] if part in known else part.split(" ")


@pytest.mark.parametrize(
    ("screen", "head"),
    [pytest.param(*each, id=f"{each[0]}-{at}") for at, each in enumerate(heads())],
)
def test_every_column_has_its_meaning_on_its_screen(screen: str, head: Line) -> None:
    told = {word.word for word in glossary.of(screen)}
    assert titles(head)
    assert [title for title in titles(head) if title not in told] == []


@pytest.mark.parametrize(
    ("states", "screens"),
    [
        pytest.param([each.value for each in Status], ("sessions", "workers"), id="status"),
        pytest.param([each.value for each in Crawl], ("workers",), id="crawl"),
        pytest.param([each.value for each in Role], ("workers",), id="role"),
        pytest.param([Wanted.CREATED.value, "hybrid", "history"], ("sessions",), id="session"),
        pytest.param(["standby"], ("workers",), id="doing"),
        pytest.param(
            ["skipped", "quarantined", "limbo", "quarantine"], ("failures",), id="failure"
        ),
        pytest.param(["limbo", "quarantine"], ("aside",), id="put aside"),
        pytest.param(list(event_rows.LEVELS.values()), ("events",), id="level"),
        pytest.param(
            ["position", "there", "left", "pending", "waits", "stime", "slice", "batch", "role"],
            ("workers",),
            id="a worker's page",
        ),
    ],
)
def test_every_state_has_its_meaning(states: list[str], screens: tuple[str, ...]) -> None:
    for screen in screens:
        told = {name for word in glossary.of(screen) for name in word.word.split(", ")}
        assert set(states) <= told


def test_everything_of_gsyncds_status_is_told_of() -> None:
    told = {name for word in glossary.WORDS for name in word.gsyncd}
    assert told == {each.gsyncd for each in (*beside.COLUMNS, *beside.STATES)}
    older = {"MASTER NODE", "MASTER VOL", "MASTER BRICK", "SLAVE USER", "SLAVE", "SLAVE NODE"}
    assert older <= {name for word in glossary.WORDS for name in glossary.gsyncd(word)}


def test_nothing_is_told_of_a_screen_that_there_is_not_nor_twice() -> None:
    screens = set(Console.MODES)
    for word in glossary.WORDS:
        assert set(word.on) <= screens
        assert word.means.endswith(".")
    for screen in screens:
        names = [word.word for word in glossary.of(screen)]
        assert len(names) == len(set(names)), screen


@pytest.mark.parametrize("screen", Console.MODES)
def test_lines_fit(screen: str) -> None:
    for line in glossary.lines(screen, WIDTH):
        assert len("".join(part for part, _ in line)) <= WIDTH


async def press(pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await drawn(pilot)
    app = pilot.app
    assert isinstance(app, Console)
    return text(app)


async def test_the_help_tells_them_on_each_screen() -> None:
    app = Console(scripted.stream(), clock=scripted.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, "G")
        for key, (screen, word) in zip(
            "12345",
            {
                "sessions": "TO SEND",
                "workers": "stime",
                "failures": "limbo",
                "throughput": "MATCHED",
                "events": "ledger",
            }.items(),
            strict=True,
        ):
            await press(pilot, key)
            shown = await press(pilot, "question_mark")
            assert isinstance(app.screen, HelpScreen)
            assert "w: what the words on this screen mean" in shown
            await press(pilot, "w")
            shown = await all_help(pilot)
            assert word in shown, screen
            for each in glossary.of(screen):
                assert each.word in shown
            assert "w: what the words" in await press(pilot, "tab"), "the keys again"
            await press(pilot, "escape")


def test_where_gsyncds_checkpoint_and_sides_stand_on_a_workers_page() -> None:
    state = picture()
    session = state.sessions["prod"]
    told = ["".join(part for part, _ in line) for line in detail.of_session(session, 1.0, 76)]
    assert any("prod → georep@dr1::prod" in line for line in told), "SECONDARY USER, too"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param("MASTER BRICK", "BRICK", id="of an old gsyncd"),
        pytest.param("crawl status", "CRAWL", id="as somebody writes it"),
        pytest.param("limbo", "limbo", id="a thing"),
        pytest.param("bad", "warn, bad", id="one of two"),
    ],
)
def test_explain_knows_them(asked: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "--json", *asked.split()]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in found] == [said]
    assert found[0]["kind"] == "word"
    assert cli.main(["explain", *asked.split()]) == 0
    assert "on the screen" in capsys.readouterr().out
