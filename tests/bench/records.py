"""How fast slices are read and planned, in a process of its own: python -m bench.records COUNT.

Slices of 20,000 records, as a brick on a busy file server writes them, are read from a disk, parsed
and folded into windows; what the primary has of each gfid is given, for looking is no part of this;
items are made of it and put in their order. Only processor time counts; it prints a JSON object.
"""

import json
import random
import resource
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from engine.item import Attributes, Kind
from engine.plan import items, order
from engine.plan.dirty import Window, fold
from engine.plan.items import Absent, Alive, Truth
from engine.primary import changelog

SLICE = 20_000
"""Records in a slice, and in a window, about."""
_HEADER = b"GlusterFS Changelog | version: v1.2 | encoding : 2\n"
_ATTRIBUTES = Attributes(0o100644, 0, 0, 4096, 10**18, 10**18)


def slice_of(records: int, seed: int) -> bytes:
    """Return a slice with the mix of a file server: creates with their writes, edits, renames."""
    dice = random.Random(seed)

    def gfid() -> bytes:
        return str(uuid.UUID(int=dice.getrandbits(128))).encode()

    folders = [gfid() for _ in range(200)]
    parts = [_HEADER]
    for _ in range(records // 9):
        one, two = gfid(), gfid()
        place = dice.choice(folders) + b"/report %d.txt" % dice.getrandbits(30)
        parts += [
            b"E%s\x0023\x0033188\x000\x000\x00%s\x00" % (one, place),
            b"D%s\x00M%s\x0038\x00" % (one, one),
            b"E%s\x0023\x0033188\x000\x000\x00%s\x00D%s\x00" % (two, place, two),
            b"E%s\x008\x00%s\x00%s\x00" % (two, place, place + b"~"),
            b"D%s\x00M%s\x0038\x00" % (gfid(), gfid()),
            b"E%s\x005\x00%s\x00\x00\x00" % (gfid(), place),
        ]
    return b"".join(parts)


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return the records per second of processor time, and the most memory of this process."""
    paths = list(_write(count, folder))
    taken, parsing, parsed = 0.0, 0.0, 0
    for path in paths:
        began = time.process_time()
        found = changelog.parse(path.read_bytes(), file=path.name).records
        parsing += time.process_time() - began
        window = Window()
        fold(window, found)
        taken += time.process_time() - began
        parsed += len(found)
        truths = _truths(window)
        del found
        began = time.process_time()
        planned = [items.make(truth, window.dirty[truth.gfid], window) for truth in truths]
        directories = {gfid for gfid, dirty in window.dirty.items() if dirty.directory}
        order.waves([item for item in planned if item is not None], directories)
        taken += time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"rate": parsed / taken, "parse": parsed / parsing, "memory": float(peak)}


def _write(count: int, folder: Path) -> Iterator[Path]:
    for number in range(max(1, count // SLICE)):
        path = folder / f"CHANGELOG.{number}"
        path.write_bytes(slice_of(min(count, SLICE), number))
        yield path


def _truths(window: Window) -> list[Truth]:
    """Return what a primary could have of each gfid: a tenth is gone."""
    found: list[Truth] = []
    for number, (gfid, dirty) in enumerate(window.dirty.items()):
        if number % 10 == 0 and not dirty.directory:
            found.append(Absent(gfid))
            continue
        kind = Kind.DIRECTORY if dirty.directory else Kind.FILE
        found.append(Alive(gfid, kind, tuple(dirty.heard)[-1:], True, _ATTRIBUTES))
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        figures = measure(int(sys.argv[1]), Path(place))
    sys.stdout.write(json.dumps(figures) + "\n")
