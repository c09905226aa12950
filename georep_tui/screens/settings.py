"""Where the options of a session are seen and changed."""

from functools import partial

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
from georep_tui.screens.listed import ListedScreen
from georep_tui.steward import Steward


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


class OptionsScreen(ListedScreen[None]):
    """All options of a session, and all about the one under the cursor."""

    BINDINGS = keymap.bindings(Where.OPTIONS)  # type: ignore[assignment]

    def __init__(self, steward: Steward, name: str, *, plain: bool) -> None:
        super().__init__(plain=plain)
        self._steward, self._session = steward, name
        self._now = Options()
        self._wanted = ""
        """Words of a filter."""

    def on_mount(self) -> None:
        """Read what is set."""
        self.look()

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
        self.redraw()

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
        asked = LineScreen("find", hint, typed=self._wanted, plain=self.plain)
        self.app.push_screen(asked, self._found)

    def _found(self, typed: str | None) -> None:
        if typed is not None:
            self._wanted = typed
            self.redraw()

    def action_close(self) -> None:
        """Show all of them again, or go back."""
        if self._wanted:
            self._found("")
        else:
            self.dismiss()

    def draw(self, width: int) -> None:
        """Show the options that were asked for, and all about the one under the cursor."""
        table = settings.table(self._now, width, self._wanted)
        title = f" options of session {rows.plain(self._session)}"
        sought = f"   find: {rows.plain(self._wanted)}" if self._wanted else ""
        self.show(((title, "strong"), (sought, "accent")), table.head, table.rows)
        option = self._option()
        if option is None:
            self.about([])
        else:
            rule: Line = ((rows.rule(option.name, width), "idle"),)
            self.about([rule, *settings.told(option, self._now, width)])

    def _option(self) -> Option | None:
        return options.TABLE.get(self.table.key or "") if self.table.has_rows else None

    def _changed(self) -> list[Option]:
        return options.differing(Options(), self._now)

    def _ask(self, told: list[Line], word: str) -> None:
        self.app.push_screen(AgreeScreen(told, plain=self.plain), partial(self._reset, word))

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
