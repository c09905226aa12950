"""The commands verify and reconcile: their words, their JSON and their exit codes."""

import asyncio
import copy
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from memory_target import MemoryTarget, Thing
from sides import MemorySide, QuestionChannel, gfid

from engine import config, options
from engine.config import Places, Session
from engine.errors import Disconnected, Stop
from engine.gluster.volume import Volume
from engine.item import ROOT, Attributes, Gfid, Kind, Place
from engine.options import Options
from engine.plan import crawled
from engine.plan.crawled import Crawled
from engine.plan.dirty import Window
from engine.plan.items import Absent, Alive, Truth
from engine.primary.truth import Sight
from engine.session import acting, reconciling, survey
from engine.session.ledger import Failure
from engine.session.local import Local
from engine.session.reconcile import Asked
from engine.session.replicate import Totals
from engine.session.sides import There
from georep_tui import cli
from georep_tui.progress import Progress

UUID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("GEOREP_CONFIG", str(tmp_path / "etc"))
    monkeypatch.setenv("GEOREP_STATE", str(tmp_path / "var"))
    found = config.places()
    config.create(found, Session("prod", "gv0", "root", "dr1", "gv1"))
    return found


class Both:
    """Two volumes in memory, in the place of those that a command would mount."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.primary, self.secondary = MemoryTarget(), MemoryTarget()
        self.commands: list[tuple[str, str]] = []
        self.interrupt = False
        monkeypatch.setattr(survey, "run", self._run)
        monkeypatch.setattr(acting, "sight", lambda opened: Sight(b"/b", b"/m"))
        monkeypatch.setattr(reconciling, "look", self._look)
        monkeypatch.setattr(acting, "replicator", self._replicator)

    def put(self, number: int, name: bytes, *, there: bool = True, here: bool = True) -> None:
        for target, wanted in ((self.primary, here), (self.secondary, there)):
            if wanted:
                shown = Attributes(0o100644, 0, 0, 1, 5, 5)
                target.things[gfid(number)] = Thing(Kind.FILE, shown, data=b"x")
                target.places[Place(ROOT, name)] = gfid(number)

    def _run(self, at: Places, name: str, work: Any, *, command: str, worker: str = "") -> Any:
        config.read(at, name)
        self.commands.append((command, worker))
        if self.interrupt:
            raise KeyboardInterrupt

        async def opened() -> Any:
            here = MemorySide(self.primary)
            here.run = _now  # type: ignore[attr-defined]
            channel = QuestionChannel(self.secondary)
            return await work(
                SimpleNamespace(
                    places=at,
                    session=SimpleNamespace(name=name, options=Options()),
                    here=here,
                    there=There(channel),  # type: ignore[arg-type]
                    patience=lambda: 0.0,
                    agent=SimpleNamespace(channel=channel, welcome=SimpleNamespace(owner=None)),
                    local=SimpleNamespace(volume=SimpleNamespace(uuid=UUID)),
                )
            )

        return asyncio.run(opened())

    def _look(self, sight: Sight, asked: Asked) -> list[Truth]:
        return [self._truth(one) for one, _ in asked]

    def _truth(self, one: Gfid) -> Truth:
        seen = self.primary.seen(one)
        if seen is None:
            return Absent(one)
        return Alive(one, seen.kind, tuple(self.primary.names(one)), True, seen.attributes)

    @contextmanager
    def _replicator(self, opened: Any, sight: Sight, name: str) -> Iterator[Any]:
        yield self

    async def run(self, call: Any, *args: object) -> list[Gfid]:
        return []

    def exclude(self, gfids: Sequence[Gfid]) -> None:
        assert gfids == []

    async def recover(self) -> None:
        pass

    async def make_so(self, window: Window, *, ancestors: bool) -> Totals:
        """Only removes: how things are made so has its own tests."""
        totals = Totals()
        for one, dirty in window.dirty.items():
            if one in window.known and self.primary.seen(one) is None:
                for place in dirty.heard:
                    with self.secondary.holding(one, place):
                        self.secondary.unlink(place)
                totals.removed += 1
            else:
                totals.failed.append(_failure(one))
        return totals


def _failure(one: Gfid) -> Failure:
    said = {"path": "p", "doing": "unlink", "kind": "EPERM", "words": "no", "worker": "w"}
    return Failure(gfid=one, tries=1, first=1.0, last=1.0, due=2.0, slice=0, **said)


async def _now(call: Any, *args: object) -> Any:
    return call(*args)


@pytest.fixture
def both(at: Places, monkeypatch: pytest.MonkeyPatch) -> Both:
    return Both(monkeypatch)


def test_equal_volumes(both: Both, capsys: pytest.CaptureFixture[str]) -> None:
    both.put(1, b"f")
    assert cli.main(["verify", "prod", "--content"]) == 0
    assert capsys.readouterr().out == (
        "Compared 2 objects in 1 directory. 1 B of content were read on each side.\n"
        "The volumes are equal.\n"
    )
    assert both.commands == [("verify", "")]


def test_differences_are_lines_and_end_with_1(
    both: Both, capsys: pytest.CaptureFixture[str]
) -> None:
    both.put(1, b"bad\xff\n", there=False)
    both.put(2, b"same")
    both.secondary.things[gfid(2)] = copy.deepcopy(both.secondary.things[gfid(2)])
    both.secondary.things[gfid(2)].data = b"y"
    assert cli.main(["verify", "prod", "--content", "--patience", "0"]) == 1
    out = capsys.readouterr().out
    assert rf"/bad\xff\x0a: missing: file {gfid(1)} on the primary, nothing on the secondary" in out
    assert "/same: content: " in out
    assert "Differences: 2, at 2 places." in out
    assert cli.main(["verify", "prod", "--json"]) == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["type"], each.get("what")) for each in told] == [
        ("difference", "missing"),
        ("summary", None),
    ]
    assert cli.main(["verify", "prod", "--under", r"bad\xff\x0a", "--json"]) == 1
    assert cli.main(["verify", "prod", "--under", "same"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["verify", "nope"], "There is no session nope"),
        (["reconcile", "nope", "--apply"], "There is no session nope"),
        (["verify", "prod", "--under", "/x"], "There is no such path on the primary"),
        (["verify", "prod", "--under", r"\xzz"], "There is no such path on the primary"),
        (["verify", "prod", "--under", "\udcff"], "There is no such path on the primary"),
        (["verify", "prod", "--under", "/.georep"], "is not replicated"),
    ],
)
def test_bad_words_get_a_sentence(
    both: Both, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert cli.main(words) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("seconds", ["-1", "long", "nan", "1e9"])
@pytest.mark.parametrize("command", ["verify", "reconcile"])
def test_patience_is_a_number_of_seconds(
    both: Both, capsys: pytest.CaptureFixture[str], command: str, seconds: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "prod", f"--patience={seconds}"])
    assert ended.value.code == 2
    assert "--patience" in capsys.readouterr().err


def test_only_root_can_mount(
    at: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert cli.main(["verify", "prod"]) == 2
    assert "only root can. Run it with sudo." in capsys.readouterr().err


def test_an_interrupt_is_an_end(both: Both) -> None:
    both.interrupt = True
    assert cli.main(["verify", "prod"]) == cli.INTERRUPTED


def test_a_dry_run_lists_and_changes_nothing(
    both: Both, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(1, 5):
        both.put(number, b"f%d" % number)
    assert cli.main(["reconcile", "prod"]) == 0
    assert "Nothing is there that the primary does not have." in capsys.readouterr().out
    both.put(9, b"mine", here=False)
    before = dict(both.secondary.places)
    assert cli.main(["reconcile", "prod"]) == 1
    out = capsys.readouterr().out
    assert "/mine: on the secondary only, would be removed" in out
    assert "On the secondary only: 1 object, 20.0% of all." in out
    assert "somebody's own data" in out
    assert both.secondary.places == before
    assert both.commands[-1] == ("reconcile", "")


@pytest.mark.parametrize(("words", "waited"), [([], 0.0), (["--patience", "7"], 7.0)])
def test_what_may_be_on_its_way_has_time_to_arrive(
    both: Both, monkeypatch: pytest.MonkeyPatch, words: list[str], waited: float
) -> None:
    told: list[float] = []

    async def look(_self: object, patience: float) -> None:
        told.append(patience)

    monkeypatch.setattr(reconciling.Reconcile, "look", look)
    assert cli.main(["reconcile", "prod", *words]) == 0
    assert told == [waited]


def test_apply_removes_and_notes_it(both: Both, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1, 5):
        both.put(number, b"f%d" % number)
    both.put(9, b"mine", here=False)
    begun = crawled.begun(
        crawled.read({}, UUID), 0, Crawled(began=5, since=3), empty=False, subvolumes=1, fresh="x"
    )
    both.secondary.kept.update(begun)
    assert cli.main(["reconcile", "prod", "--apply", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["type"] for each in told] == ["finding", "listed", "applied"]
    assert told[-1]["removed"] == 1
    assert Place(ROOT, b"mine") not in both.secondary.places
    assert crawled.read(both.secondary.kept, UUID).due(0) is None
    assert both.commands == [("reconcile", reconciling.WORKER)]


def test_more_than_half_wants_force(both: Both, capsys: pytest.CaptureFixture[str]) -> None:
    both.put(1, b"f")
    both.put(8, b"one", here=False)
    both.put(9, b"two", here=False)
    assert cli.main(["reconcile", "prod", "--apply"]) == 1
    told = capsys.readouterr()
    assert "georep: 67% of what is on the secondary would be removed." in told.err
    assert told.err.count("\n") == 1
    assert len(both.secondary.places) == 3
    assert cli.main(["reconcile", "prod", "--apply", "--force"]) == 0
    assert "Removed 2 objects" in capsys.readouterr().out
    assert len(both.secondary.places) == 1


def test_what_is_left_is_said_and_noted_nowhere(
    both: Both, capsys: pytest.CaptureFixture[str]
) -> None:
    both.put(1, b"f")
    both.secondary.places[Place(ROOT, b"old name")] = gfid(1)
    assert cli.main(["reconcile", "prod", "--apply"]) == 1
    out = capsys.readouterr().out
    assert "/old name: not its name on the primary, would be taken away" in out
    assert "1: was refused" in out
    assert "Run it again" in out
    assert both.secondary.kept == {}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def test_progress_is_for_terminals_and_keeps_out_of_the_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    progress = Progress(lambda: "12 objects")
    async with progress.shown():
        await asyncio.sleep(0)
        progress.say("a line")
    assert "12 objects" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")
    assert capsys.readouterr().out == "a line\n"


@pytest.mark.parametrize(
    ("options", "seconds"),
    [({}, 70), ({"changelog.rollover-time": "2"}, 18), ({"changelog.rollover-time": "x"}, 70)],
)
def test_patience_follows_the_volume(options: dict[str, str], seconds: float) -> None:
    volume = Volume("v", UUID, "Distribute", True, "Started", (), 1, 0, 0, 1, options)
    assert survey.patience(Local(volume, ())) == seconds


def test_a_secondary_that_goes_away_is_one_sentence(
    at: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*_: object, **__: object) -> None:
        raise Disconnected("the agent ended", cause="agent ended", fix="Try again.")

    monkeypatch.setattr(survey, "run", run)
    assert cli.main(["reconcile", "prod"]) == 1
    assert capsys.readouterr().err == "georep: the agent ended. Try again.\n"


def test_with_ignored_deletes_nothing_is_removed(tmp_path: Path) -> None:
    at = Places(tmp_path / "config", tmp_path / "state")
    chosen = options.changed(Options(), ["ignore-deletes=true"], where="test")
    config.create(at, Session("prod", "gvol", "root", "h", "v", chosen))
    with pytest.raises(Stop, match="kept on purpose") as caught:
        reconciling.run(at, "prod", None, apply=True, force=True)  # type: ignore[arg-type]
    assert "config reset prod ignore-deletes" in caught.value.fix
