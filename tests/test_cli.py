"""The command `georep`: its words, its JSON, its exit codes; never a traceback for bad input."""

import asyncio
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import scripted

from engine import config
from engine.config import Places, Session
from engine.errors import Retry, Stop
from engine.events import AnyEvent, CheckpointSet, SessionBlocked, Wanted
from engine.item import Gfid
from engine.lab import demo as lab_demo
from engine.lab.lab import Lab
from engine.plan.dirty import Dirty
from engine.session import ledger, lifecycle, wanted
from engine.session.checks import Check
from engine.session.ledger import Failure, Known, Ledger
from engine.session.lifecycle import Listed
from engine.state import State, apply
from georep_tui import cli, live, report, theme
from georep_tui.app import Console
from georep_tui.far_steward import FarSteward


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("GEOREP_CONFIG", str(tmp_path / "etc"))
    monkeypatch.setenv("GEOREP_STATE", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "100")
    return config.places()


@pytest.fixture
def session(at: Places) -> str:
    config.create(at, Session("prod", "gv0", "root", "dr1", "gv1"))
    wanted.write(at, "prod", Wanted.STARTED)
    return "prod"


def picture(*more: AnyEvent) -> State:
    state = State()
    for event in (*scripted.events(), *more):
        apply(state, event)
    return state


