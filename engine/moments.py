"""Moments as an operator writes them, and the labels that they get."""

import math
import re
from datetime import UTC, datetime

from engine.errors import Usage

FIRST = 1_000_000_000
"""Seconds since the epoch; a smaller number is no moment that anybody means."""
LAST = 99_999_999_999
ACCEPTED = (
    "now, 2026-05-01T12:00, 12:00 of today (both by this node's clock; with Z behind the first: "
    "UTC), or seconds since the epoch"
)
_TODAY = re.compile(r"\d\d:\d\d(:\d\d)?")
_DATED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+@-]{0,63}")


def parse(text: str, now: float) -> int:
    """Return the moment, in seconds since the epoch; `now` is the present one. Usage for nonsense.

    A part of a second counts as the whole of it: what was done before `now` was done before that.
    """
    try:
        moment = _parsed(text, now)
    except (ValueError, OverflowError, OSError):
        moment = None
    if moment is None or not FIRST <= moment <= LAST:
        raise Usage(f"{text!r} is no time", fix=f"It takes {ACCEPTED}.")
    return moment


def _parsed(text: str, now: float) -> int | None:
    if text == "now":
        return math.ceil(now)
    if text.isascii() and text.isdecimal():
        return int(text[:20])
    if _TODAY.fullmatch(text):
        text = f"{datetime.fromtimestamp(now):%Y-%m-%d}T{text}"
    if _DATED.fullmatch(text):
        return math.ceil(datetime.fromisoformat(text).timestamp())
    return None


def show(moment: float) -> str:
    """Return a moment, in seconds since the epoch, as everything tells times: in UTC."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"


def label(word: str, moment: int) -> str:
    """Return what to call a checkpoint: `word`, or else its moment; Usage for what is no label."""
    if not word:
        return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
    if not _LABEL.fullmatch(word):
        raise Usage(
            f"{word!r} cannot be the label of a checkpoint",
            fix="It takes up to 64 letters, digits and . _ : + @ -, a letter or digit first.",
        )
    return word
