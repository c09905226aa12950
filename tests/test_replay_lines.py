"""Lines of gsyncd's logs: both formats, what belongs together, and nothing lost."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from georep_tui.replay import gsyncd_lines
from georep_tui.replay.gsyncd_lines import MORE, Line, Stray, fields, parse

GOLDEN = Path(__file__).parent / "golden/gsyncd-10.3"
HEAD = b"[2026-11-23 08:57:41.36499] I [primary(worker /bricks/b1):1683:crawl] _GPrimary: "
AT = 1795424261.036499


def line(raw: bytes) -> Line:
    found = parse(raw)
    assert isinstance(found, Line)
    return found


def read(*raws: bytes) -> list[Line | Stray]:
    return [value for _, value in gsyncd_lines.read(enumerate(raws))]


@pytest.mark.parametrize(
    ("message", "words", "said"),
    [
        (b"plain words", "plain words", {}),
        (b"one [{stime=None}]", "one", {"stime": "None"}),
        (
            b"starting history crawl [{turns=1}, {stime=(1795423098, 0)}, {etime=1}]",
            "starting history crawl",
            {"turns": "1", "stime": "(1795423098, 0)", "etime": "1"},
        ),
        (
            b"ENTRY FAILED [{data=({'op': 'MKDIR', 'x': {'a=b'}}, 17, {'y': {}})}]",
            "ENTRY FAILED",
            {"data": "({'op': 'MKDIR', 'x': {'a=b'}}, 17, {'y': {}})"},
        ),
        (
            b"x [{cmd=a -o b=c, {d} [{}, {error=255}]",
            "x",
            {"cmd": "a -o b=c, {d} [{", "error": "255"},
        ),
        (b"crawl\tturns=1\tstime=(17, 0)", "crawl", {"turns": "1", "stime": "(17, 0)"}),
        (b"command\tcmd=a=b c\terror=1", "command", {"cmd": "a=b c", "error": "1"}),
        (b"a tab\there is none", "a tab\there is none", {}),
        (b"FAIL: ", "FAIL:", {}),
        (b"[{}]", "[{}]", {}),
        (b"name \xff\xfe [{path=\xff}]", r"name \xff\xfe", {"path": r"\xff"}),
    ],
)
def test_messages(message: bytes, words: str, said: dict[str, str]) -> None:
    found = line(HEAD + message)
    assert (found.words, fields(found.rest)) == (words, said)
    assert (found.at, found.level, found.label) == (AT, "I", "worker /bricks/b1")


@pytest.mark.parametrize(
    ("head", "label"),
    [
        (b"[2026-11-23 08:57:41.36499] E [repce(secondary gfs1/bricks/b 1):96:loop] S: x", 1),
        (b"[2018-04-13 08:57:41.1] W [master(/bricks/(b)1):16:crawl] _GMaster: x", 2),
        (b"[2018-04-13 08:57:41.123456] D [gsyncd(config-get):299:<top>] <top>: x", 3),
    ],
)
def test_heads(head: bytes, label: int) -> None:
    labels = {1: "secondary gfs1/bricks/b 1", 2: "/bricks/(b)1", 3: "config-get"}
    assert line(head).label == labels[label]


def test_microseconds_are_not_padded() -> None:
    assert line(HEAD + b"x").at == pytest.approx(1795424261.036499, abs=1e-7)
    assert line(HEAD.replace(b".36499", b".5") + b"x").at == pytest.approx(AT - 0.036494)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Traceback (most recent call last):",
        b"[2026-13-23 08:57:41.1] I [a(b):1:c] d: e",
        b"[2026-02-30 08:57:41.1] I [a(b):1:c] d: e",
        b"[0000-01-01 08:57:41.1] I [a(b):1:c] d: e",
        b"[2026-11-23 08:57:41.123456 +0000] I [MSGID: 100030] [glusterfsd.c:2683:main] 0-x: y",
        b"[2026-11-23 08:57:41] I [a(b):1:c] d: e",
        b"{}",
    ],
)
def test_what_has_no_head_is_kept(raw: bytes) -> None:
    assert parse(raw) == Stray((raw,))


def test_what_follows_belongs_to_the_line_before() -> None:
    first, second = read(HEAD + b"FAIL: \r\n", b"Traceback\n", b"  File\n", HEAD + b"next\n")
    assert isinstance(first, Line)
    assert isinstance(second, Line)
    assert first.raw == (HEAD + b"FAIL: ", b"Traceback", b"  File")
    assert second.raw == (HEAD + b"next",)


def test_what_follows_is_bounded() -> None:
    found = read(b"before\n", HEAD + b"x\n", *[b"more\n"] * (MORE + 2))
    assert [type(each) for each in found] == [Stray, Line, Stray, Stray]
    assert sum(len(each.raw) for each in found) == MORE + 4


@given(st.lists(st.one_of(st.binary(), st.just(HEAD + b"x"), st.binary().map(HEAD.__add__))))
@example([b"[", b"]", b"\r", b"\x00"])
def test_nothing_raises_and_nothing_is_lost(raws: list[bytes]) -> None:
    raws = [raw.replace(b"\n", b"") for raw in raws]
    found = list(gsyncd_lines.read(enumerate(raw + b"\n" for raw in raws)))
    kept = [raw for _, value in found for raw in value.raw]
    assert kept == [raw.rstrip(b"\r\n") for raw in raws]
    for place, value in found:
        assert value.raw[0] == raws[place].rstrip(b"\r\n")
        if isinstance(value, Line):
            fields(value.rest)


@given(st.text())
def test_fields_take_anything(rest: str) -> None:
    assert isinstance(fields(rest), dict)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.log")), ids=lambda path: path.stem)
def test_real_logs_are_kept_line_by_line(path: Path) -> None:
    raws = path.read_bytes().splitlines()
    found = list(gsyncd_lines.read(enumerate(path.read_bytes().splitlines(keepends=True))))
    assert [raw for _, value in found for raw in value.raw] == raws
    assert all(isinstance(value, Line) for _, value in found)
