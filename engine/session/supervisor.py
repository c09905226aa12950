"""The engine of one node: every session that has a file here, the socket, and an orderly end."""

import asyncio
import contextlib
import logging
import os
import time

import engine
from engine import config, files
from engine.commands import Answer, AnyCommand, Change, Pause, Reload, Reread, Resume, Stop, Sync
from engine.config import Places
from engine.errors import GeorepError
from engine.events import EngineStarted
from engine.session import local
from engine.session.control import Control
from engine.session.runner import LOOK, Runner, Ways
from engine.session.signals import handled
from engine.session.told import Told

_log = logging.getLogger(__name__)


def node_name() -> str:
    """Return what this node is called in events."""
    return os.uname().nodename


def usual_ways(at: Places) -> Ways:
    """Return how an engine does it outside of tests."""
    node = node_name()
    return Ways(node, local.look, local.jobs(at, node))


async def run(at: Places, ways: Ways | None = None) -> None:
    """Supervise this node's sessions until SIGTERM, SIGINT or a Stop command.

    Raises Usage when another engine has the same state.
    """
    supervisor = Supervisor(at, ways or usual_ways(at))
    with files.locked(
        at.lock,
        what="An engine runs on this node already",
        fix="Use that one, or stop it with systemctl stop georep.",
    ):
        await supervisor.run()


class Supervisor:
    """Has a Runner for every session, and ends only when all of them have."""

    def __init__(self, at: Places, ways: Ways) -> None:
        self._at, self._ways = at, ways
        self._told = Told(at)
        self._control = Control(self._told.state, self._obey)
        self._told.publish = self._control.publish
        self._changed = asyncio.Event()
        self._stopping = ""
        self._runners: dict[str, tuple[Runner, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Serve until asked to stop; the caller holds the lock."""
        self._told(
            EngineStarted(
                at=time.time(), node=self._ways.node, version=engine.__version__, pid=os.getpid()
            )
        )
        try:
            with handled(self.stop):
                async with self._control.listen(self._at.socket), asyncio.TaskGroup() as group:
                    while not self._stopping:
                        self._changed.clear()
                        self._settle(group)
                        with contextlib.suppress(TimeoutError):
                            async with asyncio.timeout(LOOK):
                                await self._changed.wait()
                    for runner, _ in self._runners.values():
                        runner.stop(self._stopping)
        finally:
            self._told.close()

    def stop(self, reason: str) -> None:
        """Let every worker end, and then `run`."""
        self._stopping = self._stopping or reason
        self._changed.set()

    def _settle(self, group: asyncio.TaskGroup) -> None:
        """Have a runner for every session that has a file."""
        for name, (_, task) in tuple(self._runners.items()):
            if task.done():
                del self._runners[name]
                self._told.forget(name)
        try:
            names = config.names(self._at)
        except GeorepError as error:
            _log.error("%s", error.sentence())
            return
        for name in names:
            if name not in self._runners:
                runner = Runner(self._at, name, self._ways, self._told)
                self._runners[name] = runner, group.create_task(runner.run())

    async def _obey(self, command: AnyCommand) -> Answer:
        match command:
            case Reload():
                for runner, _ in self._runners.values():
                    runner.nudge()
                self._changed.set()
            case Reread(session=session):
                if session in self._runners:
                    self._runners[session][0].pass_on(command)
            case Stop():
                self.stop("the engine was asked to end")
            case Sync() | Change():
                pass  # a change stands in the session file, and comes from there alone
            case Pause() | Resume():
                return Answer(done=False, words="Workers are paused by the session's own state")
        return Answer(done=True)