def test_nothing_there(at: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 0
    assert "georep create" in capsys.readouterr().out
    assert cli.main(["list"]) == 0
    assert "No sessions" in capsys.readouterr().out
    assert cli.main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_list(at: Places, session: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list"]) == 0
    assert "prod  gv0 → root@dr1::gv1  started" in capsys.readouterr().out
    at.file("bad").write_text("primary: [/\n")
    assert cli.main(["list", "--json"]) == 1
    bad, good = json.loads(capsys.readouterr().out)
    assert "bad.yaml" in bad["error"]
    assert good["wanted"] == "started"
    assert cli.main(["list"]) == 1
    assert "this is not YAML" in capsys.readouterr().out


def test_status_without_an_engine(
    at: Places, session: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["status", "prod"]) == 1
    told = capsys.readouterr()
    assert "prod → dr1::gv1" in told.out
    assert "No engine runs on this node" in told.err
    assert cli.main(["status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["sessions"][0]["secondary"] == "root@dr1::gv1"


def test_status_of_a_bad_day(
    at: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def status(at: Places, name: str | None) -> State:
        return picture()

    async def running(at: Places) -> bool:
        return True

    monkeypatch.setattr(lifecycle, "status", status)
    monkeypatch.setattr(lifecycle, "running", running)
    assert cli.main(["status"]) == 1
    out = capsys.readouterr().out
    assert "▲ faulty" in out
    assert "faulty: ssh refused" in out
    assert "gfs2:/bricks/b2" in out
    assert "\x1b" not in out, "no colours where nobody looks"
    assert all(len(line) <= 100 for line in out.splitlines())
    assert cli.main(["status", "--json"]) == 1
    found = {each["session"]: each for each in json.loads(capsys.readouterr().out)["sessions"]}
    worker = found["home"]["workers"][1]
    assert worker["status"] == "faulty"
    assert worker["fault"]["cause"] == "ssh refused"
    assert worker["retry"]["attempt"] == 4
    assert found["logs"]["wanted"] == "paused"
    assert found["media"]["workers"][0]["crawled"] == 0.41


def test_status_of_a_blocked_session_and_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = SessionBlocked(
        at=scripted.NOW, session="home", node="gfs1", cause="c", words="volume is stopped", fix="x"
    )
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    report.status(picture(blocked), scripted.NOW)
    report.status_json(picture(blocked), scripted.NOW)
    out.flush()
    said = out.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]
    assert "cannot run: volume is stopped > x" in said
    assert '"words": "volume is stopped"' in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["status", "nope"], 2, "There is no session nope"),
        (["start", "nope"], 2, "There is no session nope"),
        (["stop", "../x"], 2, "cannot be the name of a session"),
        (["pause", "nope"], 2, "There is no session nope"),
        (["resume", "../x"], 2, "cannot be the name of a session"),
        (["checkpoint", "nope", "set"], 2, "There is no session nope"),
        (["checkpoint", "nope", "list", "--json"], 2, "There is no session nope"),
        (["delete", "nope"], 2, "There is no session nope"),
        (["failures", "nope"], 2, "There is no session nope"),
        (["retry", "nope"], 2, "There is no session nope"),
        (["skip", "nope", "x"], 2, "There is no session nope"),
        (["create", "gv0", "host"], 2, "does not name a secondary volume"),
        (["create", "gv0", "h::v", "--set", "x=1"], 2, "not known"),
        ([], 2, "The console needs a terminal"),
        (["--read-only", "stop", "nope"], 2, "--read-only is for the console"),
        (["--state", "/dev/null/x", "list"], 0, ""),
    ],
)
def test_bad_words_get_a_sentence(
    at: Places, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    assert cli.main(words) == code
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert err.count("\n") <= 1


def test_start_without_an_engine_is_noted(
    at: Places, session: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["stop", "prod"]) == 1
    assert "no engine acts on it" in capsys.readouterr().err
    assert wanted.read(at, "prod") is Wanted.STOPPED
    assert cli.main(["delete", "prod"]) == 0
    assert "is gone" in capsys.readouterr().out
    assert config.names(at) == []


BAD, WORSE = "00000001-0000-4000-8000-000000000000", "00000002-0000-4000-8000-000000000000"


@pytest.fixture
def failed(at: Places, session: str) -> None:
    made = Ledger(at.ledger(session), "h:/b")
    said = {"worker": "h:/b", "doing": "create", "tries": 3, "first": 1.0, "last": 2.0, "slice": 7}
    rows = (
        Failure(gfid=Gfid(BAD), path=r"d/a\xff", kind="EPERM", words="no [/b]", due=9e9, **said),  # type: ignore[arg-type]
        Failure(gfid=Gfid(WORSE), path="d/b", kind="EPERM", words="no", due=9e9, **said),  # type: ignore[arg-type]
    )
    made.put([(row, Known(Dirty())) for row in rows])
    made.close()


def test_failures(at: Places, failed: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["failures", "prod"]) == 1
    out = capsys.readouterr().out
    assert out.count("EPERM  The secondary forbids this even to root.") == 1
    assert "→ Look for WORM" in out
    assert "d/a\\xff" in out
    assert BAD in out
    assert "3 tries since 1970-01-01 00:00:01" in out
    assert "create: no [/b]" in out
    assert cli.main(["failures", "prod", "--json"]) == 1
    one, other = json.loads(capsys.readouterr().out)
    assert (one["gfid"], one["slice"], one["skipped"]) == (BAD, 7, False)
    assert other["fix"].startswith("Look for WORM")


def test_retry_and_skip(at: Places, failed: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["skip", "prod", r"/d/a\xff", BAD]) == 0
    assert "1 object is left alone until" in capsys.readouterr().out
    assert cli.main(["retry", "prod"]) == 0
    assert "1 object is tried again" in capsys.readouterr().out
    one, other = ledger.failures(at.ledger("prod"))
    assert (one.due, other.due < 9e9) == (ledger.NEVER, True)
    assert cli.main(["skip", "prod", WORSE]) == 0
    assert cli.main(["failures", "prod"]) == 0, "what was skipped needs nobody"
    assert "skipped" in capsys.readouterr().out
    assert cli.main(["retry", "prod", BAD, WORSE]) == 0
    assert cli.main(["failures", "prod"]) == 1
    capsys.readouterr()
    assert cli.main(["retry", "prod", "nothing"]) == 2
    assert "No failure of session prod is called nothing" in capsys.readouterr().err


def test_nothing_has_failed(at: Places, session: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["failures", "prod"]) == 0
    assert "Nothing has failed" in capsys.readouterr().out
    assert cli.main(["failures", "prod", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert cli.main(["retry", "prod"]) == 0
    assert "0 objects are tried again" in capsys.readouterr().out


def test_places_may_stand_before_and_after_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = Places(tmp_path / "c", tmp_path / "s")
    config.create(there, Session("x", "gv0", "root", "dr1", "gv1"))
    where = ["--config", str(there.config), "--state", str(there.state)]
    for words in ([*where, "list"], ["list", *where]):
        assert cli.main(words) == 0
        assert "x  gv0" in capsys.readouterr().out


def test_create_tells_of_every_check(
    at: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def create(at: Places, volume: str, secondary: str, **more: Any) -> object:
        more["tick"](Check("root", True, "Running as root"))
        more["tick"](Check("ssh", False, "ssh is refused", "Start sshd.", "line 1\nline 2"))
        if volume == "bad":
            raise Stop("Session was not created", fix="Mend it.", evidence="what\nit said")
        return SimpleNamespace(name=more["name"])

    monkeypatch.setattr(lifecycle, "create", create)
    assert cli.main(["create", "gv0", "dr1::gv1", "--name", "n"]) == 0
    told = capsys.readouterr().out
    assert "✓ Running as root" in told
    assert "✕ ssh is refused. Start sshd." in told
    assert "    line 2" in told
    assert "georep start n" in told
    assert cli.main(["create", "bad", "dr1::gv1"]) == 1
    assert "Mend it.\n    what\n    it said" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (Retry("away"), 1), (BrokenPipeError(), 141)],
)
def test_how_it_ends(
    at: Places,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
) -> None:
    def listed(at: Places) -> list[Listed]:
        raise error

    monkeypatch.setattr(lifecycle, "listed", listed)
    assert cli.main(["list"]) == code


def test_pause_and_resume_say_what_is_next(
    session: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(at: Places, name: str) -> None:
        assert name == session

    monkeypatch.setattr(lifecycle, "pause", nothing)
    monkeypatch.setattr(lifecycle, "resume", nothing)
    assert cli.main(["pause", session]) == 0
    assert f"georep resume {session}" in capsys.readouterr().out
    assert cli.main(["resume", session]) == 0
    assert "goes on" in capsys.readouterr().out


def test_checkpoints_are_set_listed_and_deleted(
    at: Places, session: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> str:
        assert cli.main(["checkpoint", session, *words]) == 0
        return capsys.readouterr().out

    assert "Set one: georep checkpoint prod set now" in run("list")
    assert "2026-05-01T12:00:00Z is set: everything before" in run("set", "2026-05-01T12:00Z")
    assert "Checkpoint nightly is set" in run("set", "--label", "nightly")
    again = run("set", "2099-01-01T00:00Z", "--label", "nightly")
    assert "2099-01-01 00:00:00 UTC, in place of the one for 20" in again
    assert json.loads(run("list", "--json"))[0] == {
        "label": "nightly",
        "time": 4070908800,
        "complete": False,
        "at": None,
        "reached": 0,
        "parts": 0,
        "waits_for": [],
        "eta": None,
        "commands": [],
    }
    assert "nightly" in run("list").splitlines()[0]
    assert "is deleted" in run("delete", "nightly")
    for words, said in (
        (("set", "soon"), "'soon' is no time. It takes now, 2026-05-01T12:00"),
        (("set", "now", "--label", "a b"), "cannot be the label"),
        (("delete", "nightly"), "has no checkpoint nightly. There are: 2026-05-01T12:00:00Z."),
    ):
        assert cli.main(["checkpoint", session, *words]) == 2
        assert said in capsys.readouterr().err
    (at.of(session) / "checkpoints.json").write_text("no list")
    assert cli.main(["checkpoint", session, "set"]) == 2
    assert "is damaged" in capsys.readouterr().err


def test_status_tells_of_checkpoints_and_of_what_is_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = CheckpointSet(at=1, session="prod", node="gfs1", label="nightly", time=1777593600)
    report.status(picture(made), scripted.NOW)
    said = capsys.readouterr().out
    assert "checkpoints of prod" in said
    assert "nightly  2026-05-01 00:00:00 UTC" in said
    report.status_json(picture(made), scripted.NOW)
    found = {each["session"]: each for each in json.loads(capsys.readouterr().out)["sessions"]}
    assert [each["label"] for each in found["prod"]["checkpoints"]] == ["nightly"]
    for key in ("pending", "minute", "hour"):
        workers = [w for w in found["prod"]["workers"] if w["status"] == "active"]
        alone = [w[key]["bytes"] for w in workers if w[key]]
        assert found["prod"][key]["bytes"] == pytest.approx(sum(alone), abs=0.01)
    assert found["prod"]["eta"]["confidence"] in ("good", "rough", "none")
    assert set(found["prod"]["workers"][0]["hour"]) == {"slices", "entries", "files", "bytes"}


def test_start_and_stop_say_what_is_next(
    at: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def nothing(at: Places, name: str) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(lifecycle, "start", nothing)
    monkeypatch.setattr(lifecycle, "stop", nothing)
    assert cli.main(["start", "prod"]) == 0
    assert "Watch it: georep" in capsys.readouterr().out
    assert cli.main(["stop", "prod"]) == 0
    assert "prod is stopped" in capsys.readouterr().out


def test_the_lab_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["lab", "--help"])
    assert ended.value.code == 0
    assert "status" in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["equal", "different", "terminated"])
def test_demo(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    told: list[object] = []

    class Now:
        sockets = (Path("a"), Path("b"))

        def finish(self, report: Any) -> SimpleNamespace:
            told.append("finished")
            return SimpleNamespace(equal=ending == "equal", words="the verdict")

    @contextmanager
    def staged(report: Any, *, keep: bool) -> Iterator[Lab]:
        report("up")
        lab = Lab("named")
        monkeypatch.setattr(Lab, "shape", lab_demo.SHAPE)
        yield lab
        told.append("kept" if keep else "down")

    @contextmanager
    def running(lab: Lab, report: Any) -> Iterator[Now]:
        yield Now()
        told.append("ended")

    def watch(sockets: Any, **more: Any) -> int:
        told.append((sockets, more["seconds"]))
        assert isinstance(more["steward"], FarSteward), "sessions can be changed there"
        return 143 if ending == "terminated" else 0

    monkeypatch.setattr(cli, "_terminal", lambda: True)
    monkeypatch.setattr(live, "watch", watch)
    monkeypatch.setattr(lab_demo, "staged", staged)
    monkeypatch.setattr(lab_demo, "running", running)
    code = cli.main(["demo", "--seconds", "5"])
    assert code == {"equal": 0, "different": 1, "terminated": 143}[ending]
    finished = [] if ending == "terminated" else ["finished"]
    assert told == [(Now.sockets, 5.0), *finished, "ended", "down"]


def test_demo_without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def run(seconds: float, *, keep: bool, report: Any) -> int:
        asked.extend((seconds, keep))
        return 7

    monkeypatch.setattr(cli, "_terminal", lambda: True)
    monkeypatch.setattr(lab_demo, "run", run)
    assert cli.main(["demo", "--no-tui", "--keep"]) == 7
    assert asked == [60.0, True]


def test_the_console_is_opened_on_the_socket(at: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []

    def run(app: Console) -> None:
        opened.extend((app.plain, app.theme, list(app.link.heard)))

    monkeypatch.setattr(cli, "_terminal", lambda: True)
    monkeypatch.setattr(Console, "run", run)
    assert cli.main(["--ascii", "--light"]) == 0
    assert opened == [True, theme.LIGHT.name, [str(at.socket)]]


@pytest.mark.parametrize("words", [[], ["--read-only"]], ids=["all keys", "reading only"])
def test_who_only_reads_has_nobody_who_changes(
    at: Places, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    opened: list[Console] = []

    def run(app: Console) -> None:
        opened.append(app)

    monkeypatch.setattr(cli, "_terminal", lambda: True)
    monkeypatch.setattr(Console, "run", run)
    assert cli.main(words) == 0
    (app,) = opened
    assert app.reading_only == bool(words)
    assert (app.steward is None, app.desk is None) == (bool(words), bool(words))
    assert app.steward is None or app.steward.places == at
