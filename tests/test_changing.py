"""What `georep config` changes: the file, whoever runs, and what it says of both."""

import json
import stat
from pathlib import Path

import pytest
from test_supervisor import World

from engine import config, files, options
from engine.errors import Usage
from engine.events import CrawlChanged, SessionBlocked, WorkerStarted, WorkerStopped
from engine.options import Options
from engine.session import changing
from engine.session.settings import Settings
from georep_tui import cli, configuring


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.paths = ["/b1"]
    return made


async def test_set_get_and_reset_without_an_engine(world: World) -> None:
    world.add("s", None)
    path = world.at.file("s")
    before = path.read_text()
    path.write_text(before + "# mine\n")
    changed = await changing.put(world.at, "s", "sync_jobs", ["7"])
    assert [option.name for option in changed.options] == ["sync-jobs"]
    assert (changed.kept, changed.engine, changed.live) == (True, False, False)
    assert config.read(world.at, "s").options == Options(sync_jobs=7)
    assert path.read_text().endswith("# mine\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    words = await changing.put(world.at, "s", "rsync-options", ["--rsh", "a b"])
    assert words.new.rsync_options == "--rsh 'a b'"
    again = await changing.reset(world.at, "s", "all")
    assert {option.name for option in again.options} == {"sync-jobs", "rsync-options"}
    assert path.read_text() == before + "# mine\n"
    assert (await changing.reset(world.at, "s", "all")).options == []


async def test_a_file_that_cannot_be_edited_is_written_anew_and_that_is_said(world: World) -> None:
    world.add("s", None)
    world.at.file("s").write_text("# mine\n{primary: gvol, secondary: 'sec1::svol'}\n")
    changed = await changing.put(world.at, "s", "sync-jobs", ["7"])
    assert not changed.kept
    assert config.read(world.at, "s").options.sync_jobs == 7
    assert any("comments are gone" in line for line in configuring.told("s", changed))


async def test_what_is_not_accepted_changes_nothing(world: World) -> None:
    world.add("s", None)
    before = world.at.file("s").read_bytes()
    for word, value, said in (
        ("sync-jobs", "0", "sync-jobs cannot be '0'. It takes a whole number from 1 to 100"),
        ("sync-jbos", "1", "'sync-jbos' is not known. Did you mean sync-jobs?"),
        ("tar_command", "/bin/tar", "tar-command is gsyncd's, and nothing to set here: whole"),
        ("slave-log-level", "INFO", "there is one level for everything. Use log-level"),
    ):
        with pytest.raises(Usage) as caught:
            await changing.put(world.at, "s", word, [value])
        assert said in caught.value.sentence()
    with (
        files.locked(world.at.of("s") / "config.lock", what="x", fix=""),
        pytest.raises(Usage, match="being changed by somebody else"),
    ):
        await changing.put(world.at, "s", "sync-jobs", ["7"])
    assert world.at.file("s").read_bytes() == before


async def test_a_live_option_reaches_the_worker_that_runs(world: World) -> None:
    world.add("s")
    async with world.engine() as told:
        await told.until(WorkerStarted)
        changed = await changing.put(world.at, "s", "bandwidth", ["20m"])
        assert (changed.live, changed.engine, changed.started) == (True, True, True)
        heard = await told.until(CrawlChanged)
        assert isinstance(heard, CrawlChanged)
        assert json.loads(heard.reason) == {"bandwidth": "20m"}
        assert not any(isinstance(event, WorkerStopped) for event in told.events)


@pytest.mark.parametrize("line", ["sync-jobs: 7\n", "bandwidth: 1m\nsync-jobs: 7\n"])
async def test_any_other_option_has_the_workers_start_again(world: World, line: str) -> None:
    world.add("s")
    async with world.engine() as told:
        await told.until(WorkerStarted)
        path = world.at.file("s")
        path.write_text(path.read_text() + line)
        await changing.put(world.at, "s", "push-limit", ["0"])
        stopped = await told.until(WorkerStopped)
        assert isinstance(stopped, WorkerStopped)
        assert stopped.reason == "the settings of the session were changed"
        await told.until(WorkerStarted)


async def test_a_bad_file_is_told_and_mended_by_nobody(world: World) -> None:
    world.add("s")
    world.at.file("s").write_text("primary: gvol\n")
    with pytest.raises(Usage, match="has no secondary"):
        await changing.put(world.at, "s", "sync-jobs", ["7"])
    async with world.engine() as told:
        await told.until(SessionBlocked)


def test_settings_take_live_options_alone() -> None:
    heard: list[Options] = []
    settings = Settings(Options())
    settings.follow(heard.append)
    settings.change({"bandwidth": "1m", "sync-jobs": "9", "no-such": "x", "quarantine-days": "x"})
    assert heard == [Options(), Options(bandwidth="1m")]
    assert settings.now == heard[-1]


def _run(world: World, *words: str) -> int:
    places = ["--config", str(world.at.config), "--state", str(world.at.state)]
    return cli.main([*places, "config", *words])


def test_the_command(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.add("s", None)
    assert _run(world, "set", "s", "rsync_options", "--bwlimit=1m", "--compress") == 0
    said = capsys.readouterr().out
    assert "rsync-options of session s is --bwlimit=1m --compress now, it was empty." in said
    assert "No engine runs on this node" in said
    assert _run(world, "get", "s", "rsync-options") == 0
    assert capsys.readouterr().out == "--bwlimit=1m --compress\n"
    assert _run(world, "get", "s", "ssh-port", "--json") == 0
    assert json.loads(capsys.readouterr().out)["value"] == 22
    assert _run(world, "list", "s") == 0
    assert "sync-jobs: 3\n" in capsys.readouterr().out
    assert _run(world, "list", "s", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["option"] for row in rows] == list(options.TABLE)
    assert {row["change"] for row in rows} == {"live", "restart"}
    assert _run(world, "reset", "s", "rsync-options") == 0
    assert "is empty now" in capsys.readouterr().out
    assert _run(world, "reset", "s", "all") == 0
    assert "default already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("get", "nobody", "ssh-port"), "There is no session nobody", id="session"),
        pytest.param(("set", "s", "ssh-port"), "ssh-port gets no value", id="no value"),
        pytest.param(("set", "s", "ssh-port", "x"), "ssh-port cannot be 'x'", id="value"),
        pytest.param(("get", "s", "pid-file"), "pid-file is gsyncd's", id="refused"),
    ],
)
def test_bad_words_are_one_sentence_and_exit_2(
    world: World, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.add("s", None)
    assert _run(world, *words) == 2
    assert said in capsys.readouterr().err
