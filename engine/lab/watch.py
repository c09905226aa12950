"""What the engines of a lab tell, as one picture: followed, waited on, and said in a line."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from engine import feed, figures
from engine.errors import Stop
from engine.events import AnyEvent, Role
from engine.lab.shape import Shape
from engine.state import SessionState, State, apply

Report = Callable[[str], None]


class Watch:
    """One State fed by several engines, inside `async with`."""

    def __init__(self, sockets: Iterable[Path]) -> None:
        self.state = State()
        self.heard: list[AnyEvent] = []
        """Everything that was told, in the order of its coming; snapshots as well."""
        self._sockets = tuple(sockets)
        self._told: set[Path] = set()
        """Whose snapshot is in the state; it comes as a whole."""
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Watch":
        self._tasks = [asyncio.create_task(self._follow(path)) for path in self._sockets]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(
        self, what: str, holds: Callable[[State], bool], *, patience: float = 120
    ) -> None:
        """Wait until every engine has told what it knows, and then until `holds`; Stop, with the
        picture in a line, when it takes too long.
        """
        try:
            async with asyncio.timeout(patience):
                while len(self._told) < len(self._sockets) or not holds(self.state):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise Stop(
                f"Waited {patience:.0f} s in vain until {what}; {line(self.state, time.time())}",
                cause="lab step timed out",
                evidence=troubles(self.state),
            ) from None

    async def _follow(self, path: Path) -> None:
        async with contextlib.aclosing(feed.live(path)) as events:
            async for event in events:
                self.heard.append(event)
                apply(self.state, event)
                self._told.add(path)
                self._news.set()


def passed(state: State, session: str, moment: float, shape: Shape) -> bool:
    """Return whether everything changed before `moment` is on the secondary, on every brick.

    There is one Active worker for each replica set, and its brick's position has passed.
    """
    found = state.sessions.get(session)
    if found is None:
        return False
    copies = shape.disperse or shape.replica
    active = [
        worker.position is not None and worker.position.stime >= moment
        for worker in found.workers.values()
        if worker.role is not None and worker.role.role is Role.ACTIVE and not worker.ended
    ]
    return len(active) == shape.primaries * shape.bricks // copies and all(active)


def line(state: State, now: float) -> str:
    """Say in one line how all sessions are."""
    if not state.sessions:
        return "no session yet"
    return "; ".join(f"{name} {_session(each, now)}" for name, each in state.sessions.items())


def troubles(state: State) -> str:
    """Return what workers and sessions complain of, a line each."""
    said = []
    for session in state.sessions.values():
        said += [f"{blocked.node}: {blocked.words}" for blocked in session.blocked.values()]
        for name, worker in session.workers.items():
            if worker.ended is worker.fault is not None:
                said.append(f"{name}: {worker.fault.words}. {worker.fault.fix}")
                said += worker.fault.evidence.splitlines()[-5:]
            said += [f"{name}: {e.path}: {e.kind}: {e.words}" for e in worker.failures.values()]
    return "\n".join(said)


def _session(session: SessionState, now: float) -> str:
    totals = [worker.totals for worker in session.workers.values() if worker.totals]
    pending = [worker.pending for worker in session.workers.values() if worker.pending]
    lag = figures.session_lag(session, now)
    parts = (
        str(figures.session_status(session)),
        "lag —" if lag is None else f"lag {lag:.0f} s",
        f"{sum(each.entries for each in totals)} objects",
        f"{sum(each.files for each in totals)} files",
        f"{sum(each.bytes for each in totals) / 1e6:.1f} MB sent",
        f"{sum(each.entries + each.files for each in pending)} pending",
        f"{session.failing} failing",
    )
    return " · ".join(parts)
