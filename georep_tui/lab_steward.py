"""Sessions changed in a lab: by georep's own commands, on every node of the primary."""

from collections.abc import Sequence
from functools import partial

from engine import moments
from engine.config import Places
from engine.errors import GeorepError
from engine.lab.lab import Lab
from engine.session import errands
from georep_tui.acts import Act
from georep_tui.running import Commands
from georep_tui.steward import Steward


class LabSteward(Steward):
    """Has it said on each node, for one console shows them all; errands go to the first one."""

    def __init__(self, lab: Lab, hosts: Sequence[str]) -> None:
        first = hosts[0]
        at = Places(config=lab.place.config(first), state=lab.place.state(first))
        super().__init__(at, run=partial(errands.run, within=partial(lab.exec_argv, first)))
        self._hosts = hosts
        self._commands = Commands(lambda host: lab.exec_argv(host, ["georep"]))

    async def act(self, act: Act, name: str) -> str:
        """Have a session started, stopped, paused or resumed."""
        return await self._said(act.value, name)

    async def checkpoint(self, name: str, time: str, word: str) -> str:
        """Set a checkpoint for a time as an operator writes it; `word` may be empty."""
        try:
            # Now is the same on all nodes, or the checkpoint would be one for each.
            moment = str(moments.parse(time, self.clock()))
        except GeorepError as error:
            return error.sentence()
        label = ["--label", word] if word else []
        return await self._said("checkpoint", name, "set", moment, *label)

    async def delete(self, name: str, *, reset: bool) -> str:
        """Remove a session, and with `reset` its positions, too."""
        return await self._said("delete", name, *(["--reset-sync-time"] if reset else []))

    async def put(self, name: str, option: str, text: str) -> str:
        """Set an option."""
        return await self._said("config", "set", name, option, text)

    async def reset(self, name: str, option: str) -> str:
        """Put an option, or `all`, back to the default."""
        return await self._said("config", "reset", name, option)

    async def _said(self, *words: str) -> str:
        """Return what the first node says; of one that refuses, why."""
        try:
            said = [await self._commands.said(host, *words) for host in self._hosts]
        except GeorepError as error:
            return error.sentence()
        where = f" (on {', '.join(self._hosts)})" if len(self._hosts) > 1 else ""
        return " ".join(said[0].decode(errors="replace").split()) + where
