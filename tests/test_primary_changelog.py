import contextlib
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from changelogs import HEADERS, any_record, pack, pack_all, steady
from hypothesis import given
from hypothesis import strategies as st

from engine.item import ROOT, Gfid, Place
from engine.primary import changelog
from engine.primary.changelog import Fault, NotAChangelog, Parser, UnknownChangelog
from engine.primary.records import LINK, RENAME, UNLINK, Record

GOLDEN = Path(__file__).parent / "golden" / "changelogs"
A = Gfid("7272bac6-e378-4300-8714-841f39d9fa1a")
B = Gfid("0b2a9d5c-1111-4222-8333-944455556666")
DATA_A, DATA_B = Record("D", A, 0, (), 0), Record("D", B, 0, (), 0)
HEADER = HEADERS["v1.2"]


def _in_portions(data: bytes, cuts: list[int]) -> tuple[list[Record], list[Fault]]:
    parser = Parser()
    found: list[Record] = []
    bounds = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for begin, end in pairwise(bounds):
        found += parser.feed(data[begin:end])
        assert parser.consumed <= end
        assert len(parser._held) <= 8192 + end - begin
    found += parser.close()
    assert parser.consumed == len(data)
    return found, parser.faults


def _bare(faults: list[Fault]) -> list[tuple[int, int, str]]:
    return [fault[:3] for fault in faults]


@pytest.mark.parametrize(
    ("brick", "total", "letters", "fops"),
    [
        ("prim1-b2", 985, {"E": 491, "D": 487, "M": 7}, {23: 487, 4: 4}),
        ("prim2-d1", 2429, {"E": 1234, "D": 1180, "M": 15}, {23: 1178, 8: 34, 5: 12, 4: 10}),
    ],
)
def test_real_slices(brick: str, total: int, letters: dict[str, int], fops: dict[int, int]) -> None:
    found: list[Record] = []
    for path in sorted((GOLDEN / brick).glob("2026/*/*/CHANGELOG.*")):
        parsed = changelog.parse(path.read_bytes(), file=path.name)
        assert parsed.version == "v1.2"
        assert parsed.faults == []
        assert parsed.consumed == path.stat().st_size
        found += parsed.records
    by_letter = Counter(record.letter for record in found)
    by_fop = Counter(record.fop for record in found if record.letter == "E")
    assert len(found) == total
    assert by_letter == letters
    assert by_fop == fops


def test_a_live_file_with_nothing_in_it() -> None:
    parsed = changelog.parse((GOLDEN / "prim1-b2" / "CHANGELOG").read_bytes())
    assert parsed == ("v1.2", [], changelog.HEADER_SIZE, [])


@steady
@given(st.lists(any_record, max_size=20), st.sampled_from(["v1.1", "v1.2"]))
def test_what_was_written_is_read(found: list[Record], version: str) -> None:
    data = pack_all(found, version)
    assert changelog.parse(data) == (version, found, len(data), [])


@steady
@given(
    st.lists(any_record, max_size=20),
    st.binary(min_size=1, max_size=300).map(lambda path: path.replace(b"\0", b"/")),
)
def test_what_was_written_is_read_with_paths(found: list[Record], path: bytes) -> None:
    data = pack_all(found, path=path)
    assert changelog.parse(data) == ("v1.2", found, len(data), [])


def test_a_path_that_looks_like_a_record() -> None:
    removed = Record("E", A, UNLINK, (Place(ROOT, b"D" + B.encode()),), 0)
    data = pack_all([removed, DATA_A], path=b"D" + B.encode())
    assert changelog.parse(data).records == [removed, DATA_A]


def _damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(pack_all(draw(st.lists(any_record, max_size=8))))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(len(HEADER), len(data)))
        length = draw(st.integers(0, 60))
        data[at : at + length] = draw(st.one_of(st.binary(max_size=60), st.just(bytes(length))))
    return bytes(data)


damaged = st.composite(_damaged)()


@steady
@given(damaged, st.lists(st.integers(0, 5000), max_size=6))
def test_portions_give_what_the_whole_gives(data: bytes, cuts: list[int]) -> None:
    whole = changelog.parse(data)
    records, faults = _in_portions(data, cuts)
    assert records == whole.records
    assert _bare(faults) == _bare(whole.faults)


