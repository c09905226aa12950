"""Where the decisions of an operator go: to the node whose worker it is."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from engine.config import Places
from engine.errors import GeorepError
from engine.events import AnyEvent, EngineStarted, EntryFailed
from engine.session import deciding
from engine.state import node_of
from georep_tui import rows
from georep_tui.running import Commands

NOTHING = "None of these stands in the ledger any more"


class Decision(Enum):
    """What can be decided of a failure; the words say what is so then."""

    AGAIN = "tried again, at once if the session runs"
    ASIDE = "left alone until they change"


@dataclass(slots=True)
class Desk:
    """The nodes that can be reached from here."""

    places: dict[str, Places] = field(default_factory=dict)
    """By node, as its engine calls it."""
    commands: Commands | None = None
    """What runs commands there; None: nothing does."""

    async def follow(
        self, socket: Path, source: AsyncIterator[AnyEvent]
    ) -> AsyncIterator[AnyEvent]:
        """Yield what the engine at `socket` says, and note which node it is."""
        # The ledgers stand beside the socket; session files are not read from here.
        at = Places(config=socket.parent, state=socket.parent)
        async for event in source:
            if isinstance(event, EngineStarted):
                self.places[event.node] = at
            yield event

    def reaches(self, failure: EntryFailed) -> bool:
        """Return whether it can be decided from here."""
        return node_of(failure.worker) in self.places

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
                if decision is Decision.AGAIN:
                    done += await deciding.again(self.places[node], session, gfids)
                else:
                    done += await deciding.aside(self.places[node], session, gfids)
            except GeorepError as error:
                told.append(f"{node}: {error.sentence()}")
        if done or not told:
            words = f"{rows.many(done, 'object')}: {decision.value}"
            told.insert(0, words if done else NOTHING)
        return told
