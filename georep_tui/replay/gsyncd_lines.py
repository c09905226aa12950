"""Lines of gsyncd's logs, of both formats, into typed values and none lost. Pure.

Since 8.0 a message ends in ` [{k=v}, {k=v}]`, before that in fields with a tab before each. What
has no head of its own (a traceback, words of another program) belongs to the line before.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

MORE = 200
"""Lines without a head that one line takes along; what follows stands alone."""

_HEAD = re.compile(
    rb"\[(\d{4}-\d\d-\d\d \d\d:\d\d):(\d\d)\.(\d{1,6})\] ([A-Z]) "
    rb"\[([^\s(\]]*)\((.*?)\):(\d+):([^\s\]]*)\] (\S+): (.*)",
    re.DOTALL,
)
_FIRST = re.compile(r" \[\{(?=\w+=)")
_NEXT = re.compile(r"\}, \{(?=\w+=)")
_TAB = re.compile(r"\t(?=\w+=)")


class Line(msgspec.Struct, frozen=True, gc=False):
    """One message, as it was logged."""

    at: float
    """Seconds since the epoch; gsyncd writes UTC."""
    level: str
    """D, I, W, E or C."""
    label: str
    """Who speaks: monitor, worker /BRICK, agent /BRICK, secondary NODE/BRICK, or a command."""
    words: str
    """The message without its fields."""
    rest: str
    """Its fields as they stand, to be taken apart by `fields`."""
    raw: tuple[bytes, ...]
    """The line, and those without a head that followed it, without their ends."""


class Stray(msgspec.Struct, frozen=True, gc=False):
    """A line that belongs to no message."""

    raw: tuple[bytes, ...]


def parse(raw: bytes) -> Line | Stray:
    """Return what one line says, or the line itself."""
    found = _HEAD.match(raw)
    if found is None:
        return Stray((raw,))
    minute, second, micro, level, _, label, _, _, _, message = found.groups()
    try:
        at = _minute(minute) + int(second) + int(micro) / 1e6
    except ValueError:
        return Stray((raw,))
    words, rest = _cut(text(message))
    return Line(at, level.decode(), text(label), words, rest, (raw,))


def read(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Line | Stray]]:
    """Yield what lines say, each with what belongs to it, and the place where it begins.

    Every line is in some `raw`, in its order.
    """
    held: Line | None = None
    place, more = 0, list[bytes]()
    for at, ended in lines:
        raw = ended.rstrip(b"\r\n")
        value = parse(raw) if raw.startswith(b"[") else Stray((raw,))
        if isinstance(value, Stray) and held is not None and len(more) < MORE:
            more.append(raw)
            continue
        if held is not None:
            yield place, _with(held, more)
            held, more = None, []
        if isinstance(value, Line):
            held, place = value, at
        else:
            yield at, value
    if held is not None:
        yield place, _with(held, more)


def fields(rest: str) -> dict[str, str]:
    """Return the fields of a message; values are as they stand, and may hold anything."""
    if rest.startswith("\t"):
        parts = _TAB.split(rest)[1:]
    else:
        parts = _NEXT.split(rest.removeprefix(" [{").removesuffix("}]")) if rest else []
    pairs = (part.partition("=") for part in parts)
    return {key: value for key, _, value in pairs}


def text(raw: bytes) -> str:
    r"""Return bytes as text; what is not UTF-8 becomes `\xNN`."""
    return raw.decode("utf-8", "backslashreplace")


def _with(line: Line, more: list[bytes]) -> Line:
    return msgspec.structs.replace(line, raw=(*line.raw, *more)) if more else line


def _cut(message: str) -> tuple[str, str]:
    """Return a message's words and its fields."""
    if message.endswith("}]") and (found := _FIRST.search(message)):
        return message[: found.start()], message[found.start() :]
    if (found := _TAB.search(message)) is not None:
        return message[: found.start()], message[found.start() :]
    return message.rstrip(), ""


@lru_cache(maxsize=64)
def _minute(stamp: bytes) -> float:
    """Return the seconds since the epoch of `YYYY-MM-DD HH:MM`; ValueError when it is no date."""
    year, month, day = int(stamp[:4]), int(stamp[5:7]), int(stamp[8:10])
    return datetime(year, month, day, int(stamp[11:13]), int(stamp[14:16]), tzinfo=UTC).timestamp()
