"""Whoever replicates, behind one face: start it, and hear that it was at work; stop it."""

import asyncio
import os
import signal
import subprocess
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from bench.loads import LOADS, Ground
from bench.sites import FAR, FAR_PORT, HOST, Site, trust_far_port
from bench.workloads import BARE, DELAYED, GEOREP, GSYNCD, RSYNC, TAR, Workload
from engine import feed
from engine.errors import GeorepError, Stop
from engine.events import AnyEvent, Role, RoleChanged, WorkerFaulty
from engine.lab import demo, gsyncd
from engine.lab.hosts import until
from engine.lab.shape import PRIMARY, SECONDARY

_WORKERS = 2
"""One for each brick of the primary."""
_PATIENCE = 120.0


class Rival(Protocol):
    """One who replicates."""

    name: str
    follows: bool
    """Whether it goes on until it is stopped; one who copies once is done when it has ended."""

    def start(self, folder: str) -> None:
        """Begin; return at once. Who copies once is told what."""

    def busy(self) -> bool:
        """Return whether it works on; Stop when it has ended and should not have."""

    def active(self) -> float | None:
        """Return when it was at work, by the wall clock, if it says so."""

    def stop(self) -> None:
        """End it, whatever it does, and return when it has ended."""


class Georep:
    """georep, as its own commands run it."""

    follows = True

    def __init__(self, site: Site, *, name: str = GEOREP) -> None:
        self.name = name
        self._site, self._began = site, 0.0
        self._session = "far" if name == DELAYED else "bench"
        self._engine: subprocess.Popen[bytes] | None = None

    def start(self, folder: str) -> None:
        """Begin; the engine runs already, as a service would."""
        self.serve()
        self._began = time.time()
        self._said("start", self._session)

    def serve(self) -> None:
        """Create the session, unless there is one, and have an engine that can be spoken to."""
        if self._engine is None:
            self._create()
            self._engine = demo.start_engine(self._site.lab, HOST)
            until("the engine", (self._site.lab.place.state(HOST) / "engine.sock").exists)

    def busy(self) -> bool:
        """Return True; Stop with the reason when a worker is faulty."""
        for event in self.told():
            if isinstance(event, WorkerFaulty):
                raise Stop(f"{event.worker}: {event.words}", evidence=event.evidence)
        return True

    def active(self) -> float | None:
        """Return when the last of the workers became Active."""
        told = self.told()
        moments = {
            event.worker: event.at
            for event in reversed(told)
            if isinstance(event, RoleChanged) and event.role is Role.ACTIVE
        }
        return max(moments.values()) if len(moments) == _WORKERS else None

    def told(self) -> list[AnyEvent]:
        """Return what the journal has since the start."""
        folder = self._site.lab.place.state(HOST) / self._session / "journal"
        return [event for event in feed.read(feed.files(folder)) if event.at >= self._began]

    def stop(self) -> None:
        """Stop the session and its engine, so that nothing of it is there when others run."""
        if self._engine is None:
            return
        try:
            self._said("stop", self._session)
            until("the end of georep's workers", self._ended, patience=_PATIENCE)
        finally:
            self._engine.terminate()
            try:
                self._engine.wait(60)
            except subprocess.TimeoutExpired:
                self._engine.kill()
                self._engine.wait()
            self._engine = None

    def _ended(self) -> bool:
        state = asyncio.run(feed.picture(self._site.lab.place.state(HOST) / "engine.sock"))
        workers = state.sessions[self._session].workers.values()
        return all(worker.started is None or worker.ended is not None for worker in workers)

    def _create(self) -> None:
        if (self._site.lab.place.config(HOST) / "sessions" / f"{self._session}.yaml").exists():
            return
        settings: tuple[str, ...] = ()
        if self.name == DELAYED:
            trust_far_port(self._site)
            settings = ("--set", f"ssh-port={FAR_PORT}")
        to = f"root@{FAR}::{SECONDARY}"
        # What other rivals have left there is no fault.
        self._said("create", PRIMARY, to, "--name", self._session, "--force", *settings)

    def _said(self, *words: str) -> None:
        self._site.lab.run(HOST, ["georep", *words])