@steady
@given(damaged)
def test_split_at_every_byte(data: bytes) -> None:
    whole = changelog.parse(data)
    records, faults = _in_portions(data, list(range(len(data))))
    assert records == whole.records
    assert _bare(faults) == _bare(whole.faults)


@steady
@given(damaged)
def test_every_byte_is_in_a_record_or_in_a_fault(data: bytes) -> None:
    parsed = changelog.parse(data)
    at = len(HEADER)
    for fault in parsed.faults:
        assert at <= fault.offset < fault.end <= len(data)
        assert data[fault.offset : fault.offset + len(fault.raw)] == fault.raw
        at = fault.end
    faulty = sum(fault.end - fault.offset for fault in parsed.faults)
    intact = b"".join(
        data[begin:end]
        for begin, end in zip(
            [len(HEADER), *(fault.end for fault in parsed.faults)],
            [*(fault.offset for fault in parsed.faults), len(data)],
            strict=True,
        )
    )
    assert len(intact) + faulty == len(data) - len(HEADER)
    again = changelog.parse(HEADER + intact)
    assert again.records == parsed.records
    assert again.faults == []


@steady
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes(data: bytes, after_a_header: bool) -> None:
    if after_a_header:
        changelog.parse(HEADER + data)
    else:
        with contextlib.suppress(NotAChangelog, UnknownChangelog):
            changelog.parse(data)


E_A = b"E" + A.encode()
PLACE = B.encode() + b"/n"


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        pytest.param(b"X" + A.encode() + b"\0", "letter 'X'", id="letter"),
        pytest.param(b"\0", "no gfid", id="one NUL"),
        pytest.param(bytes(4096), "no gfid", id="a block of zeros"),
        pytest.param(b"?\0D" + b"g" * 36 + b"\0", "no gfid", id="no gfid in what looks like one"),
        pytest.param(b"Dhello\0", "no gfid", id="gfid"),
        pytest.param(b"M" + A.encode() + b"\0-1\0", "no number", id="number"),
        pytest.param(
            b"M" + A.encode() + b"\x0012345678901\0", "no number", id="too large a number"
        ),
        pytest.param(E_A + b"\x0055\0" + PLACE + b"\0", "operation", id="operation"),
        pytest.param(E_A + b"\x0023\0x\x000\x000\0" + PLACE + b"\0", "no number", id="mode"),
        pytest.param(E_A + b"\x0023\x001\0x\x000\0" + PLACE + b"\0", "no number", id="uid"),
        pytest.param(E_A + b"\x007\0" + B.encode() + b"\0", "no name", id="no slash"),
        pytest.param(E_A + b"\x007\0" + B.encode() + b"/\0", "no name", id="no name"),
        pytest.param(E_A + b"\x007\0" + B.encode() + b"/..\0", "no name", id="dots"),
        pytest.param(E_A + b"\x007\0" + B.encode() + b"/a/b\0", "no name", id="two names"),
        pytest.param(E_A + b"\x007\0" + PLACE + b"x" * 255 + b"\0", "no name", id="long"),
        pytest.param(E_A + b"\x007\0x" + PLACE[1:] + b"\0", "no gfid", id="parent"),
        pytest.param(E_A + b"\x005\0" + PLACE + b"\0\0x\0", "no path", id="path"),
        pytest.param(E_A + b"\x005\0" + PLACE + b"\0%4097d\0" % 0, "no path", id="long path"),
        pytest.param(E_A + b"\x008\0" + PLACE + b"\0", "no name", id="one name of two"),
        pytest.param(b"?" * 300_000 + b"\0", "without an end", id="no NUL for long"),
    ],
)
def test_a_fault_is_told_and_the_next_record_found(bad: bytes, words: str) -> None:
    data = HEADER + pack(DATA_A) + bad + pack(DATA_B)
    parsed = changelog.parse(data)
    assert parsed.records == [DATA_A, DATA_B]
    (fault,) = parsed.faults
    begin = len(HEADER) + 38
    assert (fault.offset, fault.end) == (begin, begin + len(bad))
    assert words in fault.words
    assert fault.raw == (bad + pack(DATA_B))[: len(fault.raw)]


