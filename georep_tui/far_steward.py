"""Who does to the sessions of several nodes what an operator has agreed to, by georep's own
commands on each of them: for one console shows them all.
"""

from collections.abc import Sequence

import msgspec

from engine import moments
from engine.config import Places, Session
from engine.errors import GeorepError, Usage
from engine.options import Options
from engine.plan.steps import Told
from engine.session import errands, lifecycle
from engine.session.errands import (
    AnyErrand,
    AnyReport,
    Checked,
    Create,
    Done,
    Examine,
    Failed,
    Hear,
    Look,
)
from georep_tui import configuring, holders, hosts
from georep_tui.acts import Act
from georep_tui.hosts import Host
from georep_tui.running import Commands
from georep_tui.steward import Steward


class FarSteward(Steward):
    """Has it said on each node that has the session; what is looked at once, on the first."""

    def __init__(self, nodes: Sequence[Host], at: Places) -> None:
        """`at`: the places of this node, which may have no session at all."""
        self._hosts = {host.name: host for host in nodes}
        super().__init__(at, commands=Commands(self._hosts.__getitem__))
        self.where, self.several = hosts.listed(nodes), len(nodes) > 1

    async def act(self, act: Act, name: str) -> str:
        """Have a session started, stopped, paused or resumed."""
        return await self._said(name, act.value, name)

    async def checkpoint(self, name: str, time: str, word: str) -> str:
        """Set a checkpoint for a time as an operator writes it; `word` may be empty."""
        try:
            # Now is the same on all nodes, or the checkpoint would be one for each.
            moment = str(moments.parse(time, self.clock()))
        except GeorepError as error:
            return error.sentence()
        label = ["--label", word] if word else []
        return await self._said(name, "checkpoint", name, "set", moment, *label)

    async def delete(self, name: str, *, reset: bool) -> str:
        """Remove a session, and with `reset` its positions, too."""
        return await self._said(name, "delete", name, *(["--reset-sync-time"] if reset else []))

    async def put(self, name: str, option: str, text: str) -> str:
        """Set an option."""
        return await self._said(name, "config", "set", name, option, text)

    async def reset(self, name: str, option: str) -> str:
        """Put an option, or `all`, back to the default."""
        return await self._said(name, "config", "reset", name, option)

    async def options(self, name: str) -> Options:
        """Return what is set for a session, on the first node that has it."""
        first = await self._first(name)
        said = await self._commands.said(first, "config", "list", name, "--json")
        return configuring.read(said)

    async def resend(
        self, name: str, paths: Sequence[str], tokens: Sequence[str]
    ) -> Sequence[Told]:
        """Do so on the first node that has the session, for both volumes are looked at as a
        whole.
        """
        return await self._resent(await self._first(name), name, paths, tokens)

    def drafted(
        self, volume: str, secondary: str, *, name: str, settings: Sequence[str]
    ) -> Session:
        """Return the session that these words describe; whether its name is free, the nodes say."""
        return lifecycle.draft(volume, secondary, name=name, settings=settings)

    async def run(self, errand: AnyErrand, hear: Hear) -> None:
        """Have an errand done: a session is made and examined on each node, the rest on the first.

        The last report is Done or Failed; after the first node that fails, no other is gone to.
        """
        ended: AnyReport | None = None
        fine = True
        seen: list[AnyReport] = []

        def once(report: AnyReport) -> None:
            """Hand on what no node before has told in the same words."""
            if report not in seen:
                hear(report)
            if isinstance(report, Checked):
                seen.append(report)

        for host in await self._for(errand):
            ended = await self._run_on(host, errand, once)
            if isinstance(ended, Failed):
                break
            fine = fine and isinstance(ended, Done) and ended.fine
        if isinstance(ended, Done):
            ended = msgspec.structs.replace(ended, fine=fine)
        hear(ended or Failed(words=f"It is on none of {self.where}."))

    async def _for(self, errand: AnyErrand) -> list[Host]:
        """Return the nodes that an errand is done on."""
        every = list(self._hosts.values())
        if isinstance(errand, Look):
            return every if isinstance(errand, Create) else every[:1]
        has, away = await self._holders(errand.name)
        if isinstance(errand, Examine) and away:
            return every  # and so the examination says why some do not tell
        return has if isinstance(errand, Examine) else has[:1]

    async def _run_on(self, host: Host, errand: AnyErrand, hear: Hear) -> AnyReport | None:
        ended: list[AnyReport] = []

        def take(report: AnyReport) -> None:
            if isinstance(report, Failed):
                report = msgspec.structs.replace(report, words=host.words(report.words))
            (ended.append if isinstance(report, Done | Failed) else hear)(report)

        await errands.run(self.places, errand, take, argv=host.argv("georep-engine", "errand"))
        return ended[0] if ended else None

    async def _said(self, name: str, *words: str) -> str:
        """Return what those say that have the session; of each that does not do it, why."""
        has, away = await self._holders(name)
        wrong = [error.sentence() for error in away]
        done: dict[str, list[str]] = {}
        for host in has:
            try:
                said = await self._commands.said(host.name, *words)
            except GeorepError as error:
                wrong.append(host.told(error))
            else:
                text = " ".join(said.decode(errors="replace").split())
                done.setdefault(text, []).append(host.name or hosts.HERE)
        told = [f"{text} (on {', '.join(where)})" for text, where in done.items()]
        return " ".join([*told, *wrong]) or self._unknown(name).sentence()

    async def _first(self, name: str) -> str:
        has, away = await self._holders(name)
        if not has:
            raise away[0] if away else self._unknown(name)
        return has[0].name

    def _unknown(self, name: str) -> Usage:
        return Usage(f"There is no session {name} on {self.where}")

    async def _holders(self, name: str) -> tuple[list[Host], list[GeorepError]]:
        return await holders.of(self._commands, list(self._hosts.values()), name)
