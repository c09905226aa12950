"""The six meanings in colour, dark and light; words and glyphs say the same without it."""

from textual.content import Content
from textual.theme import Theme

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
    },
)
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