@pytest.mark.parametrize(
    "record",
    [
        DATA_A,
        Record("M", A, 38, (), 0),
        Record("E", A, LINK, (Place(B, b"l"),), 0),
        Record("E", A, RENAME, (Place(B, b"o"), Place(B, b"n")), 0),
        Record("E", A, UNLINK, (Place(B, b"gone"),), 0),
    ],
    ids=lambda record: f"{record.letter}{record.fop}",
)
@pytest.mark.parametrize("path", [b"\0", b"some/path"], ids=["no path", "path"])
def test_a_torn_record_is_not_consumed(record: Record, path: bytes) -> None:
    whole = pack(record, path=path)
    for length in range(1, len(whole)):
        parsed = changelog.parse(HEADER + pack(DATA_B) + whole[:length])
        assert parsed.records == [DATA_B]
        assert parsed.consumed == len(HEADER) + 38
        assert [(f.offset, f.words) for f in parsed.faults] == [
            (parsed.consumed, "ends in the middle of a record")
        ]
        parser = Parser()
        assert parser.feed(HEADER + pack(DATA_B) + whole[:length]) == [DATA_B]
        assert (parser.consumed, parser.damaged) == (len(HEADER) + 38, False)
        assert parser.feed(whole[length:]) == [record]
        assert parser.close() == []
        assert not parser.damaged


def test_a_torn_record_does_not_hide_the_next() -> None:
    torn = E_A + b"\x0023\x0033188\0"
    parsed = changelog.parse(HEADER + torn + pack(DATA_B))
    assert parsed.records == [DATA_B]
    assert [(f.offset, f.end) for f in parsed.faults] == [(51, 51 + len(torn))]


def test_a_fault_at_the_end_is_known_at_once() -> None:
    parser = Parser()
    assert parser.feed(HEADER + b"junk\0") == []
    assert parser.damaged
    assert parser.faults == []
    assert parser.consumed == len(HEADER)
    assert parser.close() == []
    assert [fault[:2] for fault in parser.faults] == [(51, 56)]


@pytest.mark.parametrize("length", range(51))
def test_ends_in_its_header(length: int) -> None:
    parsed = changelog.parse(HEADER[:length])
    assert parsed.records == []
    assert [fault[:3] for fault in parsed.faults] == [(0, length, "ends in its header")]


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"#!/bin/sh\n", NotAChangelog, "x is not a changelog"),
        (bytes(4096), NotAChangelog, "x is not a changelog"),
        (b"GlusterFS Changelog | version: vX | encoding : 2\n", NotAChangelog, "not a changelog"),
        (HEADER[:40] + b"\n", NotAChangelog, "not a changelog"),
        (HEADER[:31] + b"v" * 99, NotAChangelog, "not a changelog"),
        (HEADER.replace(b": 2", b": 1"), UnknownChangelog, "version v1.2, encoding binary"),
        (HEADER.replace(b": 2", b": 7"), UnknownChangelog, "version v1.2, encoding 7"),
        (HEADER.replace(b"1.2", b"2.0"), UnknownChangelog, "version v2.0, encoding ascii"),
    ],
)
def test_what_is_no_changelog(data: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        changelog.parse(data, file="x")
    with pytest.raises(error):
        _in_portions(data, list(range(len(data))))


def test_many_gfids_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.primary.records._REMEMBERED", 3)
    found = [Record("D", Gfid(f"{n:08x}{A[8:]}"), 0, (), 0) for n in range(50)]
    assert changelog.parse(pack_all(found)).records == found


def test_an_endless_fault_is_not_kept() -> None:
    parser = Parser()
    parser.feed(HEADER)
    for _ in range(50):
        parser.feed(b"?" * 20_000)
        assert len(parser._held) <= 8192
    assert parser.feed(b"\0" + pack(DATA_B)) == [DATA_B]
    assert [fault[:2] for fault in parser.faults] == [(51, 51 + 1_000_001)]
