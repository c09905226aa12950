"""All that can be set for a session, as a table, and what a change of it does. Pure."""

from engine import options
from engine.errors import GeorepError
from engine.option import Option, Value
from engine.options import Options
from georep_tui import rows, tables
from georep_tui.columns import WIDE
from georep_tui.rows import Line
from georep_tui.tables import Row, Table

_NARROW = (27, 19, 14, 6)
_WIDE = (28, 44, 40, 8)
_TITLES = ("OPTION", "VALUE", "DEFAULT", "UNIT", "CHANGE")
LIVE = {True: "live", False: "restart"}
"""What becomes of a change while the session runs, by whether the option is live."""
_HOW = {
    True: "Workers take it up as they run.",
    False: "The session's workers start again with it, if they run.",
}


def table(now: Options, width: int, wanted: str = "") -> Table:
    """Return every option, or those that hold the words of a filter, with what it is set to; what
    was changed stands out.
    """
    widths, words = _WIDE if width >= WIDE else _NARROW, tables.words_of(wanted)
    found = []
    for option in options.TABLE.values():
        if not tables.holds(_text(option), words):
            continue
        value = options.value(now, option)
        cells = (option.name, _shown(option, value), _shown(option, option.default))
        meanings = ("", "accent" if value != option.default else "", "idle")
        spans = [
            (rows.fit(f" {cell}" if not at else cell, room) + " ", meaning)
            for at, (cell, room, meaning) in enumerate(zip(cells, widths, meanings, strict=False))
        ]
        unit = (rows.fit(option.limits.unit, widths[3]) + " ", "idle")
        line: Line = (*spans, unit, (LIVE[option.limits.live], "idle"))
        found.append(Row(option.name, line))
    head = [rows.fit(f" {t}" if not at else t, w) + " " for at, (t, w) in enumerate(_heads(widths))]
    return Table((("".join(head) + _TITLES[-1], "head"),), found)


def _text(option: Option) -> str:
    gsyncd = option.name.replace("-", "_")
    return f"{option.name} {gsyncd} {option.limits.meaning}".casefold()


def told(option: Option, now: Options, width: int) -> list[Line]:
    """Return all there is to say of one option."""
    value = options.value(now, option)
    lines: list[Line] = []
    for label, text in (
        ("meaning", option.limits.meaning),
        ("takes", option.accepts()),
        ("value", _shown(option, value)),
        ("default", _shown(option, option.default)),
        ("change", how(option)),
    ):
        lines += rows.labelled(label, text, width, lines=3)
    return lines


def how(option: Option) -> str:
    """Say when a change of an option counts."""
    return _HOW[option.limits.live]


def becomes(option: Option, now: Options, text: str) -> tuple[str, str]:
    """Return what setting an option to `text` would do, and ok, idle, or bad where it cannot be."""
    try:
        value = option.parse(text)
    except ValueError:
        error: GeorepError = option.refuse(text, where=option.name)
        return f"✕ {_told(error, option)}", "bad"
    old = options.value(now, option)
    if value == old:
        return f"It is {_shown(option, old)} already.", "idle"
    is_was = f"{option.name} becomes {_shown(option, value)}, it is {_shown(option, old)}."
    return f"⏎ sets it: {is_was} {how(option)}", "accent"


def shown_default(option: Option) -> str:
    """Return the default of an option."""
    return _shown(option, option.default)


def _told(error: GeorepError, option: Option) -> str:
    return error.sentence().removeprefix(f"{option.name}: ")


def _shown(option: Option, value: Value) -> str:
    return option.text(value) or "empty"


def _heads(widths: tuple[int, ...]) -> list[tuple[str, int]]:
    return list(zip(_TITLES, widths, strict=False))
