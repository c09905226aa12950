"""Replicate one session until the secondary holds what the primary held at the start, then end."""

import asyncio
import os
import time
from dataclasses import dataclass

import engine
from engine import config
from engine.config import Places, Session
from engine.events import (
    AnyEvent,
    Caught,
    EngineStarted,
    Role,
    RoleChanged,
    SessionKnown,
    WorkerEvent,
    WorkerFaulty,
    WorkerStarted,
)
from engine.session import wanted
from engine.session.keeper import Keeper, Patience
from engine.session.local import Local, worker_name
from engine.session.runner import Ways, lock
from engine.session.signals import handled
from engine.session.told import Told

TRIES = 5
"""Failures in a row after which a worker is given up: `once` must come to an end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended, in words; `whole` when everything is on the secondary."""

    whole: bool
    words: str


@dataclass(slots=True)
class _Course:
    """How far one worker is."""

    keeper: Keeper
    role: Role = Role.STARTING
    caught: bool = False
    over: bool = False
    fault: WorkerFaulty | None = None


async def once(at: Places, name: str, ways: Ways) -> Outcome:
    """Run the workers of session `name` until they are through.

    Raises Usage when the session is unknown or runs already, GeorepError when it cannot run here.
    """
    session = config.read(at, name)
    with lock(at, name):
        return await _Once(at, session, ways).run()


class _Once:
    def __init__(self, at: Places, session: Session, ways: Ways) -> None:
        self._at, self._session, self._ways = at, session, ways
        self._told = Told(at)
        self._courses: dict[str, _Course] = {}
        self._interrupted = ""

    async def run(self) -> Outcome:
        goal = int(time.time())
        local = await asyncio.to_thread(self._ways.look, self._session)
        if not local.bricks:
            raise local.nothing()
        self._begin()
        try:
            with handled(self._interrupt):
                async with asyncio.TaskGroup() as group:
                    for brick in local.bricks:
                        worker = worker_name(self._ways.node, brick.path)
                        job = self._ways.job(self._session, brick, local.volume, goal)
                        patience = Patience(
                            self._ways.patience.silence, self._ways.patience.grace, TRIES
                        )
                        course = _Course(Keeper(job, self._hear, patience))
                        self._courses[worker] = course
                        group.create_task(self._keep(course))
            return self._outcome(local)
        finally:
            self._told.close()

    def _begin(self) -> None:
        now, node, session = time.time(), self._ways.node, self._session
        self._told(EngineStarted(at=now, node=node, version=engine.__version__, pid=os.getpid()))
        self._told(
            SessionKnown(
                at=now,
                session=session.name,
                primary=session.primary,
                secondary=session.secondary,
                wanted=wanted.read(self._at, session.name),
                node=node,
            )
        )

    async def _keep(self, course: _Course) -> None:
        await course.keeper.keep()
        course.over = True
        self._end_if_through()

    def _hear(self, event: AnyEvent) -> None:
        self._told(event)
        if not isinstance(event, WorkerEvent):
            return
        course = self._courses[event.worker]
        match event:
            case WorkerStarted():
                course.role = Role.STARTING
            case RoleChanged():
                course.role = event.role
            case Caught():
                course.caught = True
            case WorkerFaulty():
                course.fault = event
            case _:
                return
        self._end_if_through()

    def _end_if_through(self) -> None:
        """Stop the passive workers when nobody else is at work; they would wait for ever."""
        working = [course for course in self._courses.values() if not _idle(course)]
        if not working:
            for course in self._courses.values():
                if not course.caught:
                    course.keeper.stop("the active workers of this node are through")

    def _interrupt(self, reason: str) -> None:
        self._interrupted = reason
        for course in self._courses.values():
            course.keeper.stop(reason)

    def _outcome(self, local: Local) -> Outcome:
        name = self._session.name
        failed = [course.fault for course in self._courses.values() if _gave_up(course)]
        if self._interrupted:
            return Outcome(False, f"Session {name} was not finished: {self._interrupted}.")
        for fault in failed:
            if fault is not None:
                said = f"{fault.words.rstrip('.')}. {fault.fix}"
                return Outcome(False, f"{fault.worker} was given up after {TRIES} tries: {said}")
        caught = {worker for worker, course in self._courses.items() if course.caught}
        node = self._ways.node
        missing = [
            part
            for part in local.parts()
            if not any(b in local.bricks and worker_name(node, b.path) in caught for b in part)
        ]
        if missing:
            where = "; ".join(" or ".join(map(str, part)) for part in missing)
            return Outcome(
                False,
                f"Only a part of {local.volume.name} was replicated: no worker of this node is "
                f"active for {where}. Run georep-engine once {name} on the other nodes too.",
            )
        failing = self._told.state.sessions[name].failing
        if failing:
            return Outcome(
                False,
                f"All but {failing} objects are on the secondary. "
                f"See them with georep failures {name}.",
            )
        return Outcome(True, f"Session {name}: everything is on the secondary.")


def _idle(course: _Course) -> bool:
    return course.over or course.caught or course.role is Role.PASSIVE


def _gave_up(course: _Course) -> bool:
    return course.over and not course.caught and course.role is not Role.PASSIVE
