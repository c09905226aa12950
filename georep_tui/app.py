"""The console's one loop: take events as they come, draw twice a second."""

import asyncio
import gc
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from textual.app import App
from textual.binding import Binding

from engine import names
from engine.events import AnyEvent
from engine.snapshot import snapshot
from engine.state import SessionState, State, apply
from georep_tui import acts, keyboard, keymap, managing, palette, rows, theme
from georep_tui.acts import Act
from georep_tui.chronicle import Chronicle
from georep_tui.columns import WIDE
from georep_tui.desk import Desk
from georep_tui.key import Key, Where
from georep_tui.keyboard import Keyboard
from georep_tui.palette import Entry, Noun
from georep_tui.rows import Line
from georep_tui.screens.aside import AsideScreen
from georep_tui.screens.events import EventsScreen
from georep_tui.screens.failures import FailuresScreen
from georep_tui.screens.help import HelpScreen
from georep_tui.screens.page import Page
from georep_tui.screens.palette import PaletteScreen
from georep_tui.screens.sessions import SessionsScreen
from georep_tui.screens.throughput import ThroughputScreen
from georep_tui.screens.workers import WorkersScreen
from georep_tui.sources import Link
from georep_tui.steward import Steward

TICK = 0.5
COLLECT = 60.0
"""Seconds between two looks for garbage in rings, of which every drawing leaves some. Left to
itself, the collector comes to what was there at one of its looks, and was garbage later, hours
later.
"""
TERMINATED = 143
"""Exit code after SIGTERM."""
TURN = 0.005
"""Seconds after which a source that never waits must let the rest of the console live."""


