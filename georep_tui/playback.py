"""The console on a replay: the same screens, and a line that says how it is played."""

import asyncio
from collections.abc import Sequence

from georep_tui import keyboard, keymap, player, rows, transport
from georep_tui.app import Console
from georep_tui.key import Key, Where
from georep_tui.keyboard import Keyboard
from georep_tui.look import Look
from georep_tui.player import Player
from georep_tui.rows import Line
from georep_tui.screens.events import EventsScreen
from georep_tui.screens.line import TimeScreen
from georep_tui.screens.page import Page
from georep_tui.sources import Link
from georep_tui.transport import Playing

READING, RESTING = 0.03, 0.005
"""Seconds of reading ahead, and of leaving the console alone, in turn."""
MINUTE = 60.0
BEGIN = "{replay.play} lets time pass, {replay.next} goes to the next ▲, {replay.time} to a time."
NOTHING: tuple[Line, ...] = (
    (("nothing is told of any session yet", "strong"),),
    (("", ""),),
)
NOTICE = 3.0
"""Seconds that the answer to a key is shown."""
_OURS = {"play", "step", "minute", "speed", "alert", "time"}


class Tape(Link):
    """What the top line says of a replay in the place of a connection."""

    def __init__(self, played: Player) -> None:
        super().__init__()
        self._player = played

    def words(self) -> tuple[str, str]:
        """Return what to show in two words, and its meaning."""
        if self._player.target is not None:
            return "◐ REPLAY", "busy"
        speed = transport.speed(self._player.speed)
        return (f"▶ REPLAY {speed}", "ok") if self._player.playing else ("‖ REPLAY", "warn")


class Playback(Console):
    """Shows the picture of any moment of a replay, and lets time pass from there."""

    BINDINGS = keymap.bindings(Where.REPLAY)

    def __init__(
        self,
        played: Player,
        *,
        dark: bool = True,
        ansi: bool = False,
        plain: bool = False,
        keyboard: Keyboard = keyboard.USUAL,
    ) -> None:
        look = Look(dark=dark, ansi=ansi, plain=plain)
        super().__init__(link=Tape(played), clock=lambda: played.at, keyboard=keyboard, **look)
        self.player = played
        self.picture, self.chronicle = played.picture, played.chronicle

    @property
    def still(self) -> bool:
        """Whether the picture changes only when somebody asks."""
        return not self.player.playing

    def on_mount(self) -> None:
        """Begin to read ahead."""
        self.run_worker(self._read_ahead(), group="events")

    async def _read_ahead(self) -> None:
        while not self.player.index.done:
            self.player.index.work(READING)
            await asyncio.sleep(RESTING)

    def _tick(self) -> None:
        """Draw the time that it has become."""
        if not self.is_running:
            return  # it ends, and its screens go one after the other
        self.player.advance()
        self.show()

    def show(self) -> None:
        """Draw what the player shows, when it is something else."""
        self.picture, self.chronicle = self.player.picture, self.player.chronicle
        seen = self.seen()
        if seen != self._drawn and isinstance(self.screen, Page):
            self._drawn = seen
            self.screen.redraw()

    def seen(self) -> tuple[object, ...]:
        """Return what is shown: equal means that nothing has to be drawn."""
        played = self.player
        how = (played.at, played.end, played.speed, self.link.words())
        read = (played.index.share(), len(played.index.alerts.times))
        return (id(self.picture), self.picture.version, self.chronicle.count, *how, *read)

    def banner(self) -> str:
        """Return what happened in the second of an alert; or what the picture does not know."""
        if self.player.since is None:
            words = rows.plain(self.player.index.alerts.words(self.player.at))
            return f"▲ {words}" if words else ""
        return f"◐ told since {rows.clock(self.player.since)}Z; what was before is being read"

    def silence(self) -> Sequence[Line]:
        """Return what to say when no session is known."""
        return [*NOTHING, ((self.keyboard.spoken(BEGIN), ""),)]

    def keys(self) -> Sequence[Key]:
        """Return the keys that work here."""
        return self.keyboard.table(keymap.of_replay())

    def transport(self, width: int) -> Line:
        """Return the line that says how it is played."""
        return transport.line(self._playing(), width)

    def seek(self, x: int, width: int) -> None:
        """Go where the line was clicked: to the time there, or let time pass, or hold it."""
        at = transport.time_at(self._playing(), width, x)
        if at is None:
            self.action_play()
        else:
            self.player.seek(at)
            self.show()

    def _playing(self) -> Playing:
        played = self.player
        return Playing(
            begin=played.begin,
            end=played.end,
            at=played.at,
            alerts=played.index.alerts.times,
            playing=played.playing,
            speed=played.speed,
            share=played.index.share(),
            waiting=played.target is not None,
            markers=self.marked(),
        )

    def marked(self) -> Sequence[float]:
        """Return the times that are marked."""
        return ()

    def action_play(self) -> None:
        """Let time pass, or hold it."""
        self.player.play()
        self.show()

    def action_step(self, by: int) -> None:
        """Go to the next event, or to the last one."""
        self.player.step(later=by > 0)
        self.show()

    def action_minute(self, by: int) -> None:
        """Go some minutes on, or back."""
        self.player.seek(self.player.at + by * MINUTE)
        self.show()

    def action_speed(self, by: int) -> None:
        """Play faster, or slower."""
        self.player.faster(by)
        self.show()

    def action_alert(self, by: int) -> None:
        """Go to the next alert, or to the last one."""
        if not self.player.alert(later=by > 0):
            known = "" if self.player.index.done else ", as far as has been read"
            self.say(f"nothing went wrong {'after' if by > 0 else 'before'} this{known}")
        self.show()
        if isinstance(self.screen, EventsScreen):
            self.screen.point()

    def action_time(self) -> None:
        """Ask for a time, and go there."""
        self.push_screen(TimeScreen(plain=self.plain), self.go)

    def go(self, typed: str | None) -> None:
        """Go to a time as it was typed."""
        if typed is None:
            return
        at = player.parse(typed, self.player.at)
        if at is None:
            self.say(f"{typed!r} is no time")
        else:
            self.player.seek(at)
        self.show()

    def say(self, words: str) -> None:
        """Tell something in passing."""
        self.notify(rows.plain(words), timeout=NOTICE, markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave letters to whoever is being typed into; a replay is held, not frozen."""
        if action == "freeze":
            return False
        if action in _OURS:
            return isinstance(self.screen, Page) and not self.screen.filtering
        return super().check_action(action, parameters)
