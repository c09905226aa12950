import pytest

from engine.gluster import xattrs
from engine.primary import election

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
def test_elect(value: bytes | None, active: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {(b"/mnt", xattrs.NODE_UUID): value}
    monkeypatch.setattr(xattrs, "get", lambda path, name: asked[path, name])
    assert election.elect(b"/mnt", A).active is active
