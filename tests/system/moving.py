"""A program that moves directories of a mounted volume to and fro, all at once, until it is killed.

`python moving.py VOLUME FOLDER LOG` says its own pid and that of what keeps its mount, as soon as
everybody moves.
"""

import os
import sys
import threading
from pathlib import Path

from engine.gluster.mount import Mount

MOVERS = 12
FILES = [f"file {n}" for n in range(6)]
"""In each of the directories that move, besides a directory `inner`."""


def main(volume: str, folder: str, log: str) -> None:
    """Move until stdin ends."""
    mount = Mount(volume, label="moving", log=Path(log))
    mount.start(60)
    top = Path(os.fsdecode(mount.root), folder)
    ready = threading.Barrier(MOVERS + 1)
    for number in range(MOVERS):
        threading.Thread(target=_move, args=(top / str(number), ready), daemon=True).start()
    ready.wait()
    assert mount._process is not None
    sys.stdout.write(f"{os.getpid()} {mount._process.pid}\n")
    sys.stdout.flush()
    sys.stdin.read()


def _move(here: Path, ready: threading.Barrier) -> None:
    """Move one directory, in a directory of its own, so that nobody waits for another."""
    here.mkdir(parents=True, exist_ok=True)
    one, other = here / "one", here / "other"
    if other.exists():
        one, other = other, one
    if not one.exists():
        (one / "inner").mkdir(parents=True)
        for name in FILES:
            (one / name).write_text(name)
    ready.wait()
    while True:
        one.rename(other)
        one, other = other, one


if __name__ == "__main__":
    main(*sys.argv[1:])
