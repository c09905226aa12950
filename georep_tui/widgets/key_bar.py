"""One line of key hints, made once: Textual's Footer keeps every key it ever showed."""

from rich.cells import cell_len
from textual.binding import ActiveBinding
from textual.content import Content
from textual.events import Click
from textual.widgets import Static

from georep_tui import keymap
from georep_tui.rows import ascii_only

Hint = tuple[str, str, str]
"""The id of a key, how it is shown, and what it does."""


class KeyBar(Static):
    """Shows the keys that work right now; redraws only when they change. A click is the key."""

    DEFAULT_CSS = "KeyBar { dock: bottom; height: 1; background: $panel; text-wrap: nowrap; }"

    def __init__(self, *, plain: bool) -> None:
        super().__init__(markup=False)
        self._plain = plain
        self._hints: list[Hint] = []

    def on_mount(self) -> None:
        """Follow the keys of this screen."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self.sync())
        self.call_after_refresh(self.sync)

    def on_resize(self) -> None:
        """Show as many as fit now."""
        self.sync()

    def sync(self) -> None:
        """Show the keys that work now, as many as fit."""
        hints = self.hints(self._room())
        if hints != self._hints:
            self._hints = hints
            parts = [
                part for _, key, text in hints for part in ((f" {key} ", "bold $accent"), text, " ")
            ]
            self.update(Content.assemble(*parts))

    def hints(self, room: int) -> list[Hint]:
        """Return the keys that work now, as many as fit into `room` cells."""
        once: dict[str, ActiveBinding] = {}
        for live in self._live():
            if live.binding.show:
                # What has several keys is live once for each.
                once.setdefault(live.binding.id or "", live)
        hints = [(id, *self._texts(live)) for id, live in once.items()]
        fitting = keymap.fitting([(id, _width(key, text)) for id, key, text in hints], room)
        return [hint for hint in hints if hint[0] in fitting]

    async def on_click(self, click: Click) -> None:
        """Do what the key under the mouse does."""
        end = 0
        for id, key, text in self._hints:
            end += _width(key, text)
            if click.x < end:
                found = next((live for live in self._live() if live.binding.id == id), None)
                if found is not None:
                    await self.app.run_action(found.binding.action, found.node)
                return

    def _live(self) -> list[ActiveBinding]:
        live = [each for each in self.screen.active_bindings.values() if each.enabled]
        # What a page has of its own says more than what all pages have.
        return sorted(live, key=lambda each: (not each.binding.priority, _of_all_pages(each)))

    def _texts(self, live: ActiveBinding) -> tuple[str, str]:
        key, text = self.app.get_key_display(live.binding), live.binding.description
        return (ascii_only(key), ascii_only(text)) if self._plain else (key, text)

    def _room(self) -> int:
        return self.size.width or self.app.size.width


def _of_all_pages(each: ActiveBinding) -> bool:
    return (each.binding.id or "").startswith("pane.")


def _width(key: str, text: str) -> int:
    return cell_len(key) + cell_len(text) + 3
