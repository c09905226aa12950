"""Errands in processes of their own: what is told, how they end, and what they call."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import managed
import pytest

from engine.config import Places, Session
from engine.errors import Stop
from engine.item import Gfid
from engine.plan.compare import Difference, What
from engine.session import comparing, doctor, doing, errands, lifecycle
from engine.session.checks import Check
from engine.session.doctor import Agree, Tick
from engine.session.errands import (
    AnyErrand,
    AnyReport,
    Checked,
    Compare,
    Counted,
    Create,
    Differed,
    Done,
    Examine,
    Failed,
    Look,
)
from engine.session.verify import Counts, Tell

MADE = Session("s", "gvol", "root", "h", "svol")


async def told(at: Places, errand: AnyErrand) -> list[AnyReport]:
    heard: list[AnyReport] = []
    await errands.run(at, errand, heard.append)
    return heard


def says(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Have a script of the test's own take the place of the process."""
    code = f"import sys, os, time; wanted = sys.stdin.readline(); {script}"
    monkeypatch.setattr(errands, "command", lambda at: [sys.executable, "-c", code])


async def test_reports_come_in_order_and_the_end_is_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = Checked(check=Check("a", True, "[/", node="n"))
    lines = [errands.encode(each).decode() for each in (check, Done(fine=True), check)]
    says(monkeypatch, f"print('noise', *{lines!r}, sep=chr(10))")
    assert await told(managed.places(tmp_path), Examine(name="s")) == [
        check,
        check,
        Done(fine=True),
    ]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param("sys.exit(7)", "with code 7", id="it ends without a word"),
        pytest.param("os.kill(os.getpid(), 9)", "with code -9", id="it is killed"),
        pytest.param("sys.stderr.write('a\\nMemoryError'); sys.exit(1)", "code 1", id="it falls"),
    ],
)
async def test_an_end_before_its_time_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    says(monkeypatch, script)
    (failed,) = await told(managed.places(tmp_path), Examine(name="s"))
    assert isinstance(failed, Failed)
    assert words in failed.words
    assert failed.evidence == ("MemoryError" if "MemoryError" in script else "")


async def test_what_cannot_be_started_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errands, "command", lambda at: ["/no/such/program"])
    (failed,) = await told(managed.places(tmp_path), Examine(name="s"))
    assert isinstance(failed, Failed)
    assert "could not be started" in failed.words


async def test_who_gives_up_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()
    heard: list[AnyReport] = []

    def hear(report: AnyReport) -> None:
        heard.append(report)
        begun.set()

    script = """
import json
check = {"name": "a", "fine": True, "words": str(os.getpid())}
print(json.dumps({"type": "Checked", "check": check}), flush=True)
time.sleep(99)
"""
    says(monkeypatch, f"exec({script!r})")
    at = managed.places(tmp_path)
    work = asyncio.create_task(errands.run(at, Examine(name="s"), hear))
    await begun.wait()
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    (checked,) = heard
    assert isinstance(checked, Checked)
    with pytest.raises(ProcessLookupError):
        os.kill(int(checked.check.words), 0)


async def test_a_process_of_its_own_says_why_it_cannot(tmp_path: Path) -> None:
    at = managed.places(tmp_path)
    if os.geteuid() and not os.access("/usr/bin/setpriv", os.X_OK):
        pytest.skip("no setpriv")
    (failed,) = await told(at, Examine(name="none"))
    assert isinstance(failed, Failed)
    assert failed.words.startswith("There is no session none")
    assert "georep create" in failed.words
    (failed,) = await told(at, Look(volume="[/", secondary="h::v"))
    assert isinstance(failed, Failed)
    assert "'[/'" in failed.words
    assert not at.state.exists(), "who only looks makes nothing"


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> list[AnyReport]:
    """Return where reports go that would go to stdout."""
    heard: list[AnyReport] = []
    monkeypatch.setattr(doing, "_say", heard.append)
    return heard


