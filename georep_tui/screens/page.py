"""What all screens share: the top line, the tabs, the filter, the banner, the keys."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Click
from textual.widgets import Input

from engine.state import State
from georep_tui import attention, keymap, rows
from georep_tui.key import Where
from georep_tui.rows import Line
from georep_tui.screens.paned import Paned
from georep_tui.widgets.key_bar import KeyBar
from georep_tui.widgets.lines import Lines
from georep_tui.widgets.pane import Pane
from georep_tui.widgets.record_list import FILTERED, RecordList

TABS = (
    ("sessions", "Sessions"),
    ("workers", "Workers"),
    ("failures", "Failures"),
    ("throughput", "Throughput"),
    ("events", "Events"),
)
"""The screens there are, in the order of their keys."""


class Filter(Input):
    """What the operator types to see fewer rows."""

    BINDINGS = keymap.bindings(Where.FILTER)  # type: ignore[assignment]


class Page(Paned):
    """A table above, what belongs to its current row below."""

    AUTO_FOCUS = "RecordList"
    NAME = ""

    def __init__(self) -> None:
        super().__init__()
        self._drawn_at: str | None = None
        """The row under the cursor when it was drawn last."""

    def compose(self) -> ComposeResult:
        """Make every widget once."""
        plain = self.console.plain
        yield Lines(id="top")
        yield Lines(id="tabs")
        yield Lines(id="banner")
        yield Lines(id="empty")
        yield Lines(id="above")
        yield Lines(id="head")
        yield RecordList(id="list", plain=plain)
        with Horizontal(id="below"):
            yield Pane("body", "more", title="title", id="left", plain=plain)
            with Vertical(id="right"):
                yield Pane("side", title="side-title", id="upper", plain=plain)
                yield Pane("low", title="low-title", id="lower", plain=plain)
        yield Filter(id="filter", placeholder="filter: word, !word", compact=True)
        yield Lines(id="transport")
        yield KeyBar(plain=plain)

    def on_mount(self) -> None:
        """Name the screen to the style sheet."""
        self.add_class(f"-{self.NAME}")

    def on_screen_resume(self) -> None:
        """Show the present as soon as the screen is seen."""
        self.call_after_refresh(self.redraw)

    def on_resize(self) -> None:
        """Fit the tables into the new size."""
        if self.zoomed and not self._parts():
            self.unzoom()  # what filled the screen has no place in this one
        self.call_after_refresh(self.redraw)

    @property
    def wanted(self) -> str:
        """The filter."""
        return self.query_one("#filter", Input).value

    @property
    def filtering(self) -> bool:
        """Whether the filter is being typed."""
        return isinstance(self.focused, Filter)

    def redraw(self) -> None:
        """Show the picture as it is now."""
        # While the console ends, its parts go one after the other.
        if self.app.is_running and self.is_mounted and self.size.width:
            with self.app.batch_update():
                self._frame(self.console.picture, self.console.now)
                self.draw(self.console.picture, self.console.now)
                self.finish()
            self._drawn_at = self.records.key
            if self.focused is None:
                self.call_after_refresh(self.refocus)

    def draw(self, picture: State, now: float) -> None:
        """Fill the body."""
        raise NotImplementedError

    def crumb(self) -> str:
        """Return where we are."""
        raise NotImplementedError

    def say(self, place: str, lines: Sequence[Line]) -> None:
        """Show lines at one place of this screen."""
        self.query_one(f"#{place}", Lines).show(lines, plain=self.console.plain)

    def room(self, place: str) -> int:
        """Return how many cells wide a place is."""
        return self.query_one(f"#{place}").size.width or self.size.width

    def _frame(self, picture: State, now: float) -> None:
        console, width = self.console, self.size.width
        wrong = attention.count(picture)
        link, meaning = console.link.words()
        right: Line = (
            (f"{link}  ", meaning),
            (f"▲ {rows.grouped(wrong)}  ", "bad" if wrong else "idle"),
            (f"{rows.clock(now)}Z ", ""),
        )
        left = f" georep ▸ {rows.plain(self.crumb())}"
        if self.wanted:
            left += f"   filter: {rows.plain(self.wanted)}"
        room = max(0, width - sum(len(text) for text, _ in right))
        self.say("top", [((rows.fit(left, room), "strong"), *right)])
        self.say("tabs", [self._tabs()])
        self.records.say_nothing(FILTERED if self.wanted else "nothing here yet")
        transport = console.transport(width)
        self.query_one("#transport", Lines).set_class(bool(transport), "-shown")
        self.say("transport", [transport])
        words = console.banner()
        self.query_one("#banner", Lines).set_class(bool(words), "-shown")
        self.say("banner", [((f" {words}", ""),)])

    def _tabs(self) -> Line:
        return tuple(
            (f"[{text}]", "strong") if name == self.NAME else (f" {text} ", "idle")
            for name, text in self._labels()
        )

    def _labels(self) -> list[tuple[str, str]]:
        keys = self.console.keyboard
        return [(name, f"{keys.first(f'go.{name}')} {text}") for name, text in TABS]

    @on(Click, "#tabs")
    def _turn(self, click: Click) -> None:
        """Show the screen whose tab was clicked."""
        end = 0
        for name, text in self._labels():
            end += len(text) + 2
            if click.x < end:
                self.console.action_go(name)
                break

    @on(Click, "#transport")
    def _seek(self, click: Click) -> None:
        """Go where the line of a replay was clicked."""
        self.console.seek(click.x, self.size.width)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what works now; while a filter is typed, every letter belongs to it."""
        if action == "open":
            return not self.filtering and self.can_open()
        if action == "failures":
            return not self.filtering and self.records.key is not None
        if action == "back":
            inside = self.zoomed or self.in_pane
            return self.filtering or bool(self.wanted) or inside or self.can_leave()
        if action in ("zoom", "wide", "slide"):
            return not self.filtering and (action != "slide" or self.spread)
        if action in ("sort", "reverse"):
            return not self.filtering and not self.has_class("-detail") and bool(self.titles())
        return True

    def titles(self) -> Sequence[str]:
        """Return the titles of the columns that rows can be sorted by."""
        return ()

    def sort_by(self, title: str) -> None:
        """Sort by a column; by the one that rows are sorted by already, the other way round."""

    @on(Click, "#head")
    def _point_at_a_title(self, click: Click) -> None:
        title = self.title_at(click.x, self.titles())
        if title is not None and not self.filtering:
            self.sort_by(title)

    def can_open(self) -> bool:
        """Return whether there is a row to open."""
        return self.records.key is not None

    def can_leave(self) -> bool:
        """Return whether there is a step back."""
        return False

    def leave(self) -> None:
        """Go one step back."""

    def settle(self) -> None:
        """Show what was opened, or closed; keys move where it begins."""
        self.unzoom()
        self.call_after_refresh(self.refocus, anew=True)

    def action_back(self) -> None:
        """Drop the filter, or go one step back."""
        filter_ = self.query_one("#filter", Input)
        if self.filtering:
            filter_.value = ""
            self.close_filter()
        elif self.zoomed:
            self.unzoom()
        elif self.in_pane:
            self.records.focus()
        elif filter_.value:
            filter_.value = ""
            self.close_filter()
        else:
            self.leave()

    def narrow(self, wanted: str) -> None:
        """Show only the rows that hold every word of `wanted`."""
        self.query_one("#filter", Input).value = wanted

    def open_filter(self) -> None:
        """Let the operator type a filter."""
        filter_ = self.query_one("#filter", Input)
        filter_.add_class("-shown")
        filter_.focus()

    @on(Input.Submitted)
    def close_filter(self) -> None:
        """Keep what was typed of the filter, and go back to the rows."""
        self.query_one("#filter").remove_class("-shown")
        self.records.focus()
        self.redraw()
        self.refresh_bindings()

    @on(Input.Changed)
    def _narrow(self) -> None:
        self.redraw()

    @on(RecordList.Moved)
    def _follow(self) -> None:
        # Drawing itself moves the cursor where the list goes on below it: to draw once more for
        # that would never end while events come.
        if self.records.key != self._drawn_at:
            self.redraw()
        self.refresh_bindings()
