"""What differs though sizes and times are equal: verify finds it, and resend makes it equal."""

from collections.abc import Iterator

import pytest
import xattr
from conftest import PLAIN, fresh_world
from world import SESSION, World, spoil

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

LARGE = 9 << 20
"""Bytes; more than goes with an item."""


@pytest.fixture(scope="module")
def own_world() -> Iterator[World]:
    with fresh_world("sysr", World, PLAIN) as made:
        made.run("mkdir {}/d; echo one > {}/d/small; echo two > {}/d/other; echo x > {}/d/marked")
        made.run(f"head -c {LARGE} /dev/urandom > {{}}/d/large; ln {{}}/d/large {{}}/d/second")
        made.run("echo 1 > {}/d/lost; echo 2 > {}/d/usurped")
        made.create()
        made.engine_up()
        made.start()
        made.settle()
        assert made.differences() == []
        yield made


def _resend(world: World, *words: str) -> tuple[int, str]:
    said = world.georep("prim1", "resend", SESSION, *words)
    assert b"Traceback" not in said.stderr, said.stderr.decode()
    return said.returncode, (said.stdout + said.stderr).decode()


def test_what_nobody_would_send_is_sent(own_world: World) -> None:
    world, there = own_world, own_world.there() / "d"
    for name in ("small", "large"):
        spoil(there / name)
    xattr.set(str(there / "marked"), b"user.strange", b"1")
    said = world.georep("prim1", "verify", SESSION, "--content", "--patience", "2")
    assert said.returncode == 1
    assert f"georep resend {SESSION} PATH".encode() in said.stdout
    code, words = _resend(world, "d/small", "d/large", "/d/marked")
    assert code == 1, "nobody was asked"
    assert words.count("content") >= 2
    assert world.compared() != []
    code, words = _resend(world, "d/small", "d/large", "/d/marked", "--yes")
    assert code == 0, words
    assert words.count("equal now, to the last byte") == 3
    assert world.compared() == []
    code, words = _resend(world, "d/small", "--yes")
    assert (code, "nothing to send" in words) == (1, True)
    spoil(there / "small")
    code, words = _resend(world, "d/none", "d/small", "--yes")
    assert code == 1
    assert "no such path on the primary" in words
    assert "equal now, to the last byte" in words, "it keeps nobody else"


def test_what_is_lost_there_is_made_and_who_stands_in_its_place_is_left(own_world: World) -> None:
    world, there = own_world, own_world.there() / "d"
    (there / "lost").unlink()
    (there / "usurped").unlink()
    (there / "usurped").write_text("somebody's own")
    code, words = _resend(world, "d/lost", "d/usurped", "--yes")
    assert code == 1
    assert "moves nobody aside" in words
    assert (there / "usurped").read_text() == "somebody's own"
    assert (there / "lost").read_text() == "1\n"
    code, words = _resend(world, "d/none", "--yes")
    assert code == 2
    assert "no such path on the primary" in words


def test_workers_go_on_with_it(own_world: World) -> None:
    world = own_world
    world.run("echo more >> {}/d/large; mv {}/d/small {}/d/moved; rm {}/d/usurped")
    world.settle()
    assert [each for each in world.compared() if b"usurped" not in each.path] == []
