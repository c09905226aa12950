"""One line of key hints, made once: Textual's Footer keeps every key it ever showed."""

from textual.content import Content
from textual.widgets import Static

from georep_tui.rows import ascii_only


class KeyBar(Static):
    """Shows the keys that work right now; redraws only when they change."""

    DEFAULT_CSS = "KeyBar { dock: bottom; height: 1; background: $panel; text-wrap: nowrap; }"

    def __init__(self, *, plain: bool) -> None:
        super().__init__(markup=False)
        self._plain = plain
        self._hints: list[tuple[str, str]] = []

    def on_mount(self) -> None:
        """Follow the keys of this screen."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self.sync())
        self.call_after_refresh(self.sync)

    def sync(self) -> None:
        """Show the keys that work now."""
        live = [b.binding for b in self.screen.active_bindings.values() if b.enabled]
        live.sort(key=lambda binding: not binding.priority)
        hints = [(self.app.get_key_display(b), b.description) for b in live if b.show]
        if hints != self._hints:
            self._hints = hints
            shown = ((ascii_only(k), ascii_only(t)) for k, t in hints) if self._plain else hints
            parts = [
                part for key, text in shown for part in ((f" {key} ", "bold $accent"), text, " ")
            ]
            self.update(Content.assemble(*parts))
