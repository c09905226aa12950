"""A lab with georep in it, as the system tests use it: sessions, engines, workloads, waiting."""

import asyncio
import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import feed
from engine.errors import Retry, Stop
from engine.events import AnyEvent, EntryFailed, Wanted, WorkerFaulty
from engine.lab import clients, compare, demo, processes
from engine.lab.compare import Difference
from engine.lab.hosts import until
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY, SECONDARY
from engine.lab.watch import Watch, passed
from engine.state import State

SESSION = "s"
TO = f"root@sec1::{SECONDARY}"
WORK = "/vol/work"
PATIENCE = 300.0
"""Seconds that anything may take on a machine that is slow and has other work."""

_STAYS = 5.0
"""Seconds after which a difference is looked for again."""


class World:
    """One lab and the session in it."""

    to = TO
    """What is replicated to."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.hosts = lab.shape.primary_hosts
        self.engines: dict[str, subprocess.Popen[bytes]] = {}
        self._known: set[str] = set()

    def georep(self, host: str, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Run one command of georep on `host`, as an operator would."""
        return self.lab.run(host, ["georep", *words], check=False)

    def create(self, *settings: str) -> None:
        """Create the session on every node; each setting is OPTION=VALUE."""
        options = [word for setting in settings for word in ("--set", setting)]
        argv = ["georep", "create", PRIMARY, self.to, "--name", SESSION, *options]
        for host in self.hosts:
            self.lab.run(host, argv)

    def session_file(self) -> Path:
        """Return the session's file on the first node."""
        return self.lab.place.config(self.hosts[0]) / "sessions" / f"{SESSION}.yaml"

    def there(self) -> Path:
        """Return the secondary as somebody else mounts it, behind georep's back."""
        return self.lab.path("sec1", self.lab.mount(SECONDARY, "sec1"))

    def engine_up(self, *hosts: str) -> None:
        """Start the engines and wait until they can be spoken to."""
        for host in hosts or self.hosts:
            self.engines[host] = demo.start_engine(self.lab, host)
        for host in hosts or self.hosts:
            until(f"the engine on {host}", lambda: self.speaks(host))  # noqa: B023

    def speaks(self, host: str) -> bool:
        assert self.engines[host].poll() is None, demo.log(self.lab, host).read_text()

        async def ask() -> State:
            return await feed.picture(self.socket(host))

        try:
            asyncio.run(ask())
        except Retry:
            return False
        return True

    def engine_down(self) -> None:
        for engine in self.engines.values():
            engine.terminate()
        for engine in self.engines.values():
            assert engine.wait(PATIENCE) == 0
        self.engines.clear()

    def close(self) -> None:
        """End the engines whatever happened; what is not waited for, Python complains of."""
        for engine in self.engines.values():
            engine.kill()
            engine.wait()

    def start(self) -> None:
        for host in self.hosts:
            self.lab.run(host, ["georep", "start", SESSION])

    def stop(self) -> None:
        """Stop the session and wait until its workers have ended."""
        for host in self.hosts:
            self.lab.run(host, ["georep", "stop", SESSION])
        self.until("the workers ended", self._ended)

    def _ended(self, state: State) -> bool:
        session = state.sessions.get(SESSION)
        return (
            session is not None
            and session.nodes.keys() == set(self.hosts)
            and all(known.wanted is not Wanted.STARTED for known in session.nodes.values())
            and all(one.started is None or one.ended for one in session.workers.values())
        )

    def socket(self, host: str) -> Path:
        return self.lab.place.state(host) / "engine.sock"

    def until(
        self, what: str, holds: Callable[[State], bool], *, patience: float = PATIENCE
    ) -> None:
        """Wait for something that the engines tell."""

        async def wait() -> None:
            async with Watch(self.socket(host) for host in self.hosts) as watch:
                await watch.until(what, holds, patience=patience)

        try:
            asyncio.run(wait())
        except Stop as error:
            pytest.fail(f"{error.words}\n{error.evidence}")

    def await_reconciled(self) -> None:
        """Wait until no worker tells any more that something is to be reconciled."""

        def none_is_due(state: State) -> bool:
            told = [worker.reconcile for worker in state.sessions[SESSION].workers.values()]
            return not any(each is not None and each.due for each in told)

        self.until("everything is reconciled", none_is_due)

    def settle(self, *, patience: float = PATIENCE) -> None:
        """Wait until everything that was changed before now is on the secondary."""
        self.lab.heal(PRIMARY)
        moment = math.ceil(time.time())
        shape = self.lab.shape
        self.until(
            "everything is replicated",
            lambda state: passed(state, SESSION, moment, shape),
            patience=patience,
        )

    def differences(self) -> list[str]:
        """Return how the volumes differ and did not when last asked: one test, one fault.

        What was sent ahead of a slice may be on its way a second time when the position has passed,
        and has no times of its own until it is there: a difference counts when it stays.
        """
        found = [str(difference) for difference in self.compared()]
        if found:
            time.sleep(_STAYS)
            stays = {str(difference) for difference in self.compared()}
            found = [words for words in found if words in stays]
        new = [words for words in found if words not in self._known]
        self._known = set(found)
        return new

    def compared(self) -> list[Difference]:
        """Return how both sides differ."""
        return compare.volumes(self.lab)

    def verified(self) -> bool:
        """Whether georep itself finds both volumes equal, to the last byte; prints what it says."""
        said = self.georep(self.hosts[0], "verify", SESSION, "--content")
        sys.stdout.write((said.stdout + said.stderr).decode(errors="replace"))
        return said.returncode == 0

    def told(self, since: float) -> list[AnyEvent]:
        """Return what the journals of all nodes have of the session from a time on."""
        found: list[AnyEvent] = []
        for host in self.hosts:
            folder = self.lab.place.state(host) / SESSION / "journal"
            found += [event for event in feed.read(feed.files(folder)) if event.at >= since]
        return sorted(found, key=lambda event: event.at)

    def complaints(self, since: float) -> list[str]:
        """Return what was refused, or ended a worker, and the words for it; prints them, too."""
        found = []
        for one in self.told(since):
            if isinstance(one, EntryFailed):
                found.append(f"{one.path}: {one.kind}: {one.doing}: {one.words} ({one.worker})")
            elif isinstance(one, WorkerFaulty):
                found.append(f"{one.worker}: {one.cause}: {one.words}: {one.evidence}")
        sys.stdout.write("".join(f"{words}\n" for words in found))
        return found

    def run(self, script: str) -> None:
        """Run a line of shell in the primary; each `{}` is where that is mounted."""
        self.lab.run(self.hosts[0], ["sh", "-ec", script.replace("{}", WORK)])

    def work(self, *words: str, timeout: float = PATIENCE) -> None:
        """Run a workload to its end in the primary volume."""
        self.lab.run(self.hosts[0], self._workload(words), timeout=timeout)

    @contextlib.contextmanager
    def churning(self, folder: str, seed: int) -> Iterator[subprocess.Popen[bytes]]:
        """Have random operations under way; they have ended, in order, after the `with`."""
        words = ("churn", f"{WORK}/{folder}", "--seed", str(seed), "--processes", "2")
        words += ("--least", "100")
        process = subprocess.Popen(
            self.lab.exec_argv(self.hosts[0], self._workload(words)), stdout=subprocess.PIPE
        )
        try:
            yield process
        finally:
            process.terminate()
            said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert json.loads(said)["done"] > 100

    def _workload(self, words: tuple[str, ...]) -> list[str]:
        return ["python", "-m", "engine.lab.workload", *words]

    def mount(self) -> None:
        """Mount the primary with ACLs, which the lab's own client mounts leave out."""
        host = self.hosts[0]
        self.lab.run(host, ["mkdir", "-p", WORK])
        argv = ["glusterfs", "--acl", "--volfile-server=localhost", f"--volfile-id={PRIMARY}", WORK]
        self.lab.run(host, argv)
        self.await_mount()

    def await_mount(self) -> None:
        """Wait until every subvolume answers there; connections to bricks come one by one."""
        until("the mount", lambda: clients.whole(self.lab.path(self.hosts[0], WORK)))

    def processes(self, host: str, *words: str) -> list[int]:
        """Return the processes of `host` that were started with these words, one after another."""
        holder = self.lab.host(host).pid
        wanted = b"\0".join(word.encode() for word in words) + b"\0"
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                matches = wanted in (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if matches and processes.shares_network(int(folder.name), holder):
                found.append(int(folder.name))
        return found

    def kill(self, host: str, *words: str) -> None:
        """Kill -9 the processes of `host` that were started with these words: one at least."""
        until(f"{words[0]} on {host}", lambda: self._killed(self.processes(host, *words)))

    def _killed(self, found: list[int]) -> bool:
        done = False
        for pid in found:
            # What has just been forked looks like its parent, and may be gone by now.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                done = True
        return done


def arrived(state: State, since: float) -> bool:
    """Return whether something that was changed has been made so since a time."""
    session = state.sessions.get(SESSION)
    return session is not None and any(
        batch.at > since and batch.entries
        for worker in session.workers.values()
        for batch in worker.batches
    )


def spoil(path: Path) -> None:
    """Change a byte, and nothing else that anybody looks at."""
    before = path.stat()
    with path.open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
