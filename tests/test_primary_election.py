import pytest

from engine.gluster import xattrs
from engine.primary import election

TREE = (
    b"((<DISTRIBUTE:gvol-dht> (<REPLICATE:gvol-replicate-0> <POSIX(/b/1):prim1:/b/1/> "
    b"<POSIX(/b/1):prim2:/b/1/>) (<REPLICATE:gvol-replicate-1> <POSIX(/b/2):prim1:/b/2/> "
    b"<POSIX(/b/2):prim2:/b/2/>)) (gvol-dht-layout (gvol-replicate-0 0 1) (gvol-replicate-1 2 3)))"
)
A, B, C = (f"{letter * 8}-1111-4222-8333-944455556666" for letter in "abc")


@pytest.mark.parametrize(
    ("elected", "active", "words"),
    [
        pytest.param([A, A], True, "names this node", id="first of both sets"),
        pytest.param([B, A], True, "names this node", id="first of one set"),
        pytest.param([B, B, C], False, f"names other nodes: {B}, {C}", id="others"),
        pytest.param([], False, "none of its bricks answers", id="nobody"),
    ],
)
def test_decide(elected: list[str], active: bool, words: str) -> None:
    outcome = election.decide(elected, A)
    assert outcome.active is active
    assert words in outcome.reason


@pytest.mark.parametrize(
    ("value", "active"), [(f"{B} {A}\0".encode(), True), (f"{B}\0".encode(), False), (None, False)]
)
@pytest.mark.parametrize(
    ("pathinfo", "up"),
    [
        pytest.param(TREE, True, id="all answer"),
        pytest.param(TREE.replace(b"<POSIX(/b/1):prim1:/b/1/> ", b""), False, id="all but ours"),
        pytest.param(TREE.replace(b"prim1:/b/1/", b"prim3:/b/1/"), False, id="another node's"),
        pytest.param(TREE.replace(b"(/b/1):prim1", b"(/b/10):prim1"), False, id="a longer name"),
        pytest.param(b"(<DISTRIBUTE:gvol-dht> nothing known)", True, id="no bricks are told"),
        pytest.param(None, True, id="nothing is told"),
    ],
)
def test_elect(
    value: bytes | None,
    active: bool,
    pathinfo: bytes | None,
    up: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = {(b"/mnt", xattrs.NODE_UUID): value, (b"/mnt", xattrs.PATHINFO): pathinfo}
    monkeypatch.setattr(xattrs, "get", lambda path, name: asked[path, name])
    outcome = election.elect(b"/mnt", A, "prim1", b"/b/1")
    assert outcome.active is (active and up)
    assert (outcome.reason == "its own brick is down") is (active and not up)
