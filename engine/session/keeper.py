"""One worker kept alive: started, listened to, killed when it hangs, started again when it ends."""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import msgspec

from engine import commands, events, peers
from engine.commands import AnyCommand
from engine.events import (
    AnyEvent,
    Caught,
    PeerPassedOver,
    RetryScheduled,
    WorkerConnected,
    WorkerEvent,
    WorkerFaulty,
    WorkerStarted,
    WorkerStopped,
)
from engine.session import restart
from engine.session.child import Child

Tell = Callable[[AnyEvent], None]


@dataclass(frozen=True, slots=True)
class Job:
    """Which worker it is, and how to start it."""

    session: str
    worker: str
    """NODE:BRICK."""
    command: tuple[str, ...]
    log: Path
    start: float = 150.0
    """Seconds it may be silent until it is connected: it logs in and mounts."""
    part: int = -1
    """Which part of the volume its brick has; see `events.WorkerStarted`."""
    parts: int = 0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a worker is borne with, in seconds."""

    silence: float = 60.0
    """Workers say something every 5 s; after this long one hangs, on a dead mount most likely."""
    grace: float = 20.0
    """From the polite word to the kill."""
    tries: int | None = None
    """Failures in a row after which it is given up; None: never."""


@dataclass(slots=True)
class _Run:
    """What one process has said so far."""

    heard: float
    """Monotonic time of its last line."""
    connected: float | None = None
    peer: str = ""
    """The node of the secondary that it works with."""
    passed: list[PeerPassedOver] = field(default_factory=list)
    """Nodes that it could not use."""
    fault: WorkerFaulty | None = None
    stopped: bool = False
    caught: bool = False

    def away(self) -> list[PeerPassedOver]:
        """Return the nodes that the next process shall try last, and why."""
        fault = self.fault
        if not self.peer or fault is None or fault.cause not in peers.LOST:
            return self.passed
        lost = PeerPassedOver(
            at=fault.at,
            session=fault.session,
            worker=fault.worker,
            peer=self.peer,
            cause=fault.cause,
            words=fault.words,
            fix=fault.fix,
            evidence=fault.evidence,
        )
        return [*self.passed, lost]


class _Who(TypedDict):
    at: float
    session: str
    worker: str


@dataclass(slots=True)
class Keeper:
    """Call `keep` once; it returns when the worker was stopped, is through, or was given up."""

    job: Job
    tell: Tell
    patience: Patience = field(default_factory=Patience)
    paused: bool = False
    """Whether the session is paused: a worker that is started then begins nothing."""
    delay: Callable[[int, float], float] = restart.delay
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _reason: str = ""
    _child: Child | None = None

    def say(self, command: AnyCommand) -> None:
        """Hand a command to the worker, if one runs now."""
        if self._child is not None:
            self._child.say(commands.encode(command) + b"\n")

    def hold(self, *, paused: bool) -> None:
        """Let the worker rest, or go on; said again each time, for a pipe may have been full."""
        self.paused = paused
        self.say(commands.Pause() if paused else commands.Resume())

    def stop(self, reason: str = "it was asked to") -> None:
        """Let the worker end: politely first, by force after the grace time."""
        self._reason = self._reason or reason
        self._stopping.set()

    async def keep(self) -> None:
        """Have the worker run until there is a reason for it not to."""
        attempt, restarts = 0, 0
        away: list[PeerPassedOver] = []
        while not self._stopping.is_set():
            run = await self._run(restarts, away)
            away = run.away()
            if run.caught or self._stopping.is_set():
                if not run.stopped:
                    self._stopped(self._reason or "everything up to its goal is on the secondary")
                return
            now = time.monotonic()
            attempt = restart.attempt(attempt, now - (run.connected or now))
            if attempt == self.patience.tries:
                return
            wait = self.delay(attempt, random.random())
            self.tell(RetryScheduled(attempt=attempt, due=time.time() + wait, **self._who()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopping.wait()
            restarts += 1
        self._stopped(self._reason)

    async def _run(self, restarts: int, away: list[PeerPassedOver]) -> _Run:
        """Run one process to its end; tell all it says, and what it failed to say."""
        run = _Run(heard=time.monotonic())
        try:
            # As a word of its command: it could begin before it reads what it is told.
            resting = ("--paused",) if self.paused else ()
            last = (word for each in away for word in ("--last", each.peer))
            child = Child((*self.job.command, *resting, *last), log=self.job.log)
        except OSError as error:
            self._faulty(run, "cannot start", f"The worker could not be started: {error}", "")
            return run
        part, parts = self.job.part, self.job.parts
        self.tell(
            WorkerStarted(pid=child.pid, restart=restarts, part=part, parts=parts, **self._who())
        )
        for each in away:
            self.tell(msgspec.structs.replace(each, at=time.time()))
        self._child = child
        try:
            async with asyncio.TaskGroup() as group:
                guards = (
                    group.create_task(self._watch(child, run)),
                    group.create_task(self._end(child)),
                )
                code = await child.follow(lambda line: self._hear(child, run, line))
                for guard in guards:
                    guard.cancel()
        finally:
            self._child = None
        asked = self._stopping.is_set() or (run.caught and code == 0)
        if not asked and not run.fault:
            words = f"The worker ended without a word ({_how(code)})"
            self._faulty(run, "worker died", words, child.last_words())
        return run

    def _hear(self, child: Child, run: _Run, line: bytes) -> None:
        event = events.decode(line)
        mine = isinstance(event, WorkerEvent) and (
            (event.session, event.worker) == (self.job.session, self.job.worker)
        )
        if event is None or not mine:
            # Some library printed it, or a newer worker knows more than we: no sign of life.
            child.note(line + b"\n")
            return
        run.heard = time.monotonic()
        match event:
            case WorkerConnected():
                run.connected, run.peer = run.heard, event.peer
            case PeerPassedOver():
                run.passed.append(event)
            case WorkerFaulty():
                run.fault = event
            case WorkerStopped():
                run.stopped = True
            case Caught():
                run.caught = True
            case _:
                pass
        self.tell(event)

    async def _watch(self, child: Child, run: _Run) -> None:
        """Kill the worker when it has been silent for too long; a dead mount never answers."""
        while True:
            allowed = self.patience.silence if run.connected else self.job.start
            left = run.heard + allowed - time.monotonic()
            if left <= 0:
                break
            # Not the whole of it: once it is connected, less silence is allowed.
            await asyncio.sleep(min(left, self.patience.silence))
        words = f"The worker said nothing for {allowed:.0f} s and was killed"
        if not run.fault:
            self._faulty(run, "worker hangs", words, child.last_words())
        child.kill()

    async def _end(self, child: Child) -> None:
        """Wait for the wish to stop, then see it through."""
        await self._stopping.wait()
        child.say(commands.encode(commands.Stop()) + b"\n")
        await asyncio.sleep(self.patience.grace)
        child.kill()

    def _faulty(self, run: _Run, cause: str, words: str, evidence: str) -> None:
        fix = f"Read the end of {self.job.log}."
        fault = WorkerFaulty(cause=cause, words=words, fix=fix, evidence=evidence, **self._who())
        run.fault = fault
        self.tell(fault)

    def _stopped(self, reason: str) -> None:
        self.tell(WorkerStopped(reason=reason, **self._who()))

    def _who(self) -> _Who:
        return {"at": time.time(), "session": self.job.session, "worker": self.job.worker}


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
