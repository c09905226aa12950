"""Who does to the sessions of this node what an operator has agreed to, as the commands do it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from engine import config, moments
from engine.config import Places, Session
from engine.errors import GeorepError
from engine.options import Options
from engine.plan.steps import Told
from engine.session import changing, checkpoints, errands, lifecycle
from engine.session.changing import Changed
from engine.session.errands import AnyErrand, Hear
from georep_tui import configuring, hosts, rows
from georep_tui.acts import Act
from georep_tui.running import Commands

Run = Callable[[Places, AnyErrand, Hear], Awaitable[None]]
_VERBS = {
    Act.START: (lifecycle.start, "Session {name} is started."),
    Act.STOP: (lifecycle.stop, "Session {name} is stopped."),
    Act.PAUSE: (lifecycle.pause, "Session {name} pauses when what is under way is settled."),
    Act.RESUME: (lifecycle.resume, "Session {name} goes on."),
}


class Steward:
    """Does it, off the loop that draws; says what came of it in sentences, and raises nothing."""

    def __init__(
        self,
        places: Places,
        *,
        run: Run = errands.run,
        clock: Callable[[], float] = time.time,
        commands: Commands | None = None,
    ) -> None:
        """`commands`: what runs georep's commands; None: on this node."""
        self.places, self.clock, self._run = places, clock, run
        self._commands = commands or Commands(lambda _: hosts.here(places))
        self.where = ""
        """The nodes that it is done on, as they stand in a sentence; empty: this one."""
        self.several = False
        """Whether these are more than one."""

    async def act(self, act: Act, name: str) -> str:
        """Have a session started, stopped, paused or resumed."""
        verb, words = _VERBS[act]

        async def work() -> str:
            await verb(self.places, name)
            return words.format(name=name)

        return await _told(work())

    async def checkpoint(self, name: str, time: str, word: str) -> str:
        """Set a checkpoint for a time as an operator writes it; `word` may be empty."""

        async def work() -> str:
            now = self.clock()
            moment = moments.parse(time, now)
            label = moments.label(word, moment)
            checkpoints.put(self.places, name, label, moment, now)
            await lifecycle.nudge(self.places)
            return f"Checkpoint {label} is set: everything before {rows.stamp(moment)} UTC."

        return await _told(work())

    async def delete(self, name: str, *, reset: bool) -> str:
        """Remove a session, and with `reset` its positions, too."""

        async def work() -> str:
            bricks = await lifecycle.delete(self.places, name, reset=reset)
            words = f"Session {name} is gone. Both volumes stay as they are."
            if reset:
                where = ", ".join(bricks) or "no brick of this node: there was none"
                words += f" Its position was taken off {where}."
            return words

        return await _told(work())

    async def put(self, name: str, option: str, text: str) -> str:
        """Set an option."""
        return await self._changed(name, changing.put(self.places, name, option, [text]))

    async def reset(self, name: str, option: str) -> str:
        """Put an option, or `all`, back to the default."""
        return await self._changed(name, changing.reset(self.places, name, option))

    async def options(self, name: str) -> Options:
        """Return what is set for a session; GeorepError when its file cannot be read."""
        return config.read(self.places, name).options

    def drafted(
        self, volume: str, secondary: str, *, name: str, settings: Sequence[str]
    ) -> Session:
        """Return the session that these words describe; Usage when they describe none."""
        return lifecycle.drafted(self.places, volume, secondary, name=name, settings=settings)

    async def run(self, errand: AnyErrand, hear: Hear) -> None:
        """Have an errand done in a process of its own; the last report is Done or Failed."""
        await self._run(self.places, errand, hear)

    async def resend(
        self, name: str, paths: Sequence[str], tokens: Sequence[str]
    ) -> Sequence[Told]:
        """Look what sending again what is at `paths`, as `names.show` has them, would do; have
        those steps done that `tokens` stand for. GeorepError when nobody can say.
        """
        return await self._resent("", name, paths, tokens)

    async def _resent(
        self, node: str, name: str, paths: Sequence[str], tokens: Sequence[str]
    ) -> Sequence[Told]:
        seen = [part for token in tokens for part in ("--seen", token)]
        return await self._commands.steps(node, "resend", name, *paths, *seen)

    async def _changed(self, name: str, work: Coroutine[Any, Any, Changed]) -> str:
        async def told() -> str:
            changed = await work
            if not changed.options:
                return "It is so already. Nothing was changed."
            return " ".join(configuring.told(name, changed))

        return await _told(told())


async def _told(work: Coroutine[Any, Any, str]) -> str:
    """Do it in a thread with a loop of its own, for it reads and writes files and waits for locks;
    return what came of it.
    """
    try:
        return await asyncio.to_thread(asyncio.run, work)
    except GeorepError as error:
        return error.sentence()
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return f"The system refuses: {error.strerror or error}{where}. Run this as root."
