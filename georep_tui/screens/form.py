"""What an operator fills in: lines, switches, what each of them means, and what is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import DescendantFocus
from textual.screen import ModalScreen
from textual.widgets import Input

from georep_tui import keymap, rows
from georep_tui.acts import words
from georep_tui.key import Where
from georep_tui.rows import Line
from georep_tui.widgets.key_bar import KeyBar
from georep_tui.widgets.lines import Lines
from georep_tui.widgets.switch import Switch

if TYPE_CHECKING:
    from georep_tui.app import Console

T = TypeVar("T")
WIDEST = 104
"""Cells of a form, at most."""
LABEL = 13
MEANING = 2
"""Lines for what the line under the cursor means."""


@dataclass(frozen=True, slots=True)
class Field:
    """One line to type into."""

    id: str
    label: str
    meaning: str
    value: str = ""
    hint: str = ""
    """Shown while nothing is typed."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One switch."""

    id: str
    label: str
    meaning: str


class FormInput(Input):
    """A line of a form."""

    BINDINGS = keymap.bindings(Where.FORM)  # type: ignore[assignment]


class FormScreen(ModalScreen[T]):
    """A form over the screen it was called from."""

    BINDINGS = keymap.bindings(Where.FORM)  # type: ignore[assignment]
    TALL = False
    """Whether the answer takes all the room there is."""

    def __init__(
        self, title: Sequence[Line], fields: Sequence[Field], choices: Sequence[Choice] = ()
    ) -> None:
        super().__init__()
        self._heading, self._fields, self._choices = title, fields, choices
        self._meanings = {each.id: each.meaning for each in fields}
        self._meanings |= {each.id: each.meaning for each in choices}

    def compose(self) -> ComposeResult:
        """Make all lines."""
        with Vertical(id="form", classes="-tall" if self.TALL else ""):
            yield Lines(id="asks")
            for field in self._fields:
                with Horizontal(classes="field"):
                    yield Lines(id=f"label-{field.id}")
                    yield FormInput(
                        field.value,
                        id=field.id,
                        placeholder=field.hint,
                        compact=True,
                        select_on_focus=False,
                    )
            for choice in self._choices:
                yield Switch(choice.label, id=choice.id)
            if self._meanings:
                yield Lines(id="meaning")
            yield Lines(id="says")
            with VerticalScroll(id="answer", can_focus=False):
                yield Lines(id="answers")
        yield KeyBar(plain=self.console.plain)

    def on_mount(self) -> None:
        """Fill it."""
        self.show("asks", self._heading)
        for field in self._fields:
            self.show(f"label-{field.id}", [((rows.fit(field.label, LABEL), "idle"),)])
            self.query_one(f"#{field.id}", FormInput).cursor_blink = False
        if self.console.plain:
            self.query_one("#answer").styles.scrollbar_size_vertical = 0
        self.changed()

    @property
    def console(self) -> "Console":
        """The application."""
        from georep_tui.app import Console  # the application knows its screens

        assert isinstance(self.app, Console)
        return self.app

    @property
    def room(self) -> int:
        """Return how many cells wide a text can be."""
        return min(self.app.size.width, WIDEST) - 5

    def typed(self, id: str) -> str:
        """Return what stands in a line, without spaces around it."""
        return self.query_one(f"#{id}", FormInput).value.strip()

    def chosen(self, id: str) -> bool:
        """Return how a switch stands; of a form that is being closed, no."""
        return any(switch.on for switch in self.query(f"#{id}").results(Switch))

    def show(self, place: str, lines: Sequence[Line]) -> None:
        """Show lines at one place of the form, unless it is being closed."""
        for block in self.query(f"#{place}").results(Lines):
            block.show(lines, plain=self.console.plain)

    def say(self, text: str, meaning: str = "") -> None:
        """Say, below the lines, what would be done or what came of it."""
        self.show("says", words(text, self.room, meaning) if text else [])

    def explain(self, text: str) -> None:
        """Say what the line under the cursor means; the place for it stays as high as it is."""
        lines: list[Line] = [
            ((part, "idle"),) for part in rows.wrap(text, self.room, lines=MEANING)
        ]
        self.show("meaning", [*lines, *[()] * (MEANING - len(lines))])

    def answer(self, lines: Sequence[Line]) -> None:
        """Show what there is to read."""
        self.show("answers", lines)
        self.call_after_refresh(self.refresh_bindings)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to show more where there is more."""
        if action == "scroll":
            return any(block.max_scroll_y > 0 for block in self.query("#answer"))
        return super().check_action(action, parameters)

    def changed(self) -> None:
        """Act on what stands in the lines now."""

    def go(self) -> None:
        """Do what is told, or ask."""

    def action_go(self) -> None:
        """Do what is told, or ask."""
        self.go()

    def action_close(self) -> None:
        """Leave all as it is."""
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        """Show what is further down, or up."""
        block = self.query_one("#answer")
        block.scroll_relative(y=by * max(1, block.size.height - 1), animate=False)

    @on(Input.Changed)
    @on(Switch.Changed)
    def _changed(self) -> None:
        self.changed()

    @on(DescendantFocus)
    def _explain(self, focused: DescendantFocus) -> None:
        meaning = self._meanings.get(focused.widget.id or "")
        if meaning is not None:
            self.explain(meaning)
