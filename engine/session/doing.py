"""Does one errand of a console, in a process of its own: `python -m engine.session.doing`.

The arguments are the places, the first line of stdin is the errand, each line of stdout a report.
"""

import asyncio
import contextlib
import sys
import time
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

from engine import names
from engine.config import Places
from engine.errors import GeorepError
from engine.item import Gfid
from engine.plan.compare import Difference
from engine.session import comparing, doctor, errands, lifecycle
from engine.session.checks import Check
from engine.session.errands import AnyErrand, AnyReport, Checked, Counted, Differed, Done, Failed
from engine.session.verify import Counts

TICK = 0.5
"""Seconds between two words of how far a comparison is."""
LONGEST = 1 << 20
"""Bytes of an errand."""


def main(at: Places) -> int:
    """Do what stdin says, in the main thread; tell how it ended, and return 0."""
    try:
        errand = errands.read_errand(sys.stdin.buffer.readline(LONGEST))
        _say(do(at, errand))
    except GeorepError as error:
        _say(Failed(words=error.sentence(), evidence=error.evidence))
    except Exception as error:
        # The console has the sentence, and the developer what led to it.
        traceback.print_exc()
        _say(Failed(words=f"It ended by a fault of georep's own: {type(error).__name__}: {error}"))
    return 0


def do(at: Places, errand: AnyErrand) -> Done:
    """Do one errand; reports go to stdout as they come."""
    match errand:
        case errands.Create():
            made = asyncio.run(
                lifecycle.create(
                    at,
                    errand.volume,
                    errand.secondary,
                    name=errand.name,
                    settings=errand.settings,
                    tick=_tick,
                    agree=(lambda _: True) if errand.enable else None,
                    force=errand.force,
                )
            )
            return Done(fine=True, name=made.name)
        case errands.Look(volume=volume, secondary=secondary):
            drafted = lifecycle.drafted(
                at, volume, secondary, name=errand.name, settings=errand.settings
            )
            return Done(fine=asyncio.run(doctor.glance(drafted, tick=_tick)))
        case errands.Examine(name=name):
            return Done(fine=asyncio.run(lifecycle.examine(at, name, tick=_tick)))
        case errands.Compare():
            return _compare(at, errand)


def _compare(at: Places, errand: errands.Compare) -> Done:
    counts = Counts()
    under = comparing.path_of(errand.under)
    comparing.compare(
        at, errand.name, counts, _differ, _counting(counts), under=under, content=errand.content
    )
    return Done(fine=not counts.different)


@contextlib.asynccontextmanager
async def _counting(counts: Counts) -> AsyncIterator[None]:
    """Tell how far it is, now and then, and at the end."""

    async def tell() -> None:
        told = time.monotonic()
        while True:
            await asyncio.sleep(max(0.0, told + TICK - time.monotonic()))
            _say(Counted(counts=counts))
            told = time.monotonic()

    async with asyncio.TaskGroup() as group:
        telling = group.create_task(tell())
        try:
            yield
        finally:
            telling.cancel()
    _say(Counted(counts=counts))


def _differ(path: bytes, _gfid: Gfid, difference: Difference) -> None:
    what, primary, secondary = difference
    _say(
        Differed(path="/" + names.show(path), what=what.value, primary=primary, secondary=secondary)
    )


def _tick(check: Check) -> None:
    _say(Checked(check=check))


def _say(report: AnyReport) -> None:
    try:
        line = errands.encode(report)
    except UnicodeEncodeError:
        # A path of other bytes than UTF-8, which JSON cannot hold.
        line = errands.encode(_shown(report))
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _shown(report: AnyReport) -> AnyReport:
    """Return the same with printable text for what is none."""
    match report:
        case Checked(check=check):
            fields = (check.name, check.words, check.fix, check.evidence, check.node)
            name, words, fix, evidence, node = (_printable(each) for each in fields)
            return Checked(check=Check(name, check.fine, words, fix, evidence, node))
        case Failed(words=words, evidence=evidence):
            return Failed(words=_printable(words), evidence=_printable(evidence))
        case _:
            return report


def _printable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


if __name__ == "__main__":
    sys.exit(main(Places(Path(sys.argv[1]), Path(sys.argv[2]))))
