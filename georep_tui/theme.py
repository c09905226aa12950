"""The six meanings in colour, dark and light; words and glyphs say the same without it."""

from dataclasses import replace

from textual.content import Content
from textual.theme import BUILTIN_THEMES, Theme

from georep_tui.rows import Line, ascii_only

DARK = Theme(
    name="georep-dark",
    primary="#6ea8d8",
    accent="#6ea8d8",
    success="#7fc98a",
    warning="#e3b85c",
    error="#f07178",
    foreground="#d5d9e0",
    background="#14171c",
    surface="#14171c",
    panel="#20252d",
    dark=True,
    variables={
        "ok": "#7fc98a",
        "busy": "#62c4c3",
        "warn": "#e3b85c",
        "bad": "#f07178",
        "idle": "#8b93a1",
        "cursor": "#2b3a4d",
        "cursor-style": "bold",
        "on-warn": "#14171c",
    },
)
LIGHT = Theme(
    name="georep-light",
    primary="#1d5f96",
    accent="#1d5f96",
    success="#1f7a35",
    warning="#8f5f00",
    error="#b3261e",
    foreground="#22262c",
    background="#fbfbf9",
    surface="#fbfbf9",
    panel="#e9eaec",
    dark=False,
    variables={
        "ok": "#1f7a35",
        "busy": "#0b6f75",
        "warn": "#8f5f00",
        "bad": "#b3261e",
        "idle": "#646b76",
        "cursor": "#cfe0f0",
        "cursor-style": "bold",
        "on-warn": "#fbfbf9",
    },
)


def _ansi(base: str, colours: dict[str, str]) -> Theme:
    """Return Textual's theme of 16 colours with ours; the cursor is told by reversing alone."""
    theme = BUILTIN_THEMES[base]
    ours = colours | {"cursor": "ansi_default", "cursor-style": "bold reverse"}
    accent = colours["accent"]
    variables = theme.variables | ours
    return replace(theme, name=f"georep-{base}", accent=accent, variables=variables)


ANSI_DARK = _ansi(
    "ansi-dark",
    {
        "ok": "ansi_green",
        "busy": "ansi_cyan",
        "warn": "ansi_yellow",
        "bad": "ansi_bright_red",
        "idle": "ansi_white",
        "accent": "ansi_bright_blue",
        "on-warn": "ansi_black",
    },
)
ANSI_LIGHT = _ansi(
    "ansi-light",
    {
        "ok": "ansi_green",
        "busy": "ansi_cyan",
        "warn": "ansi_magenta",
        "bad": "ansi_red",
        "idle": "ansi_bright_black",
        "accent": "ansi_blue",
        "on-warn": "ansi_bright_white",
    },
)
THEMES = {"dark": DARK, "light": LIGHT, "ansi-dark": ANSI_DARK, "ansi-light": ANSI_LIGHT}
"""By the name that an operator gives; those of 16 colours take the terminal's own."""
STYLES = {
    "": "",
    "ok": "$ok",
    "busy": "$busy",
    "warn": "$warn",
    "bad": "$bad",
    "idle": "$idle",
    "accent": "$accent",
    "head": "bold $idle",
    "strong": "bold",
}


def paint(line: Line, *, plain: bool) -> Content:
    """Return a line as Textual draws it. Data is never read as markup."""
    spans = ((ascii_only(text) if plain else text, STYLES[meaning]) for text, meaning in line)
    return Content.assemble(*spans)


def named(*, dark: bool, ansi: bool) -> Theme:
    """Return a theme by what it is: dark or light, of all colours or of the terminal's 16."""
    return THEMES[("ansi-" if ansi else "") + ("dark" if dark else "light")]


def asked(name: str) -> str:
    """Return how an operator calls the theme of that name."""
    return name.removeprefix("georep-")


def other(name: str) -> str:
    """Return the name of the theme of as many colours that is light where this is dark."""
    return name.replace("dark", "light") if "dark" in name else name.replace("light", "dark")
