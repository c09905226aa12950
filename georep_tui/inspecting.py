"""What was looked at, and what was found different, in lines of the console. Pure."""

from collections.abc import Sequence

from engine.session.checks import Check, Verdict
from engine.session.errands import Differed
from georep_tui import rows, verifying
from georep_tui.rows import Line

_MARKS = {Verdict.FINE: ("✓", "ok"), Verdict.ADVICE: ("!", "warn"), Verdict.WRONG: ("✕", "bad")}
_ORDER = (Verdict.WRONG, Verdict.ADVICE, Verdict.FINE)
_EVIDENCE = 3
"""Lines of another program's words."""


def checks(found: Sequence[Check], width: int) -> list[Line]:
    """Return a line for each check, those that need somebody first, each with its next step."""
    lines: list[Line] = []
    for check in sorted(found, key=lambda each: _ORDER.index(each.verdict)):
        lines += _check(check, width)
    return lines


def crossed(found: Sequence[Check]) -> int:
    """Return how many of the checks failed."""
    return sum(not check.fine for check in found)


def counted(found: Sequence[Check]) -> str:
    """Return how many were looked at, and what came of it."""
    wrong = crossed(found)
    told = f"{rows.many(len(found), 'thing')} looked at"
    return f"{told}, {rows.grouped(wrong)} wrong" if wrong else f"{told}, all as they must be"


def refused(words: str, width: int) -> list[Line]:
    """Return a sentence about what cannot be."""
    return _marked("✕", "bad", words, width)


def differences(found: Sequence[Differed], width: int) -> list[Line]:
    """Return the places that differ, each with how it is on both sides."""
    lines: list[Line] = []
    for each in found:
        lines.append((("✕ ", "bad"), (rows.fit_path(each.path, width - 2).rstrip(), "")))
        sides = verifying.both(each.what, each.primary, each.secondary)
        lines += [(("  ", ""), (part, "idle")) for part in rows.wrap(sides, width - 2, lines=2)]
    return lines


def steps(found: Sequence[str], width: int) -> list[Line]:
    """Return what to do next."""
    return [((part, "accent"),) for step in found for part in rows.wrap(step, width, lines=6)]


def _check(check: Check, width: int) -> list[Line]:
    mark, meaning = _MARKS[check.verdict]
    where = f"{check.node}: " if check.node else ""
    lines = _marked(mark, meaning, where + check.words, width)
    for part in rows.wrap(check.fix, width - 2, lines=4):
        lines.append((("  ", ""), (part, "accent")))
    if not check.fine:
        for said in check.evidence.splitlines()[-_EVIDENCE:]:
            lines.append((("  ", ""), (rows.fit(rows.plain(said), width - 2).rstrip(), "idle")))
    return lines


def _marked(mark: str, meaning: str, words: str, width: int) -> list[Line]:
    parts = rows.wrap(words, width - 2, lines=4)
    marks = [f"{mark} ", *["  "] * len(parts)]
    return [((at, meaning), (part, "")) for at, part in zip(marks, parts, strict=False)]
