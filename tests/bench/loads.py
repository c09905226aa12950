"""What is done in the primary volume for each workload, and how its arrival is seen."""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from bench import bricks
from bench.bricks import Check

T = TypeVar("T")
_HANDS = 4
"""Threads that work in the volume at a time."""
_PORTION = 1 << 20
_RANGES = 20
_IN_FOLDER = 100


@dataclass(frozen=True, slots=True)
class Ground:
    """A folder of the primary volume, and how much is to be done in it."""

    mount: bytes
    folder: bytes
    count: int
    size: int

    def at(self, name: bytes) -> bytes:
        """Return the path of `name` through the mount."""
        return b"/".join((self.mount, self.folder, name))

    def below(self, name: bytes) -> bytes:
        """Return the path of `name` below the volume's root."""
        return self.folder + b"/" + name

    def names(self) -> list[bytes]:
        """Return the names of the files that are worked with."""
        return [b"f%06d" % number for number in range(self.count)]

    def write(self, name: bytes, size: int) -> None:
        """Write a file that no mover can guess, or compress."""
        with open(self.at(name), "wb") as file:
            for start in range(0, size, _PORTION):
                file.write(os.urandom(min(_PORTION, size - start)))


@dataclass(frozen=True, slots=True)
class Load:
    """One workload's work."""

    change: Callable[[Ground], list[Check]]
    """What is measured; returns how its arrival is seen."""
    base: Callable[[Ground], list[Check]] | None = None
    """What is on both sides before."""
    changed: Callable[[Ground], int] | None = None
    """Bytes of content that `change` writes, where what is sent is compared with them."""


def _each(work: Callable[[bytes], None], names: Iterable[bytes]) -> None:
    with ThreadPoolExecutor(_HANDS) as pool:
        list(pool.map(work, names))


def _files(ground: Ground) -> list[Check]:
    _each(lambda name: ground.write(name, ground.size), ground.names())
    return [bricks.whole(ground.below(name), ground.size) for name in ground.names()]


def _empty(ground: Ground) -> list[Check]:
    _each(lambda name: ground.write(name, 0), ground.names())
    return [bricks.whole(ground.below(name), 0) for name in ground.names()]


def _renamed(name: bytes) -> bytes:
    return name.replace(b"f", b"renamed-")


def _rename(ground: Ground) -> list[Check]:
    _each(lambda name: os.rename(ground.at(name), ground.at(_renamed(name))), ground.names())
    return [
        bricks.moved(ground.below(name), ground.below(_renamed(name))) for name in ground.names()
    ]


def _unlink(ground: Ground) -> list[Check]:
    _each(lambda name: os.unlink(ground.at(name)), ground.names())
    return [bricks.absent(ground.below(name)) for name in ground.names()]


def _attributes(ground: Ground) -> list[Check]:
    modes, tags = ground.names()[::2], ground.names()[1::2]
    _each(lambda name: os.chmod(ground.at(name), 0o640), modes)
    _each(lambda name: os.setxattr(ground.at(name), "user.bench", b"set"), tags)
    return [
        *(bricks.permits(ground.below(name), 0o640) for name in modes),
        *(bricks.tagged(ground.below(name), b"user.bench", b"set") for name in tags),
    ]


def _ranges(ground: Ground) -> list[tuple[int, int]]:
    """Return the ranges (start, length) that together are a hundredth of the file."""
    length = max(1, ground.size // 100 // _RANGES)
    return [(number * (ground.size // _RANGES), length) for number in range(_RANGES)]


def _in_place(ground: Ground) -> list[Check]:
    name = ground.names()[0]
    written: list[tuple[int, bytes]] = []
    with open(ground.at(name), "r+b") as file:
        for start, length in _ranges(ground):
            data = os.urandom(length)
            file.seek(start)
            file.write(data)
            written.append((start, data))
    return [bricks.holds(ground.below(name), start, data) for start, data in written]


def _sources(ground: Ground) -> list[tuple[bytes, int]]:
    """Return the files of a tree, ten in each directory, with sizes of 100 bytes and more."""
    dice = Random(ground.count)
    found = []
    for number in range(ground.count):
        folder = number // 10
        path = b"d%02d/d%03d/f%05d" % (folder % 20, folder, number)
        found.append((path, min(ground.size, int(100 + dice.expovariate(1 / 6000)))))
    return found


def _untar(ground: Ground) -> list[Check]:
    files = _sources(ground)
    for folder in dict.fromkeys(os.path.dirname(path) for path, _ in files):
        os.makedirs(ground.at(folder), exist_ok=True)
    sizes = dict(files)
    _each(lambda path: ground.write(path, sizes[path]), sizes)
    return [bricks.whole(ground.below(path), size) for path, size in files]


def _remove(ground: Ground) -> list[Check]:
    files = [path for path, _ in _sources(ground)]
    _each(lambda path: os.unlink(ground.at(path)), files)
    inner = dict.fromkeys(os.path.dirname(path) for path in files)
    folders = [*inner, *dict.fromkeys(os.path.dirname(folder) for folder in inner)]
    for folder in folders:
        os.rmdir(ground.at(folder))
    return [bricks.absent(ground.below(path)) for path in (*files, *folders)]


def _many(ground: Ground) -> list[Check]:
    folders = [b"d%04d" % number for number in range(-(-ground.count // _IN_FOLDER))]
    paths: list[bytes] = []
    for folder in folders:
        os.mkdir(ground.at(folder))
        room = min(_IN_FOLDER, ground.count - len(paths) - len(folders))
        paths += [b"%s/f%02d" % (folder, number) for number in range(max(1, room))]
    _each(lambda path: ground.write(path, 0), paths)
    return [bricks.whole(ground.below(path), 0) for path in paths]


LOADS: Mapping[str, Load] = {
    "backlog": Load(_files),
    "medium": Load(_files),
    "large": Load(_files),
    "far": Load(_files),
    "start": Load(_files),
    "inplace": Load(
        _in_place, base=_files, changed=lambda ground: sum(n for _, n in _ranges(ground))
    ),
    "renames": Load(_rename, base=_empty),
    "unlinks": Load(_unlink, base=_empty),
    "attributes": Load(_attributes, base=_empty),
    "untar": Load(_untar),
    "removal": Load(_remove, base=_untar),
    "crawl": Load(_many),
}
