"""From the agent's answers to what is still dirty. Pure."""

import errno
from dataclasses import dataclass, field

from engine.item import (
    AnyAnswer,
    AnyItem,
    Done,
    Gfid,
    Gone,
    Item,
    Kind,
    NeedParent,
    NotEmpty,
    Refused,
)
from engine.plan.dirty import ALL, Dirty, Why, Window
from engine.plan.items import Unclear

_STALE = frozenset(
    {errno.ESTALE, errno.EEXIST, errno.ENOENT, errno.EBUSY, errno.EINVAL, errno.ENOTEMPTY}
)
"""The secondary moved under the item while it was made so: look again."""
COME = 3
"""Times that a directory which is gone may be found not empty before its children are looked at:
most of them are on their way, by the workers of the bricks that have them.
"""


@dataclass(slots=True)
class Outcome:
    """What became of one round."""

    done: list[Gfid] = field(default_factory=list)
    changed: set[Gfid] = field(default_factory=set)
    """Living objects of which something had to be done."""
    waiting: int = 0
    """Directories that are gone and wait for their children to go."""
    made: int = 0
    """Objects that were created, or got content: what a full secondary cannot do."""
    removed: int = 0
    refused: list[Refused] = field(default_factory=list)
    spared: list[Gfid] = field(default_factory=list)
    """Directories that are gone and not empty, in a window that is sparing."""
    short: list[Gfid] = field(default_factory=list)
    """Files whose size on the secondary is not the one that was sent."""


def settle(
    window: Window, before: dict[Gfid, Dirty], items: dict[Gfid, AnyItem], answers: list[AnyAnswer]
) -> Outcome:
    """Fold `answers` to `items`, which were made from `before`, into what is dirty in `window` from
    now on.
    """
    outcome = Outcome()
    for answer in answers:
        item, was = items[answer.gfid], before[answer.gfid]
        if not isinstance(answer, NotEmpty):
            _spread(window, item, answer, before)
        match answer:
            case Done():
                _done(window, item, answer, outcome)
            case NeedParent(gfid=gfid, parent=parent):
                window.mark(parent, ALL).directory = True
                _again(window, gfid, was)
                window.deep.add(gfid)
            case NotEmpty(gfid=gfid) if window.sparing:
                outcome.spared.append(gfid)
            case NotEmpty(gfid=gfid, children=children):
                outcome.waiting += 1
                window.full[gfid] = window.full.get(gfid, 0) + 1
                if window.full[gfid] > COME:
                    for child in children:
                        window.mark_holder(child)
                        window.orphans.add(child.gfid)
                _again(window, gfid, was)
            case Refused(gfid=gfid):
                outcome.refused.append(answer)
                _again(window, gfid, was)
                if answer.errno in _STALE:
                    # A directory above may have moved, even below this one: look at all of them.
                    window.deep.add(gfid)
    return outcome


def unclear(window: Window, found: Unclear, was: Dirty, outcome: Outcome) -> None:
    """Fold a look that told nothing into what is dirty in `window` from now on."""
    outcome.refused.append(
        Refused(gfid=found.gfid, doing="look at the primary", errno=found.errno, words=found.words)
    )
    _again(window, found.gfid, was)


def _spread(
    window: Window, item: AnyItem, answer: Done | NeedParent | Refused, before: dict[Gfid, Dirty]
) -> None:
    """Make dirty what was changed beside the item, also when that was not finished."""
    for parent in answer.touched:
        if parent not in before:
            window.mark(parent, Why.ATTRIBUTES).directory = True
    for holder in answer.displaced:
        window.mark_holder(holder)
    if isinstance(answer, Refused):
        for holder in answer.held:
            # What it is on the primary may free the name.
            window.mark_holder(holder)
    if answer.created and isinstance(item, Item) and item.xattrs is None:
        # Made for the sake of a name alone: its CREATE is older than our history.
        window.mark(item.gfid, Why.ATTRIBUTES)


def _done(window: Window, item: AnyItem, answer: Done, outcome: Outcome) -> None:
    for holder in answer.strangers:
        window.mark_holder(holder)
    if isinstance(item, Gone):
        outcome.removed += answer.changed
    elif item.elsewhere:
        pass  # its content and attributes are its own worker's to bring
    elif item.kind is Kind.FILE and not item.data_follows and answer.size != item.attributes.size:
        # Content that nobody spoke of, for the same reason.
        outcome.short.append(item.gfid)
        window.mark(item.gfid, Why.DATA, *item.names)
        return
    elif item.kind is not Kind.DIRECTORY and _times_differ(item, answer):
        here, there = item.attributes.mtime, answer.mtime
        words = f"its mtime is {there} ns on the secondary, {here} on the primary"
        refused = Refused(gfid=item.gfid, doing="check the times", errno=0, words=words)
        outcome.refused.append(refused)
        window.mark(item.gfid, Why.ATTRIBUTES)
        return
    elif answer.changed:
        outcome.changed.add(answer.gfid)
        outcome.made += answer.created or item.data is not None
    outcome.done.append(answer.gfid)


def _again(window: Window, gfid: Gfid, was: Dirty) -> None:
    again = window.mark(gfid, was.why, *was.heard)
    again.directory |= was.directory


def _times_differ(item: Item, answer: Done) -> bool:
    return not item.data_follows and answer.mtime != item.attributes.mtime
