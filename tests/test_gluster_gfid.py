import contextlib

import pytest
from changelogs import steady
from hypothesis import given
from hypothesis import strategies as st

from engine.gluster import gfid
from engine.gluster.gfid import NotAGfid
from engine.item import ROOT, Gfid, Place

G = Gfid("7272bac6-e378-4300-8714-841f39d9fa1a")


@steady
@given(st.binary(min_size=16, max_size=16))
def test_raw_bytes_round_trip(raw: bytes) -> None:
    found = gfid.from_raw(raw)
    assert gfid.to_raw(found) == raw
    assert gfid.from_text(found.encode()) == found


@steady
@given(st.binary(max_size=80))
def test_any_bytes_are_a_gfid_or_refused(text: bytes) -> None:
    for read in (gfid.from_text, gfid.place, gfid.handle_link, gfid.from_raw):
        with contextlib.suppress(NotAGfid):
            read(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(G.upper().encode(), id="upper case"),
        pytest.param(G.encode() + b"0", id="too long"),
        pytest.param(G.encode()[:-1], id="too short"),
        pytest.param(G.replace("-", "0").encode(), id="no hyphens"),
        pytest.param(b"7272bac6e-378-4300-8714-841f39d9fa1a", id="hyphen elsewhere"),
        pytest.param(b"7272bac6-e378-4300-8714-841f39d9fa1\n", id="newline"),
        pytest.param("7272bac6-e378-4300-8714-841f39d9fa1²".encode(), id="no ascii"),
    ],
)
def test_what_is_no_gfid(text: bytes) -> None:
    with pytest.raises(NotAGfid):
        gfid.from_text(text)


def test_paths() -> None:
    place = Place(G, b"a\n\xff b")
    assert gfid.handle(ROOT) == b".glusterfs/00/00/00000000-0000-0000-0000-000000000001"
    assert gfid.below_handle(place) == b".glusterfs/72/72/" + G.encode() + b"/a\n\xff b"
    assert gfid.aux(G) == b".gfid/" + G.encode()
    assert gfid.aux_place(place) == b".gfid/" + G.encode() + b"/a\n\xff b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (G.encode() + b"/x", Place(G, b"x")),
        (G.encode() + b"/\xff\n", Place(G, b"\xff\n")),
        (G.encode() + b"/", None),
        (G.encode() + b"/a/b", None),
        (G.encode() + b"/a\0", None),
        (G.encode() + b"x", None),
        (b"/x", None),
    ],
)
def test_place(text: bytes, expected: Place | None) -> None:
    if expected is None:
        with pytest.raises(NotAGfid):
            gfid.place(text)
    else:
        assert gfid.place(text) == expected


def test_handle_of_a_directory() -> None:
    assert gfid.handle_link(b"../../72/72/" + G.encode() + b"/d") == Place(G, b"d")
    assert gfid.handle_link(b"../../..") is None
    for wrong in (
        b"../../72/73/" + G.encode() + b"/d",
        b"/etc/passwd",
        b"../../72/72/" + G.encode(),
    ):
        with pytest.raises(NotAGfid):
            gfid.handle_link(wrong)