class Console(App[None]):
    """Shows any stream of events: a live engine, a journal or an old log."""

    TITLE = "georep"
    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - Textual's own way
    BINDINGS = keymap.bindings(Where.MANAGING) + keymap.bindings(Where.EVERYWHERE)  # type: ignore[assignment]
    MODES = {  # noqa: RUF012
        "sessions": SessionsScreen,
        "workers": WorkersScreen,
        "failures": FailuresScreen,
        "aside": AsideScreen,
        "throughput": ThroughputScreen,
        "events": EventsScreen,
    }
    DEFAULT_MODE = "sessions"

    def __init__(
        self,
        *sources: AsyncIterator[AnyEvent],
        link: Link | None = None,
        desk: Desk | None = None,
        steward: Steward | None = None,
        reading_only: bool = False,
        clock: Callable[[], float] = time.time,
        dark: bool = True,
        ansi: bool = False,
        plain: bool = False,
        keyboard: Keyboard = keyboard.USUAL,
        seconds: float | None = None,
    ) -> None:
        """`ansi` draws with the terminal's own 16 colours, `plain` with ASCII alone."""
        super().__init__()
        self.link = link or Link()
        self.desk = desk
        """Where decisions go; None: nothing can be changed from here."""
        self.steward = steward
        """Who changes sessions; None: none can be changed from here."""
        self.reading_only = reading_only
        """Whether no key may change anything, nor be told of."""
        self.plain = plain
        """Whether only ASCII is drawn."""
        self.set_class(plain, "-plain")
        self.keyboard = keyboard
        """Which key does what."""
        self.set_keymap(keyboard.bound())
        self.picture = State()
        """What is shown: the state itself, or a copy of it while the picture is frozen."""
        self.frozen = False
        self.remember: Callable[[str], None] | None = None
        """Told of each theme that is chosen, as operators call it; None: nobody is."""
        self.chronicle = Chronicle()
        """What is shown of what happened: all that is kept, or a copy while it is frozen."""
        self.scope: str | None = None
        """The session whose workers, and failures, are shown."""
        self.narrowed: str | None = None
        """What the screen that is opened next shall filter by; None: what it did before."""
        self.sought: str | None = None
        """The session that the cursor goes to as soon as it is known."""
        self.chosen = ("", "")
        """The session and the place whose events are shown; "": all."""
        self.pointed = ""
        """The worker that the cursor shall stand on; "": where it stands."""
        self.before = self.DEFAULT_MODE
        """The screen from which the events were opened."""
        self._sources = sources
        self.reading = len(sources)
        """How many sources have not ended."""
        self._clock = clock
        self._seconds = seconds
        self._state = self.picture
        self._chronicle = self.chronicle
        self._held = 0.0
        self._drawn: tuple[object, ...] = ()
        self._offered: frozenset[Act] = frozenset()
        self._changing: str | None = None
        """The session that the palette changes; None: none."""
        for each in theme.THEMES.values():
            self.register_theme(each)
        self.theme = theme.named(dark=dark, ansi=ansi).name

    @property
    def now(self) -> float:
        """The time that is shown."""
        return self._held if self.frozen else self._clock()

    @property
    def still(self) -> bool:
        """Whether the picture changes only when somebody asks."""
        return self.frozen

    def on_mount(self) -> None:
        """Begin to read and to draw."""
        for source in self._sources:
            self.run_worker(self._read(source), group="events")
        self.set_interval(TICK, self._tick)
        self.set_interval(COLLECT, self._collect)
        if self._seconds is not None:
            self.set_timer(self._seconds, self.exit)
        if not self.is_headless:
            # Without this, a terminated console would leave the terminal as it had made it.
            leave = partial(self.exit, return_code=TERMINATED)
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave)

    async def _read(self, source: AsyncIterator[AnyEvent]) -> None:
        turn = time.monotonic()
        async for event in source:
            apply(self._state, event)
            self._chronicle.hear(event)
            if time.monotonic() - turn > TURN:
                await asyncio.sleep(0)
                turn = time.monotonic()
        self.reading -= 1
        if not self.reading:
            self.link.ended = True

    def _tick(self) -> None:
        """Draw when something was said, or when a second has passed: lags grow by themselves."""
        if not self.is_running:
            return  # it ends, and its screens go one after the other
        if self.scope is None and len(self.picture.sessions) == 1:
            # There is no other that could be meant, also where it is told of only now.
            (self.scope,) = self.picture.sessions
        seen = (self.picture.version, int(self.now), self.link.words())
        if seen != self._drawn and isinstance(self.screen, Page):
            self._drawn = seen
            self.screen.redraw()
            self._offer()

    def _collect(self) -> None:
        gc.collect()

    def _offer(self) -> None:
        """Have the bottom line follow what can be done to the session under the cursor."""
        possible = frozenset(acts.possible(self._session_here()))
        if possible != self._offered:
            self._offered = possible
            self.screen.refresh_bindings()

    def _named_here(self) -> str | None:
        """Return the session that a key on this screen means."""
        if isinstance(self.screen, SessionsScreen):
            return self.screen.records.key
        return self.scope

    def _session_here(self) -> SessionState | None:
        return self.picture.sessions.get(self._named_here() or "")

    def open_session(self, name: str | None) -> None:
        """Show the workers of a session."""
        if name is not None:
            self.scope = name
        self.switch_mode("workers")

    def open_worker(self, session: str, worker: str) -> None:
        """Show the workers of a session, the cursor on one of them."""
        self.scope, self.pointed = session, worker
        if isinstance(self.screen, WorkersScreen):
            self.screen.redraw()
        self.switch_mode("workers")

    def open_events(self, session: str = "", place: str = "") -> None:
        """Show what happened: to one session, at one place of it, or all."""
        self.chosen = (session, place)
        if self.current_mode != "events":
            self.before = self.current_mode
            self.switch_mode("events")
        elif isinstance(self.screen, Page):
            self.screen.redraw()

    def open_failures(self, session: str | None, worker: str = "") -> None:
        """Show the failures of a session, or of one of its workers."""
        self.scope, self.narrowed = session or self.scope, worker
        self.switch_mode("failures")

    def copy(self, text: str) -> None:
        """Put a text into the clipboard of the operator's terminal."""
        self.copy_to_clipboard(text)
        self.notify("copied", timeout=2, markup=False)

    def copy_name(self, name: str) -> None:
        """Do so with a name as it is shown: as one word that a shell takes for that very name."""
        word = names.word(name)
        self.copy_to_clipboard(word)
        told = "copied" if word == name else "copied, as a shell takes it"
        self.notify(told, timeout=2, markup=False)

    def action_go(self, name: str) -> None:
        """Show another screen; what it shows is of the session under the cursor."""
        if name == "events":
            self.open_events()
            return
        if isinstance(self.screen, SessionsScreen):
            self.scope = self.screen.records.key or self.scope
        if name != self.current_mode:
            self.switch_mode(name)

    def action_manage(self, word: str) -> None:
        """Ask for what it takes to change the session that is meant here."""
        if self.steward is not None:
            managing.begin(self, self.steward, Act(word), self._named_here())

    def action_filter(self) -> None:
        """Type a filter."""
        if isinstance(self.screen, Page):
            self.screen.open_filter()

    def action_freeze(self) -> None:
        """Hold the picture, or let it go; what comes in is kept either way."""
        self._held, self.frozen = self._clock(), not self.frozen
        self.picture, self.chronicle = self._state, self._chronicle
        if self.frozen:
            self.chronicle = self._chronicle.copy()
            self.picture = State()
            for event in snapshot(self._state):
                apply(self.picture, event)
        if isinstance(self.screen, Page):
            self.screen.redraw()

    def action_palette(self, typed: str = "") -> None:
        """Offer everything that can be done or gone to."""
        self._changing = self._named_here() if self.steward is not None else None
        asked = PaletteScreen(self.offered, typed=typed, plain=self.plain)
        self.push_screen(asked, self._perform)

    def offered(self, typed: str) -> list[Entry]:
        """Return what the palette offers for what is typed."""
        every = palette.entries(self.picture, here=self.scope, changing=self._changing)
        return palette.offered(every, (Noun.FILTER,), typed)

    def _perform(self, entry: Entry | None) -> None:
        if entry is not None:
            self.perform(entry)

    def perform(self, entry: Entry) -> None:
        """Do what was chosen in the palette."""
        match entry.noun, entry.value:
            case Noun.SESSION, (name,):
                self.open_session(name)
            case Noun.WORKER, (session, worker):
                self.open_worker(session, worker)
            case Noun.SCREEN, (name,):
                self.action_go(name)
            case Noun.FILTER, (words,) if isinstance(self.screen, Page):
                self.screen.narrow(words)
            case Noun.EXPORT, ("failures",):
                self.switch_mode("failures")
                self.call_after_refresh(self._export)
            case Noun.RESEND, (name,) if self.steward is not None:
                managing.resend(self, self.steward, name)
            case Noun.THEME, (name,):
                self._choose(theme.THEMES[name].name)
            case Noun.HELP, _:
                self.action_help()
            case Noun.CONSOLE, _:
                self.exit()
            case _:
                pass  # of a replay, which knows them

    def _export(self) -> None:
        if isinstance(self.screen, FailuresScreen):
            self.screen.export_all()

    def action_theme(self) -> None:
        """Change between dark and light."""
        self._choose(theme.other(self.theme))

    def _choose(self, name: str) -> None:
        self.theme = name
        if self.remember is not None:
            self.remember(theme.asked(name))

    def action_help(self) -> None:
        """Show all keys."""
        here = self.screen.NAME if isinstance(self.screen, Page) else ""
        asked = HelpScreen(self.keys(), first=here, keyboard=self.keyboard, plain=self.plain)
        self.push_screen(asked)

    def banner(self) -> str:
        """Return what must be known of the picture; empty when there is nothing."""
        if self.frozen:
            held = f"‖ frozen at {rows.clock(self.now)}Z · replication goes on · "
            return held + self.keyboard.spoken("{freeze} shows the present")
        return self.link.banner() if self.picture.sessions else ""

    def silence(self) -> Sequence[Line]:
        """Return what to say when no session is known; empty: what an engine would."""
        return ()

    def keys(self) -> Sequence[Key]:
        """Return the keys that work here."""
        if self.reading_only:
            return self.keyboard.table(keymap.reading())
        managing = keymap.MANAGING_KEYS if self.steward else ()
        return self.keyboard.table(keymap.KEYS + managing)

    def get_key_display(self, binding: Binding) -> str:
        """Return how the key of a binding is shown."""
        return self.keyboard.display(binding.id or "") or super().get_key_display(binding)

    def transport(self, width: int) -> Line:
        """Return the line that says how a replay is played; empty when nothing is."""
        return ()

    def seek(self, x: int, width: int) -> None:
        """Go where the line of a replay, `width` cells wide, was clicked; nothing when none is."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done now; while a filter is typed, every letter belongs to it."""
        if action == "manage":
            return self._can_manage(parameters)
        if not isinstance(self.screen, Page):
            return True
        if action == "filter" and self.screen.has_class("-detail"):
            return False
        ours = action in {"go", "filter", "freeze", "palette", "theme", "help", "quit"}
        return not (ours and self.screen.filtering)

    def _can_manage(self, parameters: tuple[object, ...]) -> bool:
        screen = self.screen
        if self.steward is None or not isinstance(screen, SessionsScreen | WorkersScreen):
            return False
        return not screen.filtering and parameters[0] in acts.possible(self._session_here())
