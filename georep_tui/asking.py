"""What a key would do, told before it is done. Pure."""

from collections import Counter
from collections.abc import Collection, Sequence

from engine.events import EntryFailed
from engine.plan.steps import Told
from engine.state import node_of
from georep_tui import rows
from georep_tui.rows import Line

EXAMPLES = 5
"""Objects that are named one by one."""
SHOWN = 2
"""Objects of which all is told that would be done."""
QUARANTINED = "quarantined"


def again(
    session: str, chosen: Sequence[EntryFailed], away: Collection[str], width: int
) -> list[Line]:
    """Return what trying these again would do; `away` are nodes that are not reached from here."""
    lines = _head(f"Try {rows.many(len(chosen), 'object')} again now?", chosen, width)
    lines += _words("What is refused again stays in the list, with one try more.", width)
    left = sum(each.skipped and each.kind != QUARANTINED for each in chosen)
    if left:
        lines += _words(f"Left alone until now: {rows.grouped(left)} of these.", width)
    if any(each.kind == QUARANTINED for each in chosen):
        words = "Those in quarantine leave the list; what stands there stays there."
        lines += _words(words, width)
    return lines + _away(session, away, width)


def aside(
    session: str, chosen: Sequence[EntryFailed], away: Collection[str], width: int
) -> list[Line]:
    """Return what leaving these alone would do."""
    lines = _head(f"Leave {rows.many(len(chosen), 'object')} alone?", chosen, width)
    words = "The secondary stays without these changes until the objects change on the primary, or "
    lines += _words(words + "until R has them tried again.", width)
    return lines + _away(session, away, width)


def export(chosen: Sequence[EntryFailed], width: int) -> list[Line]:
    """Return what writing these to a file would do."""
    lines = _head(f"Write {rows.many(len(chosen), 'failure')} as JSON lines to", chosen, width)
    return lines[:1] + lines[2:]


def steps(question: str, told: Sequence[Told], width: int) -> list[Line]:
    """Return what commands would do, by what both sides have now; and of what nothing is done."""
    able = [each.step for each in told if each.step.does and not each.step.refused]
    left = [each.step for each in told if each.step.refused]
    lines: list[Line] = [((rows.fit(question, width).rstrip(), "strong"),)]
    for step in able[:SHOWN]:
        lines += [(), ((rows.fit_path(step.name, width).rstrip(), ""),)]
        for side, words in (("primary", step.primary), ("secondary", step.secondary)):
            lines += rows.labelled(side, words, width, "idle", lines=3) if words else []
        for number, words in enumerate(step.does, 1):
            lines += rows.labelled(f"{number}", words, width, "accent", lines=3)
        lines += rows.labelled("note", step.note, width, "warn", lines=4)
    if len(able) > SHOWN:
        lines += [(), ((f"and {rows.grouped(len(able) - SHOWN)} more", "idle"),)]
    if left:
        lines.append(())
        words = f"Left out: {rows.grouped(len(left))}. {left[0].name}: {left[0].refused}"
        lines += _words(words, width, "warn")
    return lines


def fix(many: int) -> str:
    """Return the question whether to clear the way of so many objects."""
    return "Clear its way?" if many == 1 else f"Clear the way of {rows.grouped(many)} objects?"


def resend(many: int) -> str:
    """Return the question whether to send so many objects again."""
    return "Send it again?" if many == 1 else f"Send {rows.grouped(many)} objects again?"


def place(name: str, width: int) -> list[Line]:
    """Return what is asked before somebody is brought back."""
    lines: list[Line] = [((rows.fit("Bring it back to", width).rstrip(), "strong"),), ()]
    lines.append(((rows.fit_path(name, width).rstrip(), ""),))
    return [*lines, *_words("A path on the secondary, from its root. Nobody is put over.", width)]


def cut(since: str, until: str, width: int) -> list[Line]:
    """Return what writing a stretch of a replay to a file would do."""
    words = "The stretch between the markers around the time that is shown; where there is none, "
    words += "from the begin, or to the end."
    return [
        ((rows.fit("Write this stretch as a journal to", width).rstrip(), "strong"),),
        ((f"{since} to {until}", ""),),
        (),
        *_words(words, width, "idle"),
        (),
    ]


def _head(question: str, chosen: Sequence[EntryFailed], width: int) -> list[Line]:
    lines: list[Line] = [((rows.fit(question, width).rstrip(), "strong"),), ()]
    kinds = Counter(each.kind for each in chosen)
    told = " · ".join(f"{rows.plain(kind)} {many}" for kind, many in kinds.most_common())
    lines += [((part, "warn"),) for part in rows.wrap(told, width, lines=2)]
    for each in chosen[:EXAMPLES]:
        name = each.path or f".gfid/{each.gfid}"
        lines.append(((rows.fit_path(name, width).rstrip(), ""),))
    if len(chosen) > EXAMPLES:
        more = rows.grouped(len(chosen) - EXAMPLES)
        lines.append(((f"and {more} more", "idle"),))
    return [*lines, ()]


def unreached(session: str, away: Collection[str]) -> str:
    """Return the next step where nothing can be decided from here."""
    there = ", ".join(sorted(away))
    return f"The ledger of {there} is not reached from here. There: georep failures {session}"


def _away(session: str, away: Collection[str], width: int) -> list[Line]:
    return _words(f"Left out: {unreached(session, away)}", width, "warn") if away else []


def _words(text: str, width: int, meaning: str = "") -> list[Line]:
    return [((part, meaning),) for part in rows.wrap(text, width, lines=4)]


def nodes(failures: Sequence[EntryFailed]) -> set[str]:
    """Return the nodes whose ledgers these stand in."""
    return {node_of(each.worker) for each in failures}
