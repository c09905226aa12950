"""One session on this node: which workers it should have now, and that it has just those."""

import asyncio
import contextlib
import time
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from engine import config, files, options
from engine.commands import AnyCommand, Change
from engine.config import Places, Session
from engine.errors import GeorepError, Usage
from engine.events import (
    AnyEvent,
    EntryMended,
    MinuteCounted,
    SessionBlocked,
    SessionForgotten,
    SessionKnown,
    Wanted,
)
from engine.gluster.volume import Brick
from engine.session import ledger, minutes, restart, wanted
from engine.session.keeper import Keeper, Patience, Tell
from engine.session.local import Local, Look, MakeJob, worker_name
from engine.session.reaching import Reaching

LOOK = 60.0
"""Seconds between two looks at a volume whose workers run: bricks come and go."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a node looks at the world and starts workers; tests have their own."""

    node: str
    look: Look
    job: MakeJob
    patience: Patience = field(default_factory=Patience)


def lock(at: Places, name: str) -> contextlib.AbstractContextManager[None]:
    """Hold session `name` on this node; raise Usage when `run` or `once` holds it."""
    return files.locked(
        at.of(name) / "lock",
        what=f"Session {name} is running on this node already",
        fix=f"Wait until it has ended, or stop it with georep stop {name}.",
    )


