import errno
import os
from pathlib import Path

import pytest

from engine.events import Role
from engine.gluster import xattrs
from engine.gluster.volume import Brick
from engine.primary import election
from engine.session.turn import Turn

TREE = (
    b"((<DISTRIBUTE:gvol-dht> (<REPLICATE:gvol-replicate-0> <POSIX(/b/1):prim1:/b/1/> "
    b"<POSIX(/b/1):prim2:/b/1/>) (<REPLICATE:gvol-replicate-1> <POSIX(/b/2):prim1:/b/2/> "
    b"<POSIX(/b/2):prim2:/b/2/>)) (gvol-dht-layout (gvol-replicate-0 0 1) (gvol-replicate-1 2 3)))"
)
WITHOUT = TREE.replace(b"<POSIX(/b/1):prim1:/b/1/> ", b"")
A, B, C = (f"{letter * 8}-1111-4222-8333-944455556666" for letter in "abc")


@pytest.mark.parametrize(
    ("elected", "active", "words"),
    [
        pytest.param([A, A], True, "names this node", id="first of both sets"),
        pytest.param([B, A], True, "names this node", id="first of one set"),
        pytest.param([B, B, C], False, f"names other nodes: prim2, {C}", id="others"),
        pytest.param([], False, "none of its bricks answers", id="nobody"),
    ],
)
def test_decide(elected: list[str], active: bool, words: str) -> None:
    outcome = election.decide(elected, A, {A: "prim1", B: "prim2"})
    assert outcome.active is active
    assert words in outcome.reason


@pytest.mark.parametrize(
    ("value", "active"), [(f"{B} {A}\0".encode(), True), (f"{B}\0".encode(), False), (None, False)]
)
def test_elect(value: bytes | None, active: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {(b"/mnt", xattrs.NODE_UUID): value}
    monkeypatch.setattr(xattrs, "get", lambda path, name: asked[path, name])
    assert election.elect(b"/mnt", A, {}).active is active


@pytest.mark.parametrize(
    ("pathinfo", "up"),
    [
        pytest.param(TREE, True, id="all answer"),
        pytest.param(WITHOUT, False, id="all but ours"),
        pytest.param(TREE.replace(b"prim1:/b/1/", b"prim3:/b/1/"), False, id="another node's"),
        pytest.param(TREE.replace(b"(/b/1):prim1", b"(/b/10):prim1"), False, id="a longer name"),
        pytest.param(b"(<DISTRIBUTE:gvol-dht> nothing known)", None, id="no bricks are told"),
        pytest.param(b"", None, id="nothing is told"),
    ],
)
def test_told(pathinfo: bytes, up: bool | None) -> None:
    assert election.told(pathinfo, ["old-name", "prim1"], b"/b/1") is up


def test_a_volume_that_cannot_tell_of_its_bricks(monkeypatch: pytest.MonkeyPatch) -> None:
    said = errno.ENOMEM

    def get(_mount: bytes, _name: bytes) -> bytes:
        raise OSError(said, os.strerror(said))

    monkeypatch.setattr(xattrs, "get", get)
    assert election.answers(b"/m", ["prim1"], b"/b/1") is None
    said = errno.ENOTCONN
    with pytest.raises(OSError, match="not connected"):
        election.answers(b"/m", ["prim1"], b"/b/1")


def test_a_worker_whose_own_brick_went_down_is_passive_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = WITHOUT
    values = {xattrs.NODE_UUID: A.encode, xattrs.PATHINFO: lambda: tree}
    monkeypatch.setattr(xattrs, "get", lambda path, name: values[name]())
    monkeypatch.setattr("socket.gethostname", lambda: "prim1")
    turn = Turn(tmp_path, Brick("10.0.0.1", "/b/1", A, 0, 0), {})
    try:
        assert turn.decide(b"/mnt").role is Role.ACTIVE, "it may have a name that we do not know"
        tree = TREE
        assert turn.still(b"/mnt")
        tree = WITHOUT
        assert not turn.still(b"/mnt")
        decision = turn.decide(b"/mnt")
        assert (decision.role, decision.reason) == (Role.PASSIVE, "its own brick is down")
        assert not turn.comes(b"/mnt")
        tree = b""
        assert turn.comes(b"/mnt"), "nothing is told of any brick"
    finally:
        turn.release()
