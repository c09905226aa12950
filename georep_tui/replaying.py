"""A replay under review: what is found in it, marked in it, and cut out of it."""

import platform
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from engine.errors import GeorepError
from georep_tui import (
    asking,
    chronicle,
    exporting,
    keyboard,
    markers,
    palette,
    player,
    remembered,
    rows,
    wording,
)
from georep_tui.chronicle import Level
from georep_tui.keyboard import Keyboard
from georep_tui.markers import Markers
from georep_tui.palette import Entry, Noun
from georep_tui.playback import Playback
from georep_tui.player import Player
from georep_tui.replay import chains, cutting, files
from georep_tui.replay.notes import AnyTold
from georep_tui.replay.stretch import Stretch
from georep_tui.screens.agree import WIDTH, NameScreen
from georep_tui.screens.events import EventsScreen
from georep_tui.screens.line import FindScreen
from georep_tui.screens.page import Page
from georep_tui.searching import Search, taking_turns

_OURS = {"find", "hit", "unfind", "mark", "marker", "cut"}


class Replay(Playback):
    """Shows any moment of a replay, finds what is told in it, and keeps markers."""

    def __init__(
        self,
        played: Player,
        *,
        dark: bool = True,
        ansi: bool = False,
        plain: bool = False,
        keyboard: Keyboard = keyboard.USUAL,
    ) -> None:
        super().__init__(played, dark=dark, ansi=ansi, plain=plain, keyboard=keyboard)
        self.search = Search(played)
        self.markers = Markers()
        self._pointing: AnyTold | None = None
        """What the cursor of Events is put on as soon as it stands there."""
        self._whole = True

    def show(self) -> None:
        """Draw what the player shows, and put the cursor on what was found in it."""
        super().show()
        self._point()

    def seen(self) -> tuple[object, ...]:
        """Return what is shown: equal means that nothing has to be drawn."""
        more = (self.search.words, self.search.looking, self.markers.times())
        return (*super().seen(), *more)

    def marked(self) -> Sequence[float]:
        """Return the times that are marked."""
        return self.markers.times()

    def banner(self) -> str:
        """Return what is looked for; else what a replay says."""
        sought, since = rows.plain(self.search.words), self.player.since
        if not sought:
            return super().banner()
        mark = "◐ finding" if self.search.looking else "find"
        keys = self.keyboard.spoken("{find.next} next · {find.last} last · {find.end} end")
        return f"{mark}: {sought} · {keys if since is None else super().banner()}"

    def _point(self) -> None:
        """Put the cursor on what was found, once it stands there."""
        whole, hit = self.player.since is None, self.search.hit
        if whole and not self._whole and hit is not None and hit.at == self.player.at:
            self._pointing = hit.told  # all rows are new ones
        self._whole = whole
        ready = self.player.target is None and self.screen.size.width
        if self._pointing is not None and ready and isinstance(self.screen, EventsScreen):
            # The banner may have moved the list.
            self.call_after_refresh(self.screen.point_at, self._pointing)
            self._pointing = None

    def action_find(self) -> None:
        """Ask for words, and go to where they are told next."""
        self.push_screen(FindScreen(self.search.words, plain=self.plain), self._begin)

    def _begin(self, typed: str | None) -> None:
        if typed is None:
            return
        self.search.begin(typed)
        self._settle()
        if self.search.words:
            self.action_hit(1)

    def action_unfind(self) -> None:
        """Find no more."""
        self.workers.cancel_group(self, "find")
        self._begin("")

    def action_hit(self, by: int) -> None:
        """Go to the next place where it is told, or to the last one."""
        self.run_worker(self._find(later=by > 0), group="find", exclusive=True)

    async def _find(self, *, later: bool) -> None:
        if self.current_mode != "events":
            self.before, self.chosen = self.current_mode, ("", "")
            await self.switch_mode("events")
        screen = self.screen
        if not isinstance(screen, EventsScreen):
            return
        hit = await self.search.look(screen.current(), screen.holds, later=later)
        if hit is None:
            self.say(f"no event {'after' if later else 'before'} this has it")
        else:
            self.search.hit, self._pointing = hit, hit.told
            self.player.hold()
            self.player.seek(hit.at)
        self.show()

    def action_mark(self, words: str = "") -> None:
        """Set a marker at the time that is shown, or take it away."""
        at = self.player.at
        if not words and self.markers.take(at):
            self.say("marker taken away")
        elif self.markers.put(at, words or self._told_here()):
            self.say("marker set")
        else:
            self.say(f"there are {markers.LIMIT} markers: take one away first")
        self.show()

    def _told_here(self) -> str:
        told = [each for each in self.chronicle.entries() if each.level >= Level.INFO]
        return f"{chronicle.node(told[-1].told)} {wording.line(told[-1].told)}" if told else ""

    def action_marker(self, by: int) -> None:
        """Go to the next marker, or to the last one."""
        at = self.markers.near(self.player.at, later=by > 0)
        if at is None:
            self.say(f"no marker {'after' if by > 0 else 'before'} this")
        else:
            self.player.hold()
            self.player.seek(at)
        self.show()

    def action_cut(self) -> None:
        """Ask for a file for the stretch between the markers around this time."""
        played = self.player
        since, until = self.markers.around(played.at, played.begin, played.end)
        ask = NameScreen(
            asking.cut(rows.stamp(since), rows.stamp(until), WIDTH),
            f"georep-{int(since)}-{int(until)}.jsonl",
            plain=self.plain,
        )
        self.push_screen(ask, partial(self._cut, since, until))

    def _cut(self, since: float, until: float, typed: str | None) -> None:
        if typed is not None:
            self.run_worker(self._write(since, until, typed), group="cut")

    async def _write(self, since: float, until: float, typed: str) -> None:
        part = Stretch(self.player.chains, first=since, last=until)
        try:
            path = exporting.place(typed)
            count = await taking_turns(cutting.write(part, path))
        except GeorepError as error:
            self.say(error.sentence())
        else:
            self.say(f"{rows.many(count or 0, 'event')} written to {path}")

    def offered(self, typed: str) -> list[Entry]:
        """Return what the palette offers for what is typed."""
        every = [
            *palette.entries(self.picture, here=self.scope),
            *palette.of_replay(self.markers),
        ]
        nouns = [Noun.FIND, Noun.FILTER, Noun.MARK]
        if player.parse(typed.casefold().removeprefix("goto:"), self.player.at) is not None:
            nouns.insert(0, Noun.GOTO)
        return palette.offered(every, nouns, typed)

    def perform(self, entry: Entry) -> None:
        """Do what was chosen in the palette."""
        match entry.noun, entry.value:
            case Noun.GOTO, (at, _):
                self.player.hold()
                self.player.seek(float(at))
                self.show()
            case Noun.GOTO, (typed,):
                self.go(typed)
            case Noun.FIND, (words,):
                self._begin(words)
            case Noun.MARK, (words,):
                self.action_mark(words)
            case Noun.EXPORT, ("stretch",):
                self.action_cut()
            case _:
                super().perform(entry)

    def _settle(self) -> None:
        self.show()
        if isinstance(self.screen, Page):
            self.screen.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what works now: while something is looked for, n and N go to it."""
        page, finding = self.screen, bool(self.search.words)
        typing = not isinstance(page, Page) or page.filtering
        if typing and action in _OURS | {"filter", "palette"}:
            return False
        match action:
            case "hit":
                return finding
            case "unfind":
                return finding and not page.has_class("-detail")
            case "find":
                return isinstance(page, EventsScreen) and not page.has_class("-detail")
            case "alert" if finding:
                return False
            case "filter" if isinstance(page, EventsScreen):
                return False
            case _:
                return action in _OURS or super().check_action(action, parameters)


def open_files(
    names: Sequence[str],
    *,
    dark: bool = True,
    ansi: bool = False,
    plain: bool = False,
    keyboard: Keyboard = keyboard.USUAL,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Show what is in files until the operator leaves; return 0 then."""
    found = chains.link(files.look([Path(name) for name in names]), here=platform.node())
    played = Player(found, clock=clock)
    app = Replay(played, dark=dark, ansi=ansi, plain=plain, keyboard=keyboard)
    app.remember = remembered.keep
    before = signal.getsignal(signal.SIGTERM)
    try:
        app.run()
    finally:
        signal.signal(signal.SIGTERM, before)
    return app.return_code or 0