class Runner:
    """Follows the session file and the wanted state until the file is gone, or `stop`."""

    def __init__(self, at: Places, name: str, ways: Ways, tell: Tell) -> None:
        self._at, self._name, self._ways, self._tell = at, name, ways, tell
        self._changed = asyncio.Event()
        self._stopping = ""
        self._workers: dict[str, tuple[Keeper, asyncio.Task[None]]] = {}
        self._session: Session | None = None
        """The settings that the workers run with."""
        self._bricks: tuple[Brick, ...] = ()
        """Those of the volume when the workers were started; each knows its number among them, and
        the other replicas.
        """
        self._known: tuple[str, ...] = ()
        self._blocked: tuple[str, ...] = ()
        """What was told last; it is not told twice."""
        self._misses = 0
        self._lock: contextlib.ExitStack | None = None
        self._reaching = Reaching(at, name, ways.node, tell)
        self._watching: asyncio.Task[None] | None = None
        self._minutes: dict[str, list[MinuteCounted]] = {}
        """Of each worker that was not started yet: what the engine before us has told."""

    def nudge(self) -> None:
        """Look at the files again, now."""
        self._changed.set()

    def pass_on(self, command: AnyCommand) -> None:
        """Hand a command to every worker that runs."""
        for keeper, _ in self._workers.values():
            keeper.say(command)

    def stop(self, reason: str) -> None:
        """Let every worker end, and then `run`."""
        self._stopping = reason
        self._changed.set()

    async def run(self) -> None:
        """Keep the workers as they should be, until there is nothing to keep."""
        # Before anything is told, for that begins a new file of the journal.
        journal = self._at.of(self._name) / "journal"
        self._minutes = await asyncio.to_thread(minutes.read, journal, time.time())
        try:
            async with asyncio.TaskGroup() as group:
                self._watching = group.create_task(self._reaching.watch())
                while not self._stopping:
                    self._changed.clear()
                    wait = await self._settle(group)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(wait):
                            await self._changed.wait()
                await self._stop_workers(self._stopping)
                self._watching.cancel()
        finally:
            self._unlock()

    async def _settle(self, group: asyncio.TaskGroup) -> float:
        """Make the workers what they should be now; return how long that may hold."""
        try:
            if self._name not in config.names(self._at):
                await self._forget()
                return 0.0
            session = config.read(self._at, self._name)
            word = wanted.read(self._at, self._name)
            self._know(session, word)
            self._reaching.look(session)
            if word not in (Wanted.STARTED, Wanted.PAUSED):
                await self._stop_workers(f"the session is {word}")
                self._unlock()
                return LOOK
            paused = word is Wanted.PAUSED
            # Before the look: a volume that does not answer must not keep them from resting.
            for keeper, _ in self._workers.values():
                keeper.hold(paused=paused)
            if self._lock is None:
                with contextlib.ExitStack() as stack:
                    stack.enter_context(lock(self._at, self._name))
                    self._lock = stack.pop_all()
            local = await asyncio.to_thread(self._ways.look, session)
            await self._adopt(session)
            await self._follow(group, session, local, paused=paused)
        except GeorepError as error:
            return self._block(error)
        self._misses = 0
        if self._blocked:
            self._known, self._blocked = (), ()
            self._know(session, word)
        return LOOK

    async def _adopt(self, session: Session) -> None:
        """Have the workers go by `session`: what is live they take up, else they start again."""
        old, self._session = self._session, session
        if old is None or old == session:
            return
        changed = options.differing(old.options, session.options)
        elsewhere = replace(old, options=session.options) != session
        if elsewhere or not all(option.limits.live for option in changed):
            await self._stop_workers("the settings of the session were changed")
            return
        self.pass_on(
            Change(
                options={
                    option.name: option.text(options.value(session.options, option))
                    for option in changed
                }
            )
        )

    async def _follow(
        self, group: asyncio.TaskGroup, session: Session, local: Local, *, paused: bool
    ) -> None:
        """Have one worker for each local brick, and none else."""
        due = {worker_name(self._ways.node, brick.path): brick for brick in local.bricks}
        self._reaching.follow({worker: brick.subvolume for worker, brick in due.items()})
        gone = [worker for worker in self._workers if worker not in due]
        await self._stop_workers("its brick is no longer part of the volume here", gone)
        if local.volume.bricks != self._bricks:
            await self._stop_workers("the volume has other bricks than when it began")
            await self._hand_over(due.keys())
            self._bricks = local.volume.bricks
        if not due:
            raise local.nothing()
        for worker, brick in due.items():
            if worker not in self._workers:
                for minute in self._minutes.pop(worker, []):
                    self._tell(minute)
                job = self._ways.job(session, brick, local.volume, None)
                keeper = Keeper(job, self._hear, self._ways.patience, paused=paused)
                self._workers[worker] = keeper, group.create_task(keeper.keep())

    async def _hand_over(self, workers: Collection[str]) -> None:
        """Let one of `workers` see to what those have left whose bricks are gone."""
        path = self._at.ledger(self._name)
        for failure in await asyncio.to_thread(ledger.hand_over, path, workers):
            told = {"worker": failure.worker, "gfid": failure.gfid}
            self._tell(EntryMended(at=time.time(), session=self._name, **told))

    def _hear(self, event: AnyEvent) -> None:
        self._tell(event)
        self._reaching.hear(event)

    async def _stop_workers(self, reason: str, workers: list[str] | None = None) -> None:
        chosen = list(self._workers) if workers is None else workers
        ended = [self._workers.pop(worker) for worker in chosen]
        for keeper, _ in ended:
            keeper.stop(reason)
        for _, task in ended:
            await task

    async def _forget(self) -> None:
        self._stopping = "the session was deleted"
        await self._stop_workers(self._stopping)
        if self._watching is not None:
            # Who speaks of a session that is forgotten would have it known again.
            self._watching.cancel()
        self._tell(SessionForgotten(at=time.time(), session=self._name, node=self._ways.node))

    def _know(self, session: Session, word: Wanted) -> None:
        said = (session.primary, session.secondary, word)
        if said != self._known:
            self._known = said
            self._tell(
                SessionKnown(
                    at=time.time(),
                    session=self._name,
                    primary=session.primary,
                    secondary=session.secondary,
                    wanted=word,
                    node=self._ways.node,
                )
            )

    def _block(self, error: GeorepError) -> float:
        """Tell why nothing can be done now; return when to try again."""
        self._misses += 1
        # Workers that run tell of the volume's troubles themselves. A file that cannot be
        # followed is told in any case: they go on with what it said before.
        if not self._workers or isinstance(error, Usage):
            words = error.words
            if self._workers:
                words += "; its workers go on with the settings they were started with"
            said = (error.cause or "configuration", words, error.fix)
            if said != self._blocked:
                self._blocked = said
                self._tell_blocked(*said)
        return restart.delay(self._misses, 1.0)

    def _tell_blocked(self, cause: str, words: str, fix: str) -> None:
        self._tell(
            SessionBlocked(
                at=time.time(),
                session=self._name,
                node=self._ways.node,
                cause=cause,
                words=words,
                fix=fix,
            )
        )

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None
