"""The connection that small jobs share, with a program in the place of ssh."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.rpc import shared
from engine.rpc.route import Route
from engine.rpc.shared import SMALL, Shared

ROUTE = Route(host="h")
SSH = """#!/bin/sh
# Opens the socket that it was told, and stays until it is ended.
for word; do case "$word" in -oControlPath=*) path="${word#*=}";; esac; done
echo "$@" >> "$(dirname "$path")/calls"
: > "$path"
%s
"""


@pytest.fixture(params=["exec sleep 1000"])
def program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Path:
    path = tmp_path / "bin/ssh"
    path.parent.mkdir()
    path.write_text(SSH % request.param)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    return path


async def _until_open(mine: Shared) -> list[str]:
    await _until(lambda: mine.openssh(1) != ROUTE.openssh())
    return mine.openssh(1)


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(3000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be")


def _calls(folder: Path) -> list[str]:
    path = folder / "calls"
    return path.read_text().splitlines() if path.exists() else []


async def test_small_jobs_share_one_and_large_ones_do_not(tmp_path: Path, program: Path) -> None:
    mine = Shared(ROUTE, tmp_path)
    assert mine.openssh(1) == ROUTE.openssh(), "before it is open"
    keeping = asyncio.create_task(mine.keep())
    words = await _until_open(mine)
    path = tmp_path / f"ssh-{os.getpid()}"
    assert {f"-oControlPath={path}", "-oControlMaster=no"} <= set(words)
    assert mine.openssh(SMALL + 1) == ROUTE.openssh()
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert not path.exists(), "nothing is left of it"
    (call,) = _calls(tmp_path)
    assert (
        f"-oControlMaster=yes -oConnectTimeout=60 -oServerAliveInterval=15 -N -- {ROUTE.host}"
        in call
    )


@pytest.mark.parametrize("program", ["exit 255"], indirect=True)
async def test_it_is_opened_again(
    tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "_LONGEST", 0.01)
    keeping = asyncio.create_task(Shared(ROUTE, tmp_path).keep())
    await _until(lambda: len(_calls(tmp_path)) >= 3)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping


def test_sockets_of_the_dead_are_removed(tmp_path: Path) -> None:
    dead, alive, other = (tmp_path / name for name in ("ssh-999999999", "ssh-1", "ssh-x"))
    for path in (dead, alive, other):
        path.touch()
    shared.clean(tmp_path)
    assert [path.exists() for path in (dead, alive, other)] == [False, True, True]
    shared.clean(tmp_path / "nowhere")


def test_its_path_fits_into_a_socket() -> None:
    (path,) = (
        word.partition("=")[2]
        for word in ROUTE.openssh(control=("yes", str(shared.RUN / "ssh-4194304")))
        if word.startswith("-oControlPath=")
    )
    # ssh makes it under a name that is 17 bytes longer, and takes a % for its own.
    assert len(path) + 17 < 108
    assert "%" not in path
