"""What was found to differ, by path, as a list to choose from: what can be sent again. Pure."""

from collections.abc import Collection, Mapping, Sequence

from engine.plan.compare import What
from engine.session.errands import Differed
from georep_tui import rows, verifying
from georep_tui.rows import Line
from georep_tui.tables import Row

MOST = 100
"""Objects that are sent again at once; one command takes no more."""
_MARK, _WHAT = 4, 24

Places = Mapping[str, Sequence[Differed]]


def places(found: Sequence[Differed]) -> Places:
    """Return what differs at each path of the primary; what only the secondary has, cannot be
    sent.
    """
    made: dict[str, list[Differed]] = {}
    for each in found:
        # A path begins so. What does not might be taken for an option of the command.
        if each.what != What.EXTRA and each.path.startswith("/"):
            made.setdefault(each.path, []).append(each)
    return made


def head(width: int) -> Line:
    """Return the titles of the columns."""
    return ((_cells("", "DIFFERS", "PATH", width), "head"),)


def table(found: Places, marked: Collection[str], width: int) -> list[Row]:
    """Return a row for each path."""
    return [
        Row(path, ((_cells("×" if path in marked else "", _whats(each), path, width), ""),))
        for path, each in found.items()
    ]


def told(found: Sequence[Differed], width: int) -> list[Line]:
    """Return how one path is on both sides."""
    lines: list[Line] = []
    for each in found:
        sides = verifying.both(each.what, each.primary, each.secondary)
        lines += [((f" {part}", ""),) for part in rows.wrap(sides, width - 2, lines=2)]
    return lines


def counts(found: Places, marked: Collection[str]) -> Line:
    """Return how many there are, and how many are marked."""
    many = f"   {rows.many(len(found), 'path')} to send again"
    return ((many, ""), (f"   marked {rows.grouped(len(marked))}" if marked else "", "accent"))


def _whats(found: Sequence[Differed]) -> str:
    return ", ".join(dict.fromkeys(rows.plain(each.what) for each in found))


def _cells(mark: str, what: str, path: str, width: int) -> str:
    room = max(8, width - _MARK - _WHAT - 3)
    return f" {mark:{_MARK - 1}}{rows.fit(what, _WHAT)}  {rows.fit_path(path, room)}"
