"""Bricks are added, replaced and taken away while files are written, and a session runs."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from conftest import fresh_world
from world import PATIENCE, SESSION, WORK, World

from engine import names
from engine.errors import Stop
from engine.lab.compare import What
from engine.lab.hosts import until
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY
from engine.lab.watch import passed
from engine.state import State

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1200)]

ADDED = ("prim1:/bricks/b3", "prim2:/bricks/b3")
OLD, NEW = "prim2:/bricks/b1", "prim2:/bricks/b4"


class Changing(World):
    """A session of a volume that has not the bricks that it was made with."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab)
        self.now = lab.shape
        """What the volume is by now; how many bricks it has is all that counts."""

    def settle(self, *, patience: float = PATIENCE) -> None:
        """Wait until everything that was changed before now is on the secondary."""
        self.lab.heal(PRIMARY)
        moment = time.time() + 1
        self.until(
            "everything is replicated",
            lambda state: passed(state, SESSION, moment, self.now),
            patience=patience,
        )

    def gluster(self, *words: str) -> str:
        """Say something of the primary volume."""
        return self.lab.gluster("prim1", "volume", words[0], PRIMARY, *words[1:])

    def churned(self, folder: str, seed: int) -> None:
        """Do some random operations."""
        self.work("churn", f"{WORK}/{folder}", "--seed", str(seed), "--operations", "150")

    def await_migration(self, *words: str) -> set[str | None]:
        """Wait until no node moves files any more; return how that ended."""
        states: set[str | None] = set()

        def done() -> bool:
            states.clear()
            # A node that has just ended its part may have no answer.
            with contextlib.suppress(Stop):
                found = ElementTree.fromstring(self.gluster(*words, "--xml"))
                states.update(each.text for each in found.iter("statusStr"))
            return bool(states) and states <= {"completed", "failed"}

        until("the migration", done)
        return states

    def await_workers(self, *bricks: str, gone: tuple[str, ...] = ()) -> None:
        """Wait until each of these bricks has a worker, and none of the others has one."""

        def holds(state: State) -> bool:
            workers = state.sessions[SESSION].workers
            at_work = {name for name, one in workers.items() if one.started and not one.ended}
            return set(bricks) <= at_work and at_work.isdisjoint(gone)

        self.start()  # so that the engines look now, and not within a minute
        self.until("workers come and go", holds)

    def due(self) -> list[bool]:
        """Return of each worker that tells it whether something is to be reconciled."""
        found: list[bool] = []

        def look(state: State) -> bool:
            told = [one.reconcile for one in state.sessions[SESSION].workers.values()]
            found[:] = [each.due for each in told if each is not None]
            return True

        self.until("a look", look)
        return found


@pytest.fixture(scope="module")
def world() -> Iterator[Changing]:
    with fresh_world("come", Changing) as made:
        yield made


def test_bricks_that_are_added_are_taken_up(world: Changing) -> None:
    """Files move to them, and on again, and nothing of that is in a changelog."""
    world.churned("before", 2)
    world.create()
    world.engine_up()
    world.start()
    world.settle()
    assert world.differences() == []
    began = time.time()
    world.gluster("add-brick", *ADDED, "force")
    world.now = replace(world.now, bricks=3)
    with world.churning("while added", 3):
        world.gluster("rebalance", "start", "force")
        assert world.await_migration("rebalance", "status") == {"completed"}
        world.await_workers(*ADDED)
        time.sleep(5)
    world.settle()
    assert world.differences() == []
    assert world.complaints(began) == []
    assert not any(world.due()), "what ended on the new bricks has records"


def test_bricks_that_are_taken_away(world: Changing) -> None:
    """A directory's mtime is the newest that any brick has of it; some were theirs."""
    began = time.time()
    # Not all that the others have left can be moved: a symlink with several names cannot.
    world.run(
        "rm -rf {}/*; mkdir {}/d; cd {}/d; for n in $(seq 99); do echo $n >$n; mkdir d$n; done"
    )
    world.gluster("remove-brick", *ADDED, "start")
    world.run("cd {}/d; for n in $(seq 99); do echo $n >d$n/f; done")
    assert world.await_migration("remove-brick", *ADDED, "status") == {"completed"}
    world.settle()
    world.gluster("remove-brick", *ADDED, "commit")
    world.now = replace(world.now, bricks=2)
    world.await_workers(gone=ADDED)
    world.churned("afterwards", 6)
    world.settle()
    stays = world.differences()
    older = [one for one in world.compared() if str(one) in stays]
    assert {difference.what for difference in older} <= {What.MTIME}
    paths = [names.show(difference.path) for difference in older]
    mounted = world.lab.path("prim1", WORK)
    assert all((mounted / os.fsdecode(difference.path)).is_dir() for difference in older)
    if paths:
        said = world.georep("prim1", "resend", SESSION, *paths, "--yes")
        assert said.returncode == 0, said.stdout + said.stderr
    assert world.compared() == []
    # Theirs were taken away under their workers.
    assert [one for one in world.complaints(began) if not one.startswith(ADDED)] == []


def test_a_brick_that_is_replaced_goes_and_its_follower_is_taken_up(world: Changing) -> None:
    began = time.time()
    # Not all that the others have left is healed soon.
    world.run("rm -rf {}/*; mkdir {}/e; cd {}/e; for n in $(seq 99); do echo $n >$n; done")
    world.gluster("replace-brick", OLD, NEW, "commit", "force")
    world.run("cd {}/e; for n in $(seq 99); do echo more >>$n; mv $n moved$n; echo new >$n; done")
    world.run("cd {}/e; for n in $(seq 45); do rm $n; mv $((n+45)) moved$n; done")
    world.await_workers(NEW, gone=(OLD,))
    world.run("cd {}/e; for n in $(seq 50); do echo last >$n; done")
    world.settle()
    assert world.differences() == []
    assert world.complaints(began) == []
