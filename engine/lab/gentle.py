"""A workload that one can watch: an office that writes, renames, links and tidies up, unhurried."""

import os
import signal
import sys
import time
from random import Random

from engine.lab.folder import Folder

RATE = 6.0
"""Operations per second."""
_PROJECTS = ("bridge", "harbour", "Müller & Söhne", "tower 7")
_WORDS = ("plan", "invoice", "draft", "photo", "minutes", "costs", "survey", "letter")
_MOST = 300
"""Files; from then on more is thrown away than made."""


class Office:
    """Knows what it has made, so that everything it does succeeds."""

    def __init__(self, root: bytes, seed: int = 1) -> None:
        self._at = Folder(root)
        self._random = Random(seed)
        self._files: list[bytes] = []
        self._number = 0
        for project in _PROJECTS:
            os.makedirs(self._at.at(project.encode()), exist_ok=True)

    def step(self) -> str:
        """Do one thing; return what."""
        full = len(self._files) >= _MOST
        weights = (2 if full else 8, 3, 4, 2, 2, 8 if full else 2, 1)
        ways = (
            *(self._write, self._append, self._rename, self._link),
            *(self._replace, self._remove, self._new_folder),
        )
        (way,) = self._random.choices(ways, weights)
        if not self._files:
            way = self._write
        return way()

    def _write(self) -> str:
        name = self._new_name(self._random.choice(_WORDS).encode())
        self._at.write(name, self._size())
        self._files.append(name)
        return "write"

    def _append(self) -> str:
        self._at.append(self._any(), self._random.randrange(1, 4000))
        return "append"

    def _rename(self) -> str:
        old = self._any()
        new = self._new_name(b"final " + os.path.basename(old)[-40:])
        self._at.move(old, new)
        self._files[self._files.index(old)] = new
        return "rename"

    def _link(self) -> str:
        new = self._new_name(b"archive of " + os.path.basename(self._any())[-40:])
        self._at.link(self._any(), new)
        self._files.append(new)
        return "link"

    def _replace(self) -> str:
        name = self._any()
        self._at.write(name + b".new", self._size())
        self._at.move(name + b".new", name)
        return "replace"

    def _remove(self) -> str:
        name = self._any()
        self._at.unlink(name)
        self._files.remove(name)
        return "remove"

    def _new_folder(self) -> str:
        name = self._new_name(b"folder")
        self._at.mkdir(name)
        file = name + b"/readme"
        self._at.write(file, 200)
        self._files.append(file)
        return "folder"

    def _any(self) -> bytes:
        return self._random.choice(self._files)

    def _new_name(self, stem: bytes) -> bytes:
        self._number += 1
        project = self._random.choice(_PROJECTS).encode()
        return b"%s/%s %d" % (project, stem, self._number)

    def _size(self) -> int:
        return self._random.choice((200, 3_000, 20_000, 200_000, 1_500_000))


def work(root: bytes, *, seed: int = 1, rate: float = RATE) -> int:
    """Work in `root` until SIGTERM; return how much was done. Call it in the main thread."""
    ending: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: ending.append(number))
    try:
        office, done = Office(root, seed), 0
        while not ending:
            office.step()
            done += 1
            time.sleep(1 / rate)
        return done
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.stdout.write(f"{work(os.fsencode(sys.argv[1]))}\n")
