from pathlib import Path

import pytest
from changelogs import steady
from hypothesis import given
from hypothesis import strategies as st

from engine.primary import htime
from engine.primary.htime import Entry

GOLDEN = Path(__file__).parent / "golden" / "changelogs"


def _row(ts: int, *, empty: bool = False, dated: bool = True) -> bytes:
    name = "changelog" if empty else "CHANGELOG"
    day = "2026/11/23/" if dated else ""
    return f"/bricks/b 1/.glusterfs/changelogs/{day}{name}.{ts}".encode() + b"\0"


@pytest.mark.parametrize(
    ("brick", "file", "total", "full"),
    [("prim1-b2", "HTIME.1795425326", 77, 6), ("prim2-d1", "HTIME.1795426914", 131, 17)],
)
def test_real_index(brick: str, file: str, total: int, full: int) -> None:
    data = (GOLDEN / brick / "htime" / file).read_bytes()
    parsed = htime.parse(data)
    assert (parsed.consumed, parsed.unknown) == (len(data), 0)
    assert len(parsed.entries) == total
    there = {str(path.relative_to(GOLDEN / brick)) for path in (GOLDEN / brick).glob("2026/*/*/*")}
    named = {entry.path for entry in parsed.entries if not entry.empty}
    # One slice of each brick is left from a former run, and HTIME does not know it.
    assert (len(named), named - there) == (full, set())
    assert [entry.ts for entry in parsed.entries] == sorted(entry.ts for entry in parsed.entries)


def test_both_layouts_and_what_is_no_slice() -> None:
    rows = [
        _row(1795425340),
        _row(1795425354, empty=True),
        _row(1795425369, dated=False),
        b"\0",
        b"/somewhere/else\0",
        b"/b\n/changelogs/CHANGELOG.1795425400\0",
        _row(1795425500)[:-4],
    ]
    assert htime.parse(b"".join(rows)) == (
        [
            Entry(1795425340, "2026/11/23/CHANGELOG.1795425340", False),
            Entry(1795425354, "2026/11/23/changelog.1795425354", True),
            Entry(1795425369, "CHANGELOG.1795425369", False),
            Entry(1795425400, "CHANGELOG.1795425400", False),
        ],
        sum(map(len, rows[:-1])),
        2,
    )


@steady
@given(st.binary(max_size=600))
def test_any_bytes(data: bytes) -> None:
    parsed = htime.parse(data)
    assert parsed.consumed == data.rfind(b"\0") + 1
    assert len(parsed.entries) + parsed.unknown == data.count(b"\0")


@pytest.mark.parametrize(
    ("name", "ts"),
    [
        ("HTIME.1795425326", 1795425326),
        ("HTIME.1795425326.bak", None),
        ("HTIME.", None),
        ("HTIME.1\n", None),
        ("CHANGELOG.1", None),
    ],
)
def test_created(name: str, ts: int | None) -> None:
    assert htime.created(name) == ts


@pytest.mark.parametrize("data", [b"", b"/", b"\0", b"?" * 9000, b"?" * 9000 + b"\0"])
def test_find_in_what_is_no_index(data: bytes) -> None:
    assert htime.find(lambda at, length: data[at : at + length], len(data), 1) == 0


@steady
@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.booleans(), st.booleans(), st.booleans()), max_size=60
    ),
    st.integers(-5, 900),
    st.integers(0, 40),
)
def test_find_goes_to_the_first_of_since_or_later(
    rows: list[tuple[int, bool, bool, bool]], after: int, torn: int
) -> None:
    first = 1795425000
    ts, data, expected = first, b"", None
    for step, empty, dated, _ in rows:
        ts += step
        if expected is None and ts >= first + after:
            expected = len(data)
        data += _row(ts, empty=empty, dated=dated)
    intact = len(data)
    data += _row(ts + 1)[:torn]
    reads = 0

    def read(offset: int, length: int) -> bytes:
        nonlocal reads
        reads += 1
        return data[offset : offset + length]

    found = htime.find(read, len(data), first + after)
    assert found == (intact if expected is None else expected) or (
        expected is None and found >= intact
    )
    assert reads <= 2 * (len(data).bit_length() + 1)


@steady
@given(
    st.lists(st.one_of(st.just(b"\0" * 40), st.binary(max_size=80)), max_size=6),
    st.integers(0, 900),
)
def test_find_never_goes_too_far(damage: list[bytes], after: int) -> None:
    first = 1795425000
    data, starts = b"", []
    for number in range(40):
        starts.append((first + 20 * number, len(data)))
        data += _row(first + 20 * number)
        if number % 7 == 3 and damage:
            data += damage.pop()
    found = htime.find(lambda at, length: data[at : at + length], len(data), first + after)
    assert all(at >= found for ts, at in starts if ts >= first + after)
