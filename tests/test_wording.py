"""Every event has words, whatever stands in it."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from told_events import EXAMPLES, GFID, Example, failed, job

from engine.events import AnyEvent, WorkerFaulty
from georep_tui import wording
from georep_tui.replay.notes import AnyNote, LineKept

IDS = [type(each.told).__name__ + each.id for each in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_lines(example: Example) -> None:
    assert wording.line(example.told) == example.words


def test_there_is_an_example_of_everything() -> None:
    assert {type(each.told) for each in EXAMPLES} == {*get_args(AnyEvent), *get_args(AnyNote)}


def test_whole_leaves_nothing_out() -> None:
    fault = WorkerFaulty(
        at=1777637071.25,
        session="s",
        worker="n:/b",
        cause="ssh refused",
        words="exit 255",
        fix="Look there.",
        evidence="line one\nline two",
    )
    assert wording.whole(fault) == (
        "2026-05-01 12:04:31.250Z  s  n:/b  WorkerFaulty  ssh refused: exit 255"
        "  evidence: line one line two  do: Look there."
    )
    shown = wording.whole(failed(path=r"a/[/ bad\xff"))
    assert rf"EACCES a/[/ bad\xff · create  gfid: {GFID}  words: Permission denied" in shown
    shown = wording.whole(job(code=23, words="vanished", failed=("g: short",)))
    assert "words: vanished  file: g: short" in shown


def test_kinds_are_the_names_of_the_events() -> None:
    assert wording.kind(job()) == "JobFinished"
    line = LineKept(at=1, session="", place="f", level="E", words="w", understood=True)
    assert wording.kind(line) == "Line"
    strange = msgspec.structs.replace(line, understood=False)
    assert wording.kind(strange) == "NotUnderstood"


@given(st.text())
def test_whatever_is_told_is_one_printable_line(text: str) -> None:
    for told in (
        failed(path=text, kind=text, words=text, doing=text),
        LineKept(at=1, session=text, place=text, level=text, words=text, understood=False),
    ):
        assert wording.line(told).isprintable()
        assert wording.whole(told).isprintable()
