"""What the workloads do not tell: space, atime, other namespaces, and what is not journalled."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import fresh_world
from world import SESSION, WORK, World

from engine.lab.shape import SECONDARY

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

KIB, MIB = 1 << 10, 1 << 20
FALLOCATE = """import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def fallocate(path, mode, offset, size):
    file = os.open(path, os.O_RDWR)
    if libc.fallocate(file, mode, ctypes.c_long(offset), ctypes.c_long(size)):
        raise OSError(ctypes.get_errno(), "fallocate", path)
    os.close(file)
os.chdir(sys.argv[1])
"""
LONGER, PUNCH, ZERO = 0, 1 | 2, 16
"""Modes of fallocate."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Give a lab of its own, with a session that runs."""
    with fresh_world("sysc", World) as made:
        made.create()
        made.engine_up()
        made.start()
        yield made


def here(world: World) -> Path:
    return world.lab.path(world.hosts[0], WORK)


def there(world: World) -> Path:
    return world.lab.path("sec1", world.lab.mount(SECONDARY, "sec1"))


def script(world: World, *lines: str) -> None:
    """Run lines of Python in the primary volume; `fallocate` is there."""
    world.lab.run(world.hosts[0], ["python", "-c", FALLOCATE + "\n".join(lines), WORK])


def space(path: Path) -> int:
    return os.stat(path).st_blocks * 512


def test_holes_take_no_space_there(world: World) -> None:
    sizes = {"small": 200 * KIB, "large": 32 * MIB}
    names = [f"{size} {what}" for size in sizes for what in ("with a hole", "and full")]
    for name, size in sizes.items():
        with (here(world) / f"{name} with a hole").open("wb") as file:
            file.write(b"begin")
            file.seek(size)
            file.write(b"end")
        (here(world) / f"{name} and full").write_bytes(os.urandom(size))
    world.settle()
    script(
        world,
        f"fallocate('large and full', {PUNCH}, {MIB}, {16 * MIB})",
        f"fallocate('small and full', {PUNCH}, {64 * KIB}, {64 * KIB})",
        f"fallocate('small with a hole', {LONGER}, 0, {MIB})",
        f"for name in {names}:",
        " with open(name, 'r+b') as file: file.write(b'x')",
    )
    world.settle()
    assert world.differences() == []
    taken = {name: (space(here(world) / name), space(there(world) / name)) for name in names}
    assert taken["large with a hole"][1] < MIB
    assert taken["large and full"][1] < 17 * MIB
    # What is preallocated is not: one MiB here, the bytes alone there.
    assert taken["small with a hole"][0] >= MIB
    assert taken["small with a hole"][1] < MIB
    # Punched into what was there already: zeros.
    assert taken["small and full"][1] >= 200 * KIB


def test_atime_goes_with_mtime(world: World) -> None:
    file = here(world) / "times"
    file.write_bytes(b"")
    os.utime(file, ns=(1_111_111_111_000_000_001, 1_222_222_222_000_000_002))
    world.settle()
    found = (there(world) / "times").stat()
    assert found.st_mtime_ns == 1_222_222_222_000_000_002
    assert found.st_atime_ns == 1_111_111_111_000_000_001
    assert found.st_ctime_ns != file.stat().st_ctime_ns


def test_other_namespaces_stay_where_they_are(world: World) -> None:
    file = here(world) / "namespaces"
    file.write_bytes(b"")
    for name in ("user.a", "trusted.a", "security.a"):
        os.setxattr(file, name, b"value")
    world.settle()
    assert {"user.a", "trusted.a", "security.a"} <= set(os.listxattr(file))
    found = set(os.listxattr(there(world) / "namespaces"))
    assert "user.a" in found
    assert not {"trusted.a", "security.a"} & found


def test_what_no_changelog_tells_of_is_found_by_verify_and_comes_with_a_write(
    world: World,
) -> None:
    changed = ("longer", "punched", "zeroed", "copied")
    for name in (*changed, "source"):
        (here(world) / name).write_bytes(os.urandom(64 * KIB))
    world.settle()
    assert world.differences() == []
    script(
        world,
        f"fallocate('longer', {LONGER}, 0, {128 * KIB})",
        f"fallocate('punched', {PUNCH}, 0, {4 * KIB})",
        f"fallocate('zeroed', {ZERO}, 0, {4 * KIB})",
        "source, target = os.open('source', os.O_RDONLY), os.open('copied', os.O_RDWR)",
        f"assert os.copy_file_range(source, target, {4 * KIB})",
    )
    world.settle()
    different = {os.fsdecode(each.path) for each in world.compared()}
    said = world.georep("prim1", "verify", SESSION, "--content", "--patience", "3", "--json")
    told = [json.loads(line) for line in said.stdout.splitlines()]
    found = {each["path"].strip("/") for each in told if each["type"] == "difference"}
    assert found == different
    assert different <= set(changed)
    for name in changed:
        with (here(world) / name).open("r+b") as file:
            file.write(b"x")
    world.settle()
    assert world.compared() == []