@pytest.mark.parametrize("enable", [True, False])
def test_a_session_is_made_as_the_command_makes_it(
    output: list[AnyReport], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, enable: bool
) -> None:
    check = Check("a", True, "b")

    async def create(
        at: Places,
        volume: str,
        secondary: str,
        *,
        name: str,
        settings: tuple[str, ...],
        tick: Tick,
        agree: Agree | None,
        force: bool,
    ) -> Session:
        assert (volume, secondary, name, settings) == ("gvol", "h::svol", "s", ("sync-jobs=2",))
        assert force
        assert (agree is not None and agree("?")) == enable
        tick(check)
        return MADE

    monkeypatch.setattr(lifecycle, "create", create)
    wanted = Create(
        volume="gvol",
        secondary="h::svol",
        name="s",
        settings=("sync-jobs=2",),
        enable=enable,
        force=True,
    )
    assert doing.do(managed.places(tmp_path), wanted) == Done(fine=True, name="s")
    assert output == [Checked(check=check)]


def test_who_only_looks_glances(
    output: list[AnyReport], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def glance(looked: Session, *, tick: Tick) -> bool:
        assert looked.name == "gvol-h-svol"
        return False

    monkeypatch.setattr(doctor, "glance", glance)
    look = Look(volume="gvol", secondary="h::svol")
    assert doing.do(managed.places(tmp_path), look) == Done(fine=False)


def test_a_comparison_tells_differences_and_counts(
    output: list[AnyReport], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def compare(
        at: Places,
        name: str,
        counts: Counts,
        tell: Tell,
        shown: contextlib.AbstractAsyncContextManager[None],
        *,
        under: bytes,
        content: bool,
    ) -> None:
        assert (name, under, content) == ("s", b"a\xff", True)

        async def work() -> None:
            async with shown:
                counts.objects, counts.different = 7, 1
                tell(b"a\xff/[/", Gfid("g"), Difference(What.UNREADABLE, "fine", "EIO"))

        asyncio.run(work())

    monkeypatch.setattr(comparing, "compare", compare)
    done = doing.do(managed.places(tmp_path), Compare(name="s", under=r"a\xff", content=True))
    assert done == Done(fine=False)
    differed, *counted = output
    assert isinstance(differed, Differed)
    assert differed.path == r"/a\xff/[/"
    assert all(isinstance(each, Counted) and each.counts.objects == 7 for each in counted)
    assert counted


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(Stop("bad", fix="Mend it.", evidence="e"), "bad. Mend it.", id="on purpose"),
        pytest.param(ValueError("odd"), "a fault of georep's own: ValueError: odd", id="a bug"),
    ],
)
def test_every_error_is_a_sentence(
    output: list[AnyReport],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    error: Exception,
    words: str,
) -> None:
    class Stdin:
        buffer = type("B", (), {"readline": lambda self, size: errands.encode(Examine(name="s"))})()

    def do(at: Places, errand: AnyErrand) -> Done:
        raise error

    monkeypatch.setattr(sys, "stdin", Stdin)
    monkeypatch.setattr(doing, "do", do)
    assert doing.main(managed.places(tmp_path)) == 0
    (failed,) = output
    assert isinstance(failed, Failed)
    assert words in failed.words
    assert ("Traceback" in capsys.readouterr().err) == isinstance(error, ValueError)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        pytest.param(
            Checked(check=Check("x", False, "at /b\udcff", "see /b\udcff", "e\udcff", "n")),
            Checked(check=Check("x", False, "at /b\\xff", "see /b\\xff", "e\\xff", "n")),
            id="a brick's path",
        ),
        pytest.param(Failed(words="\udcff"), Failed(words="\\xff"), id="an error"),
        pytest.param(Done(fine=True), Done(fine=True), id="nothing strange"),
    ],
)
def test_paths_of_other_bytes_are_told(
    capfdbinary: pytest.CaptureFixture[bytes], report: AnyReport, expected: AnyReport
) -> None:
    doing._say(report)
    assert errands.read_report(capfdbinary.readouterr().out) == expected


async def test_the_counts_come_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: asyncio.Queue[AnyReport] = asyncio.Queue()
    monkeypatch.setattr(doing, "_say", heard.put_nowait)
    monkeypatch.setattr(doing, "TICK", 0.0)
    async with doing._counting(Counts(objects=3)):
        for _ in range(2):
            assert isinstance(await heard.get(), Counted)
