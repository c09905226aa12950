"""Measure how fast changelogs are parsed: python -m tests.bench_changelog [RECORDS IN A SLICE]."""

import random
import sys
import time
import uuid

from engine.primary import changelog

HEADER = b"GlusterFS Changelog | version: v1.2 | encoding : 2\n"


def slice_of(records: int) -> bytes:
    """Return a slice with the mix of a file server: creates with their writes, edits, renames."""
    dice = random.Random(1)

    def gfid() -> bytes:
        return str(uuid.UUID(int=dice.getrandbits(128))).encode()

    folders = [gfid() for _ in range(200)]
    parts = [HEADER]
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


def main() -> None:
    """Print records and megabytes per second of processor time, the best of twenty."""
    data = slice_of(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
    best, count = 0.0, 0
    for _ in range(20):
        began = time.process_time()
        count = len(changelog.parse(data).records)
        best = max(best, count / (time.process_time() - began))
    speed = best * len(data) / count / 1e6
    sys.stdout.write(f"{count} records: {best:,.0f} records/s, {speed:.0f} MB/s\n")


if __name__ == "__main__":
    main()
