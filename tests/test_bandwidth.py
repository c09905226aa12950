"""Limits: how they are written, and that all who send together keep to them."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import bandwidth, options
from engine.bandwidth import Bandwidth, Period
from engine.errors import Usage
from engine.movers import pace
from engine.movers.pace import Bucket, reserved
from engine.options import Options

M = 1 << 20


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("0", 0),
        ("20480", 20480),
        ("16k", 16384),
        ("20m", 20 * M),
        ("20M", 20 * M),
        ("1g", 1024 * M),
        pytest.param("", None, id="empty"),
        pytest.param("m", None, id="only a unit"),
        pytest.param("20 m", None, id="a blank"),
        pytest.param("20mb", None, id="two units"),
        pytest.param("1.5m", None, id="a fraction"),
        pytest.param("-1", None, id="negative"),
        pytest.param("010", None, id="octal to YAML"),
        pytest.param("²", None, id="a digit to Python"),
        pytest.param("0k", 0, id="none in any unit"),
        pytest.param("16383", None, id="so little that jobs seem to hang"),
        pytest.param("9" * 16, None, id="too long"),
    ],
)
def test_rates(text: str, rate: int | None) -> None:
    if rate is None:
        with pytest.raises(ValueError, match=r"no rate|less than"):
            bandwidth.parse_rate(text)
    else:
        assert bandwidth.parse_rate(text) == rate


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("", ()),
        ("  ", ()),
        ("08:00-18:00 5m", (Period(480, 1080, 5 * M),)),
        ("08:00 - 18:00  5m", (Period(480, 1080, 5 * M),)),
        ("08:00-18:00 5m, 18:00-08:00 0", (Period(480, 1080, 5 * M), Period(1080, 480, 0))),
        ("00:00-24:00 1m", (Period(0, 1440, M),)),
    ],
)
def test_timetables(text: str, periods: tuple[Period, ...]) -> None:
    assert bandwidth.parse_timetable(text) == periods


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("08:00-18:00", "is no period with a rate"),
        ("8:00-18:00 5m", "is no period with a rate"),
        ("08:00-18:00 5m,", "'' is no period with a rate"),
        ("08:00-18:00 fast", "'fast' is no rate"),
        ("08:60-18:00 5m", "there is no 08:60"),
        ("08:00-24:01 5m", "there is no 24:01"),
        ("08:00-08:00 5m", "takes no time"),
        ("24:00-08:00 5m", "takes no time"),
        ("08:00-18:00 5m, 17:59-19:00 1m", "overlaps '08:00-18:00 5m'"),
        ("22:00-06:00 5m, 05:00-07:00 1m", "overlaps '22:00-06:00 5m'"),
    ],
)
def test_timetables_that_are_none(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        bandwidth.parse_timetable(text)


@pytest.mark.parametrize(
    ("minute", "rate"), [(0, 3), (359, 3), (360, 9), (480, 5), (1079, 5), (1080, 9), (1320, 3)]
)
def test_what_holds_when(minute: int, rate: int) -> None:
    limits = Bandwidth(9, (Period(480, 1080, 5), Period(1320, 360, 3)))
    assert limits.at(minute) == rate


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("bandwidth=fast", "It takes bytes per second, at least 16k, as in 500k, 20m or 1g"),
        ("bandwidth=", "bandwidth cannot be ''"),
        ("bandwidth-timetable=08:00-18:00", "as in 08:00-18:00 5m"),
    ],
)
def test_options_refuse(setting: str, said: str) -> None:
    with pytest.raises(Usage) as raised:
        options.changed(Options(), [setting], where="--set")
    assert said in raised.value.sentence()


def test_options_accept() -> None:
    settings = ["bandwidth=20m", "bandwidth-timetable=08:00-18:00 5m"]
    found = options.changed(Options(), settings, where="--set")
    assert (found.bandwidth, found.bandwidth_timetable) == ("20m", "08:00-18:00 5m")


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.001, 0.5)), min_size=1, max_size=60))
def test_together_they_never_send_more_than_the_line_takes(
    takes: list[tuple[float, float]],
) -> None:
    held, now, sent = b"", 1000.0, 0.0
    for idle, seconds in takes:
        now += idle
        until = reserved(held, now, seconds)
        held = struct.pack(">d", until)
        sent += seconds
        # Whoever took it sends when it has waited until then.
        assert sent <= max(now, until) - 1000.0 + pace._BURST + 1e-6
        assert until >= now - pace._BURST


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(b"", id="new"),
        pytest.param(b"abc", id="cut off"),
        pytest.param(struct.pack(">d", float("nan")), id="no number"),
        pytest.param(struct.pack(">d", 1e9), id="of another boot"),
        pytest.param(struct.pack(">d", 3.0), id="long ago"),
    ],
)
def test_what_the_file_may_have(held: bytes) -> None:
    assert reserved(held, 1000.0, 1.0) == 1001.0 - pace._BURST


def test_workers_share_one_line(tmp_path: Path) -> None:
    one = Bucket(tmp_path / pace.FILE, "16k", "")
    two = Bucket(tmp_path / pace.FILE, "16k", "")
    assert one.take(M) > 0
    assert two.take(M) > 64, "it waits behind the other"
    free = Bucket(tmp_path / "none", "0", "")
    assert free.take(M) == 0
    assert not (tmp_path / "none").exists()
    assert (free.words(), free.limited) == ((), False)


@pytest.mark.parametrize(
    ("rate", "portion"), [("0", M), ("16k", 4096), ("1m", M // 8), ("1g", M)], ids=str
)
def test_portions_give_all_their_turn(tmp_path: Path, rate: str, portion: int) -> None:
    assert Bucket(tmp_path / pace.FILE, rate, "").portion() == portion


@pytest.mark.parametrize("timetable", ["", "00:00-12:00 900m, 12:00-24:00 900m"])
def test_a_command_gets_all_that_comes_and_its_exit_code_is_ours(
    tmp_path: Path, timetable: str
) -> None:
    words = Bucket(tmp_path / pace.FILE, "1g", timetable).words()
    assert words[0] == sys.executable
    data = os.urandom(3 * M + 1)
    kept = tmp_path / "kept"
    argv = [*words, "sh", "-c", f"cat > {kept}; exit 3"]
    assert subprocess.run(argv, input=data, check=False).returncode == 3
    assert kept.read_bytes() == data
    # One that takes nothing, such as an ssh that is refused, ends it.
    assert subprocess.run([*words, "false"], input=data, check=False).returncode == 1