class Gsyncd:
    """GlusterFS's own, whose session was created with the lab."""

    name, follows = GSYNCD, True

    def __init__(self, site: Site) -> None:
        self._site = site
        self._starting: threading.Thread | None = None
        self._failed: GeorepError | None = None

    def start(self, folder: str) -> None:
        """Begin; glusterd takes seconds to say yes, in which its workers are at work already."""
        self._failed = None
        self._starting = threading.Thread(target=self._begin)
        self._starting.start()

    def busy(self) -> bool:
        """Return True; Stop when glusterd would not start it."""
        if self._failed is not None:
            raise self._failed
        return True

    def active(self) -> float | None:
        """Return None: it says so only to who asks, and asking costs it a second."""
        return None

    def stop(self) -> None:
        """Stop it."""
        if self._starting is not None:
            self._starting.join()
            self._starting = None
            gsyncd.stop(self._site.lab)

    def _begin(self) -> None:
        try:
            gsyncd.begin(self._site.lab)
        except GeorepError as error:
            self._failed = error


class Copy:
    """One command that copies a folder from mount to mount, and ends."""

    follows = False

    def __init__(self, site: Site, name: str) -> None:
        self.name = name
        self._site = site
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, folder: str) -> None:
        """Begin to copy `folder`."""
        here, there = self._site.mounts
        line = {
            TAR: f"tar -C {here} -cf - {folder} | ssh root@{FAR} tar -C {there} -xf -",
            RSYNC: f"rsync -aHAX --inplace {here}/{folder} root@{FAR}:{there}/",
        }[self.name]
        argv = self._site.lab.exec_argv(HOST, ["bash", "-o", "pipefail", "-c", line])
        self._process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )

    def busy(self) -> bool:
        """Return whether it still copies; Stop when it failed."""
        assert self._process is not None
        if self._process.poll() is None:
            return True
        if self._process.returncode:
            assert self._process.stderr is not None
            words = self._process.stderr.read().decode(errors="replace").strip()
            raise Stop(f"{self.name} ended with {self._process.returncode}: {words[-300:]}")
        return False

    def active(self) -> float | None:
        """Return None: it is at work from its start."""
        return None

    def stop(self) -> None:
        """End it if it has not ended."""
        if self._process is None:
            return
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._process = None


class Bare:
    """Nobody at all: the calls that made the change, once more, through the secondary's mount.

    It knows what to do, asks nothing, makes no gfids, sets no times and would not survive a crash:
    what is left is what the secondary takes for the calls themselves.
    """

    name, follows = BARE, False

    def __init__(self, site: Site, workload: Workload, ground: Ground) -> None:
        there = site.lab.path(FAR, site.mounts[1])
        self._change = LOADS[workload.name].change
        self._ground = replace(ground, mount=bytes(there))
        self._working: Future[None] | None = None

    def start(self, folder: str) -> None:
        """Begin, in a thread."""
        pool = ThreadPoolExecutor(1)
        self._working = pool.submit(self._work)
        pool.shutdown(wait=False)

    def busy(self) -> bool:
        """Return whether it works on; Stop when a call failed."""
        assert self._working is not None
        if not self._working.done():
            return True
        if (failed := self._working.exception()) is not None:
            raise Stop(f"a call failed: {failed}") from failed
        return False

    def active(self) -> float | None:
        """Return None: it is at work from its start."""
        return None

    def stop(self) -> None:
        """Wait for its end."""
        if self._working is not None:
            self._working.exception()

    def _work(self) -> None:
        os.makedirs(self._ground.at(b""), exist_ok=True)
        self._change(self._ground)


Anybody = Georep | Gsyncd | Copy | Bare


def rival(site: Site, name: str, workload: Workload, ground: Ground) -> Anybody:
    """Return the one called `name`, ready to be started."""
    if name in (GEOREP, DELAYED):
        return Georep(site, name=name)
    if name == BARE:
        return Bare(site, workload, ground)
    return Gsyncd(site) if name == GSYNCD else Copy(site, name)
