import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from engine import __main__ as engine_main
from engine import config, feed
from engine.config import Places, Session
from engine.errors import Retry
from engine.lab.hosts import until
from engine.session import headless

HEAVY = ("asyncio", "asyncssh", "yaml", "textual", "rich")


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    return ["--config", str(tmp_path / "config"), "--state", str(tmp_path / "state")]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        engine_main.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("georep ")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([], id="nothing"),
        pytest.param(["fly"], id="no such command"),
        pytest.param(["once"], id="no session"),
        pytest.param(["run", "--fast"], id="no such option"),
    ],
)
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        engine_main.main(words)
    assert caught.value.code == 2
    assert "usage: georep-engine" in capsys.readouterr().err


def test_bad_configuration_is_a_sentence(
    places: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "config" / "sessions"
    folder.mkdir(parents=True)
    (folder / "s.yaml").write_text("primary: gvol\nsecondary: sec1::svol\nssh-prot: 1\n")
    assert engine_main.main(["once", *places, "s"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("georep-engine: ")
    assert "s.yaml:3: 'ssh-prot' is not known. Did you mean ssh-port?" in said
    assert "Traceback" not in said
    assert engine_main.main(["once", *places, "other"]) == 2


def test_no_engine_to_listen_to(places: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert engine_main.main(["events", *places]) == 1
    assert "No engine runs here" in capsys.readouterr().err


def test_interrupted(places: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(at: Places) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(headless, "run", interrupted)
    assert engine_main.main(["run", *places]) == 130


def test_the_agent_starts_without_heavy_modules() -> None:
    code = (
        "import sys; from engine.__main__ import main; from engine.secondary import agent;"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _speaks(engine: subprocess.Popen[bytes], path: Path) -> bool:
    assert engine.poll() is None
    with contextlib.suppress(Retry):
        return bool(asyncio.run(feed.picture(path)).engines)
    return False


def test_events_of_one_session_go_to_a_pipe(tmp_path: Path, places: list[str]) -> None:
    at = Places(tmp_path / "config", tmp_path / "state")
    for name in ("one", "two"):
        config.create(at, Session(name, "no-such-volume", "root", "h", "v"))
    command = [sys.executable, "-m", "engine"]
    engine = subprocess.Popen([*command, "run", *places], stderr=subprocess.PIPE)
    try:
        until("the engine", lambda: _speaks(engine, at.socket))
        listener = subprocess.Popen(
            [*command, "events", *places, "one"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert listener.stdout is not None
        first, second = listener.stdout.readline(), listener.stdout.readline()
        assert b"EngineStarted" in first
        assert b'"session":"one"' in second
        engine.terminate()
        assert engine.wait(60) == 0
        rest, said = listener.communicate(timeout=60)
        assert listener.returncode == 1
        assert b"The engine has ended" in said
        assert b'"session":"two"' not in rest
        assert list(feed.read(feed.files(at.of("one") / "journal")))
    finally:
        engine.kill()
        engine.communicate()
