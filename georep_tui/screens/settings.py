"""Where the options of a session are seen and changed."""

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from engine import options
from engine.errors import GeorepError
from engine.option import Option
from engine.options import Options
from georep_tui import acts, keymap, rows, settings
from georep_tui.acts import head
from georep_tui.key import Where
from georep_tui.rows import Line
from georep_tui.screens.agree import WIDTH, AgreeScreen
from georep_tui.screens.form import Field, FormScreen
from georep_tui.screens.line import LineScreen
from georep_tui.steward import Steward
from georep_tui.widgets.key_bar import KeyBar
from georep_tui.widgets.lines import Lines
from georep_tui.widgets.record_list import RecordList


class ValueScreen(FormScreen[str]):
    """Gives another value for one option; what it would do is told while it is typed."""

    def __init__(self, name: str, option: Option, now: Options) -> None:
        value = option.text(options.value(now, option))
        meaning = f"{option.limits.meaning} Takes {option.accepts()}."
        super().__init__(
            head(f"{option.name} of session {name}", 70), (Field("value", "value", meaning, value),)
        )
        self._option, self._now = option, now

    def changed(self) -> None:
        """Say what it would do."""
        self.say(*settings.becomes(self._option, self._now, self.typed("value")))

    def go(self) -> None:
        """Set it, if that is a value."""
        words, meaning = settings.becomes(self._option, self._now, self.typed("value"))
        if meaning == "accent":
            self.dismiss(self.typed("value"))
        else:
            self.say(words, meaning)


class OptionsScreen(ModalScreen[None]):
    """All options of a session, and all about the one under the cursor."""

    BINDINGS = keymap.bindings(Where.OPTIONS)  # type: ignore[assignment]
    AUTO_FOCUS = "RecordList"

    def __init__(self, steward: Steward, name: str, *, plain: bool) -> None:
        super().__init__()
        self._steward, self._session, self._plain = steward, name, plain
        self._now = Options()
        self._wanted = ""
        """Words of a filter."""

    def compose(self) -> ComposeResult:
        """Make the table, and the place below it."""
        with Vertical(id="options"):
            yield Lines(id="asks")
            yield Lines(id="columns")
            yield RecordList(id="table", plain=self._plain)
            yield Lines(id="about")
        yield KeyBar(plain=self._plain)

    def on_mount(self) -> None:
        """Read what is set."""
        self.look()

    def on_resize(self) -> None:
        """Fit the table into the new size."""
        self.call_after_refresh(self._draw)

    def look(self) -> None:
        """Have it read what is set, and show it."""
        self.run_worker(self._look(), group="look", exclusive=True)

    async def _look(self) -> None:
        try:
            self._now = await self._steward.options(self._session)
        except GeorepError as error:
            self._say(error.sentence())
            self.dismiss()
            return
        self._draw()

    def action_open(self) -> None:
        """Ask for another value."""
        option = self._option()
        if option is not None:
            screen = ValueScreen(self._session, option, self._now)
            self.app.push_screen(screen, partial(self._put, option))

    def action_reset(self) -> None:
        """Ask whether to put the option under the cursor back to its default."""
        option = self._option()
        if option is None:
            return
        if option not in self._changed():
            self._say(f"{option.name} has its default.")
            return
        told = acts.reset(
            self._session,
            option.name,
            settings.shown_default(option),
            settings.how(option),
            WIDTH,
        )
        self._ask(told, option.name)

    def action_reset_all(self) -> None:
        """Ask whether to put all options back to their defaults."""
        changed = [option.name for option in self._changed()]
        if changed:
            self._ask(acts.reset_all(self._session, changed, WIDTH), "all")
        else:
            self._say("All options have their defaults.")

    def action_find(self) -> None:
        """Ask for words of those that shall be shown."""
        hint = "a word of its name, or of what it means; nothing: all"
        asked = LineScreen("find", hint, typed=self._wanted, plain=self._plain)
        self.app.push_screen(asked, self._found)

    def _found(self, typed: str | None) -> None:
        if typed is not None:
            self._wanted = typed
            self._draw()

    def action_close(self) -> None:
        """Show all of them again, or go back."""
        if self._wanted:
            self._found("")
        else:
            self.dismiss()

    @on(RecordList.Moved)
    def _follow(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.query("#options"):
            return  # it has been closed: there was nothing to read
        width = self.query_one("#options").size.width or self.app.size.width
        table = settings.table(self._now, width, self._wanted)
        title = f" options of session {rows.plain(self._session)}"
        sought = f"   find: {rows.plain(self._wanted)}" if self._wanted else ""
        self._show("asks", [((title, "strong"), (sought, "accent"))])
        self._show("columns", [table.head])
        self.query_one("#table", RecordList).show(table.rows)
        option = self._option()
        if option is None:
            self._show("about", [])
        else:
            rule: Line = ((rows.rule(option.name, width), "idle"),)
            self._show("about", [rule, *settings.told(option, self._now, width)])

    def _show(self, place: str, lines: list[Line]) -> None:
        self.query_one(f"#{place}", Lines).show(lines, plain=self._plain)

    def _option(self) -> Option | None:
        shown = self.query_one("#table", RecordList)
        return options.TABLE.get(shown.key or "") if shown.has_rows else None

    def _changed(self) -> list[Option]:
        return options.differing(Options(), self._now)

    def _ask(self, told: list[Line], word: str) -> None:
        self.app.push_screen(AgreeScreen(told, plain=self._plain), partial(self._reset, word))

    def _put(self, option: Option, text: str | None) -> None:
        if text is not None:
            self.run_worker(self._do_put(option.name, text), group="decisions")

    def _reset(self, word: str, agreed: bool | None) -> None:
        if agreed:
            self.run_worker(self._do_reset(word), group="decisions")

    async def _do_put(self, name: str, text: str) -> None:
        self._say(await self._steward.put(self._session, name, text))
        self.look()

    async def _do_reset(self, word: str) -> None:
        self._say(await self._steward.reset(self._session, word))
        self.look()

    def _say(self, words: str) -> None:
        self.app.clear_notifications()
        self.app.notify(rows.plain(words), timeout=6, markup=False)
