"""Where the decisions of an operator go: to the node whose worker it is."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from engine.config import Places
from engine.errors import GeorepError
from engine.events import AnyEvent, EngineStarted, EntryFailed
from engine.session import deciding
from engine.state import node_of
from georep_tui import rows
from georep_tui.hosts import Host
from georep_tui.running import Commands

NOTHING = "None of these stands in the ledger any more"


_AT_ONCE = 1000
"""Gfids in one command: a shell there takes 128 KiB."""


class Decision(Enum):
    """What can be decided of a failure; the words say what is so then."""

    AGAIN = "tried again, at once if the session runs"
    ASIDE = "left alone until they change"


_VERBS = {Decision.AGAIN: "retry", Decision.ASIDE: "skip"}


@dataclass(slots=True)
class Desk:
    """The nodes that can be reached from here."""

    places: dict[str, Places] = field(default_factory=dict)
    """Where the ledgers of a node are, by node as its engine calls it, where that is on this
    machine."""
    commands: Commands | None = None
    """What runs commands on a node; None: nothing does."""
    hosts: dict[str, Host] = field(default_factory=dict)
    """By node: those that ssh leads to."""

    async def follow(
        self, engine: Path | Host, source: AsyncIterator[AnyEvent]
    ) -> AsyncIterator[AnyEvent]:
        """Yield what an engine says, that at a socket or of a host, and note which node it is."""
        async for event in source:
            if isinstance(event, EngineStarted):
                if isinstance(engine, Host):
                    self.hosts[event.node] = engine
                else:
                    # The ledgers stand beside the socket; session files are not read from here.
                    self.places[event.node] = Places(config=engine.parent, state=engine.parent)
            yield event

    def knows(self, node: str) -> bool:
        """Return whether a node can be reached."""
        return node in self.places or node in self.hosts

    def reaches(self, failure: EntryFailed) -> bool:
        """Return whether it can be decided from here."""
        return self.knows(node_of(failure.worker))

    async def decide(
        self, session: str, failures: Iterable[EntryFailed], decision: Decision
    ) -> list[str]:
        """Have it noted on each node and its engine told; return what came of it, in sentences."""
        of: dict[str, list[str]] = {}
        for failure in failures:
            of.setdefault(node_of(failure.worker), []).append(failure.gfid)
        done, told = 0, list[str]()
        for node, gfids in of.items():
            try:
                if node in self.hosts:
                    told += await self._have_decided(node, session, gfids, decision)
                elif decision is Decision.AGAIN:
                    done += await deciding.again(self.places[node], session, gfids)
                else:
                    done += await deciding.aside(self.places[node], session, gfids)
            except GeorepError as error:
                told.append(f"{node}: {error.sentence()}")
        if done or not told:
            words = f"{rows.many(done, 'object')}: {decision.value}"
            told.insert(0, words if done else NOTHING)
        return told

    async def _have_decided(
        self, node: str, session: str, gfids: Sequence[str], decision: Decision
    ) -> list[str]:
        """Have a command do it on a node elsewhere; return what it says, many gfids at a time."""
        assert self.commands is not None, "it comes with the hosts"
        told = []
        for first in range(0, len(gfids), _AT_ONCE):
            some = gfids[first : first + _AT_ONCE]
            said = await self.commands.said(node, _VERBS[decision], session, *some)
            told.append(f"{node}: {' '.join(said.decode(errors='replace').split())}")
        return told
