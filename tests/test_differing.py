"""What was found to differ is chosen from, and sent again: which, in which words, asked first."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import managed
import pytest
import scripted
from acts import Acts
from managed import Errands
from test_console import console, press
from test_failures_screen import notices, settled
from test_managing_screen import knows
from watching import drawn

from engine.errors import Retry
from engine.events import AnyEvent, EngineStarted, Wanted
from engine.plan.steps import CHANGED, Step, Told
from engine.session.errands import AnyReport, Counted, Differed, Done
from engine.session.verify import Counts
from georep_tui import differing
from georep_tui.app import Console
from georep_tui.screens.agree import AgreeScreen
from georep_tui.screens.differing import DifferencesScreen
from georep_tui.screens.line import LineScreen
from georep_tui.screens.looking import VerifyScreen
from georep_tui.screens.sessions import SessionsScreen
from georep_tui.steward import Steward
from georep_tui.widgets.key_bar import KeyBar

BRACKET, BAD = "/a/[/b", r"/bad\xff"
SEND, BADLY = (
    Step(gfid="1", name=name, primary="file 1", secondary="other", does=(f"send {name}",))
    for name in (BRACKET, BAD)
)
EQUAL = "Both sides are equal now, to the last byte."
VERIFIED = ("V", "enter")


def told(*steps: Step, done: bool = False, words: str = "") -> list[Told]:
    return [Told(step=step, done=done, words=words) for step in steps]


def differed(path: str, what: str = "content") -> Differed:
    return Differed(path=path, what=what, primary="9 bytes", secondary="8 bytes")


def a_console(
    folder: Path, acts: Acts, answers: list[AnyReport] | None = None, *, plain: bool = False
) -> Console:
    async def source() -> AsyncIterator[AnyEvent]:
        yield EngineStarted(at=1, node="gfs1", version="0.1.0", pid=900)
        yield knows(Wanted.STARTED)
        await asyncio.Event().wait()

    errands = Errands()
    errands.answers = answers
    steward = Steward(managed.places(folder), run=errands.run, clock=scripted.clock, commands=acts)
    return console(source(), steward=steward, plain=plain)


def asked(acts: Acts) -> list[tuple[str, ...]]:
    return [words[1:] for words in acts.asked]


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
async def test_what_is_marked_is_sent_again(tmp_path: Path, size: tuple[int, int]) -> None:
    acts = Acts()
    acts.steps_told = [told(SEND, BADLY), told(SEND, BADLY, done=True, words=EQUAL)]
    app = a_console(tmp_path, acts)
    async with app.run_test(size=size) as pilot:
        await drawn(pilot)
        said = notices(app)
        shown = " ".join((await press(pilot, *VERIFIED)).split())
        assert "What is missing or different: ^r says what it would send" in shown
        assert "^r resend" in str(app.screen.query_one(KeyBar).render())
        shown = await press(pilot, "ctrl+r")
        assert isinstance(app.screen, DifferencesScreen)
        assert "2 paths to send again" in shown
        assert "content: 9 bytes on the primary, 8 bytes on the secondary" in shown
        assert "marked 1" in await press(pilot, "x")
        assert "missing: a file on the primary" in await press(pilot), "the cursor went on"
        assert "marked 2" in await press(pilot, "a")
        assert "marked" not in await press(pilot, "a")
        shown = await press(pilot, "a", "R")
        assert isinstance(app.screen, AgreeScreen)
        assert "Send 2 objects again?" in shown
        assert f"send {BAD}" in shown
        assert asked(acts) == [("resend", "prod", BRACKET, BAD)], "nothing yet, but a look"
        shown = await press(pilot, "y")
        await settled(pilot, app)
        tokens = ("--seen", SEND.token, "--seen", BADLY.token)
        assert asked(acts)[1] == ("resend", "prod", BRACKET, BAD, *tokens)
        assert said[-1] == f"2 objects: {EQUAL}"
        assert isinstance(app.screen, VerifyScreen), "nothing is left to send"
        shown = await press(pilot)
        assert "2 objects sent again, and equal now" in shown
        assert BRACKET not in shown
        await press(pilot, "ctrl+r")
        assert isinstance(app.screen, VerifyScreen), "nothing differs any more"


async def test_no_leaves_all_as_it_is(tmp_path: Path) -> None:
    acts = Acts()
    acts.steps_told = [told(SEND)]
    app = a_console(tmp_path, acts)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, *VERIFIED, "ctrl+r", "R", "n")
        assert isinstance(app.screen, DifferencesScreen)
        assert asked(acts) == [("resend", "prod", BRACKET)], "what is under the cursor"
        shown = await press(pilot, "escape")
        assert isinstance(app.screen, VerifyScreen)
        assert BRACKET in shown
        assert "Differences: 2" in shown


async def test_what_has_changed_is_shown_anew_and_what_is_left_stays(tmp_path: Path) -> None:
    acts, other = Acts(), Step(gfid="1", name=BRACKET, does=("make it",))
    acts.steps_told = [
        told(SEND, BADLY),
        [*told(other, words=CHANGED), *told(BADLY, done=True, words=EQUAL)],
        told(other, done=False, words="Refused: write: no space."),
    ]
    app = a_console(tmp_path, acts)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        said = notices(app)
        await press(pilot, *VERIFIED, "ctrl+r", "a", "R", "y")
        shown = await press(pilot)
        assert isinstance(app.screen, AgreeScreen)
        assert "make it" in shown
        await press(pilot, "y")
        await settled(pilot, app)
        assert said[-1] == "Refused: write: no space."
        shown = await press(pilot)
        assert isinstance(app.screen, DifferencesScreen)
        assert "1 path to send again" in shown
        assert BAD not in shown


async def test_why_nothing_is_done_is_told(tmp_path: Path) -> None:
    acts = Acts()
    acts.steps_told = [
        told(Step(gfid="1", name=BRACKET, refused="Another object stands at its name [/]."))
    ]
    app = a_console(tmp_path, acts)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        said = notices(app)
        await press(pilot, *VERIFIED, "ctrl+r", "R")
        await settled(pilot, app)
        assert said[-1] == "Another object stands at its name [/]."
        assert isinstance(app.screen, DifferencesScreen)


async def test_what_only_the_secondary_has_is_not_offered(tmp_path: Path) -> None:
    counts = Counts(objects=3, different=1, differences=1, extra=1)
    answers: list[AnyReport] = [
        differed("/only/there", "extra"),
        Counted(counts=counts),
        Done(fine=False),
    ]
    app = a_console(tmp_path, Acts(), answers)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, *VERIFIED, "ctrl+r")
        assert isinstance(app.screen, VerifyScreen)
        assert "^r" not in shown
        assert "georep reconcile prod" in shown


async def test_before_the_end_nothing_is_offered(tmp_path: Path) -> None:
    app = a_console(tmp_path, Acts(), [differed("/a")])
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        await press(pilot, *VERIFIED, "ctrl+r")
        assert isinstance(app.screen, VerifyScreen)


async def test_of_too_many_the_first_are_sent(tmp_path: Path) -> None:
    acts = Acts()
    acts.steps_told = [told(SEND)]
    answers: list[AnyReport] = [*(differed(f"/d/{at:03}") for at in range(150)), Done(fine=False)]
    app = a_console(tmp_path, acts, answers)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        said = notices(app)
        await press(pilot, *VERIFIED, "ctrl+r", "a", "R")
        assert "the first 100 of 150" in said
        ((_, _, *paths),) = asked(acts)
        assert paths == [f"/d/{at:03}" for at in range(100)]


async def test_only_ascii(tmp_path: Path) -> None:
    app = a_console(tmp_path, Acts(), plain=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        assert (await press(pilot, *VERIFIED)).isascii()
        assert (await press(pilot, "ctrl+r", "a")).isascii()


async def test_the_palette_sends_a_path_again(tmp_path: Path) -> None:
    acts = Acts()
    acts.steps_told = [told(BADLY), told(BADLY, done=True, words=EQUAL)]
    app = a_console(tmp_path, acts)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        said = notices(app)
        shown = await press(pilot, "colon", *"resend")
        assert "resend: a path that differs" in shown
        assert "of prod; asks first" in shown
        await press(pilot, "enter")
        assert isinstance(app.screen, LineScreen)
        shown = await press(pilot, *r"-bad\xff", "enter")
        assert isinstance(app.screen, AgreeScreen)
        assert "Send it again?" in shown
        assert asked(acts) == [("resend", "prod", r"/-bad\xff")], "no option of a command"
        await press(pilot, "y")
        await settled(pilot, app)
        assert said[-1] == EQUAL
        assert isinstance(app.screen, SessionsScreen)


async def test_who_only_reads_is_not_offered_to_send() -> None:
    app = console(scripted.quiet(), reading_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        shown = await press(pilot, "colon", *"resend:")
        assert "a path that differs" not in shown


async def test_here_it_is_the_command_of_this_node(tmp_path: Path) -> None:
    with pytest.raises(Retry, match="There is no session nope"):
        await Steward(managed.places(tmp_path)).resend("nope", [BAD], ())


def test_what_can_be_sent_again() -> None:
    found = [
        differed("/a"),
        differed("/a", "mtime"),
        differed("/b", "extra"),
        differed("--yes"),
        differed("/[/"),
    ]
    places = differing.places(found)
    assert list(places) == ["/a", "/[/"]
    width = 60
    for line in (differing.head(width), *(row.line for row in differing.table(places, (), width))):
        assert len("".join(part for part, _ in line)) <= width
    assert "content, mtime" in differing.table(places, (), width)[0].line[0][0]
