"""An agent that is not root: what it opens, how it asks glusterd, and what is said of it."""

import dataclasses
import os
from pathlib import Path

import msgspec
import pytest
from test_doctor import SESSION, WELCOME

from engine.errors import Stop
from engine.gluster import brokered, mount, pool, volume
from engine.gluster.brokered import Brokered
from engine.gluster.mount import Mount
from engine.keeping import Owner
from engine.rpc.messages import PROTOCOL, AskHost, AskMarks, Failed, Hello, Host, Marks
from engine.secondary import opened
from engine.secondary.questions import Questions
from engine.session import far
from engine.session.checks import Used


def hello(place: str) -> Hello:
    return Hello(protocol=PROTOCOL, version="1", session="s", worker="w", volume=place, silence=0)


def test_a_directory_of_somebody_else_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Stop) as caught, opened.opened(hello(str(tmp_path))):
        pass
    assert caught.value.cause == "directory of another user"
    assert f"root@HOST:{tmp_path}" in caught.value.fix
    assert "an empty directory that is " in caught.value.fix
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("uid", "kind"), [(0, Mount), (1000, Brokered)])
def test_who_mounts_a_volume(monkeypatch: pytest.MonkeyPatch, uid: int, kind: type) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    assert type(opened._mount(hello("svol"), privileged=False)) is kind


@pytest.mark.parametrize(
    ("uid", "words"), [(0, ""), (1000, "--remote-host=localhost --log-file=/dev/null ")]
)
def test_how_glusterd_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, uid: int, words: str
) -> None:
    program = tmp_path / "gluster"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    code, said, _ = volume.command(("volume", "info"), 30)
    assert (code, said) == (0, f"--mode=script {words}volume info\n")


@pytest.mark.parametrize(("uid", "stuck"), [(0, "of root"), (1000, "of a keeper")])
def test_whose_mounts_are_looked_for(monkeypatch: pytest.MonkeyPatch, uid: int, stuck: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(mount, "clean", lambda: ["of root"])
    monkeypatch.setattr(brokered, "clean", lambda: ["of a keeper"])
    found = Questions(None, b"/").answer(AskHost(id=1))  # type: ignore[arg-type]
    assert isinstance(found, Host)
    assert found.stuck == (stuck,)


def test_marks_that_it_is_not_told_of_are_not_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    questions = Questions(None, b"/", {}, (os.fsencode(tmp_path),))  # type: ignore[arg-type]
    assert isinstance(questions.answer(AskMarks(id=1)), Marks)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    told = questions.answer(AskMarks(id=1))
    assert isinstance(told, Failed)
    assert "only root is told" in told.words


def test_the_doctor_says_so() -> None:
    geo = msgspec.structs.replace(WELCOME, root=False)
    (told,) = far.check_user(SESSION, geo)
    assert told.fine
    assert "glusterd has mounted svol" in told.words
    assert list(far.check_user(SESSION, WELCOME)) == []


def listed(*peers: tuple[str, str]) -> str:
    """Return what `gluster pool list --xml` says."""
    found = "".join(
        f"<peer><uuid>{uuid}</uuid><hostname>{host}</hostname><connected>1</connected></peer>"
        for uuid, host in peers
    )
    return f"<cliOutput><opRet>0</opRet><peerStatus>{found}</peerStatus></cliOutput>"


@pytest.mark.parametrize(
    ("said", "uuid"),
    [
        (listed(("AB", "sec2"), ("cd", "localhost")), "cd"),
        (listed(("AB", "localhost")), "ab"),
        (listed(("AB", "sec2")), ""),
        (listed(("a", "localhost"), ("b", "localhost")), ""),
        ("<cliOutput><opRet>-1</opRet></cliOutput>", ""),
        ("no xml", ""),
    ],
)
def test_which_node_of_the_pool_this_is(said: str, uuid: str) -> None:
    assert pool.parse(said) == uuid


def test_who_may_not_read_glusterd_s_file_asks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a host that a session names by a name of its own counts as one node more."""

    def refused() -> str:
        raise Stop("glusterd.info cannot be read", fix="Be root.")

    monkeypatch.setattr(volume, "local_node_uuid", refused)
    said = [listed(("ab", "sec2"), ("cd", "localhost")), "nothing"]
    monkeypatch.setattr(volume, "command", lambda words, timeout: (0, said.pop(0), ""))
    assert [opened._node(), opened._node()] == ["cd", ""]


def test_the_doctor_says_what_is_not_kept_in_a_directory() -> None:
    there = dataclasses.replace(SESSION, volume="/srv/data")
    geo = msgspec.structs.replace(
        WELCOME, root=False, owner=Owner(name="geo", uid=2001, gid=2001, groups=(7,))
    )
    (told,) = far.check_user(there, geo)
    assert told.fine
    assert told.words.startswith("geo is not root: all in /srv/data will be geo's.")
    assert f"root@{SESSION.host}:/srv/data" in told.fix
    room = msgspec.structs.replace(geo, free_inodes=150, total_inodes=150, free_bytes=9)
    fits = {each.name: each.fine for each in far.check_room(there, room, Used(1, 100))}
    assert fits == {"room": True, "inodes": False}
