"""A day in a lab as an operator has it: two sessions are made and crawl, work goes on, some of it
is refused, somebody wrote on the secondary, the secondary goes away and comes back.

`Day` makes each thing happen, and waits until the engines tell of it.
"""

import asyncio
import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from world import WORK, World

from engine import feed
from engine.events import AnyEvent, Crawl, Role
from engine.lab import faults
from engine.lab.hosts import until
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY, SECONDARY, Shape
from engine.state import State, WorkerState, apply

SHAPE = Shape(rollover=5, gsyncd=False)
PROD, VAULT = "prod", "vault"
SHELF = "/bricks/vault"
"""The directory on the secondary that the second session replicates to."""
_TREE = """
cd {}
fill() { for name in $(seq -f "$2" $3); do head -c $1 /dev/urandom > "$name"; done; }
for project in harbour bridge tower; do
    mkdir -p projects/$project/takes projects/$project/plans
    fill 3K projects/$project/plans/sheet-%04g.pdf 400
    fill 3M projects/$project/takes/render-%04g.exr 12
done
for user in kate tom; do
    mkdir -p users/$user/mail users/$user/.cache
    fill 700 users/$user/mail/%05g.eml 300
done
mkdir vm && head -c 96M /dev/urandom > vm/db.qcow2
"""
_WORK = """
cd {}/projects/harbour; n=0
while :; do
    n=$((n + 1))
    head -c 2M /dev/urandom > takes/shot-$n.exr
    for page in 1 2 3 4 5 6; do head -c 4000 /dev/urandom > plans/page-$n-$page.pdf; done
    head -c 64K /dev/urandom | dd of={}/vm/db.qcow2 bs=64K seek=$((n % 1500)) conv=notrunc 2>&1
    mv plans/page-$n-1.pdf plans/cover-$n.pdf; rm -f plans/page-$((n - 20))-2.pdf
    sleep 0.7
done
"""


class Heard:
    """All that engines tell, from when it begins."""

    def __init__(self, sockets: list[Path]) -> None:
        self._sockets = sockets
        self._events: list[AnyEvent] = []
        self._picture, self._folded = State(), 0
        self._ended = threading.Event()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        thread = threading.Thread(target=lambda: asyncio.run(self._listen()))
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def so_far(self) -> list[AnyEvent]:
        return self._events.copy()

    def state(self) -> State:
        for event in self._events[self._folded :]:
            apply(self._picture, event)
            self._folded += 1
        return self._picture

    async def _listen(self) -> None:
        async def keep(socket: Path) -> None:
            async for event in feed.live(socket):
                self._events.append(event)

        tasks = [asyncio.create_task(keep(socket)) for socket in self._sockets]
        await asyncio.to_thread(self._ended.wait)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Day(World):
    """What happens, in order."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab)
        self.heard = Heard([self.socket(host) for host in self.hosts])

    def begin(self) -> None:
        """Start the engines, and wait until both are heard."""
        self.engine_up()
        until("the engines to be heard", lambda: len(self.heard.state().engines) == 2)

    def fill(self) -> None:
        """Make what is there before anybody replicates."""
        self.run(_TREE)
        self.lab.run("sec1", ["mkdir", "-p", SHELF])

    def create_both(self) -> None:
        """Create both sessions; the second one is limited, and so takes its time."""
        for name, to in ((PROD, f"root@sec1::{SECONDARY}"), (VAULT, f"root@sec1:{SHELF}")):
            for host in self.hosts:
                self.lab.run(host, ["georep", "create", PRIMARY, to, "--name", name])
        self._say("config", "set", VAULT, "bandwidth", "6m")

    def start_both(self) -> None:
        """Start both, and wait until the first one's crawl is half done."""
        for name in (PROD, VAULT):
            self._say("start", name)
        self.sees("half a crawl", _half_done)

    def crawled(self) -> None:
        """Wait until the first one has gone through its crawl."""
        self.sees_all("the crawl to be over", lambda worker: _crawl(worker) is Crawl.CHANGELOG)

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Have people at work in the primary."""
        argv = self.lab.exec_argv(self.hosts[0], ["sh", "-c", _WORK.replace("{}", WORK)])
        process = subprocess.Popen(
            argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            yield
        finally:
            os.killpg(process.pid, 15)
            process.wait()

    def meddle(self) -> None:
        """Write on the secondary by hand what the primary will have, too, and let nobody clear it
        away.
        """
        self._say("config", "set", PROD, "gfid-conflict-resolution", "false")
        there = self.there() / "users/kate"
        (there / "mail/inbox.mbox").write_bytes(b"From: somebody at the other site\n" * 40)
        (there / "tmp").mkdir()
        (there / "tmp/notes.txt").write_text("written here, not there\n")
        self.run("cd {}/users/kate && head -c 9000 /dev/urandom > mail/inbox.mbox && echo x > tmp")

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """Have the secondary refuse everything in one directory."""
        folders = [str(brick / "users/tom/.cache") for brick in self.lab.bricks(SECONDARY)]
        subprocess.run(["chattr", "+i", *folders], check=True)
        try:
            self.run(
                "cd {}/users/tom/.cache && for n in $(seq -w 9); do echo $n > index-$n.db; done;"
                "printf x > \"$(printf 'bad\\377name')\"; echo > '[bold] draft'"
            )
            self.sees_failing(13)
            yield
        finally:
            subprocess.run(["chattr", "-i", *folders], check=True)

    def checkpoint(self) -> None:
        """Set a checkpoint and wait until it is reached."""
        self._say("checkpoint", PROD, "set", "now", "--label", "nightly")

        def reached() -> bool:
            known = self.heard.state().sessions[PROD].checkpoints
            return bool(known) and all(each.reached for each in known.values())

        until("the checkpoint", reached, patience=120)

    def pause(self, name: str) -> None:
        self._say("pause", name)

    def lose_secondary(self) -> None:
        """Stop the secondary's volume, and wait until workers have failed."""
        faults.stop_volume(self.lab, SECONDARY)
        self.sees("a worker that has failed twice", _failed_twice)

    def find_secondary(self) -> None:
        """Start it again, and wait until somebody goes through history."""
        faults.start_volume(self.lab, SECONDARY)
        self.sees("history", lambda worker: _crawl(worker) is Crawl.HISTORY)

    def sees(self, what: str, holds: Callable[[WorkerState], bool]) -> None:
        """Wait until it holds for a worker of the first session."""

        def one() -> bool:
            return any(map(holds, self.heard.state().sessions[PROD].workers.values()))

        until(what, one, patience=240)

    def sees_all(self, what: str, holds: Callable[[WorkerState], bool]) -> None:
        """Wait until it holds for all of them that are Active."""
        until(what, lambda: all(map(holds, self._active())), patience=240)

    def sees_failing(self, count: int) -> None:
        """Wait for so many failures."""

        def so_many() -> bool:
            return self.heard.state().sessions[PROD].failing >= count

        until(f"{count} failures", so_many, patience=120)

    def _active(self) -> list[WorkerState]:
        found = self.heard.state().sessions[PROD].workers.values()
        return [each for each in found if each.role is not None and each.role.role is Role.ACTIVE]

    def _say(self, *words: str) -> None:
        for host in self.hosts:
            self.lab.run(host, ["georep", *words])


def _half_done(worker: WorkerState) -> bool:
    return worker.crawled is not None and 0.3 < worker.crawled.done < 1


def _crawl(worker: WorkerState) -> Crawl | None:
    return None if worker.crawl is None else worker.crawl.crawl


def _failed_twice(worker: WorkerState) -> bool:
    return worker.retry is not None and worker.retry.attempt > 1
