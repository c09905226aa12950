"""What an operator does with those who were put aside: look, bring one back, remove one for good.

Each act looks first and says what it would do; whoever agreed to that has it done only while all is
still so. A crash at any point leaves a state from which the same command goes on.
"""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass

from engine import config, files, names
from engine.config import Places
from engine.errors import Usage
from engine.gluster import objects
from engine.item import TOP, Facts, Gfid, Kind, Place
from engine.plan.dirty import Why, Window
from engine.plan.items import Absent
from engine.plan.steps import Agreed, Step, Told, not_done
from engine.session import acting, deciding, nodes, survey
from engine.session.discarding import Discarding
from engine.session.nodes import Who
from engine.session.shelved import Shelved, trouble
from engine.session.survey import Survey

WORKER = "shelves"
"""The agents of two commands that change something exclude each other by this name."""
_STRANGE = (
    "The primary does not have it there: georep verify tells it as extra, reconcile --apply would "
    "remove it, and who gets this name on the primary puts it aside again."
)


@dataclass(frozen=True, slots=True)
class Listed:
    """Who was put aside."""

    objects: list[Shelved]
    total: int
    """How many there are; they are not all listed when they are very many."""


def listed(at: Places, name: str) -> Listed:
    """Return who is in quarantine and in limbo on the secondary of session `name`."""
    session = config.read(at, name)

    async def ask() -> Listed:
        async with nodes.reached(at, session, Who()) as reached:
            aside = await reached.agent.channel.aside()
            return Listed([Shelved.of(one) for one in aside.objects], aside.total)
        raise AssertionError("the agent's end is raised")

    return asyncio.run(ask())


def restore(at: Places, name: str, item: str, path: bytes | None, agreed: Agreed) -> Told:
    """Bring `item` out of quarantine to `path` on the secondary, if `agreed` to what that means.

    None: to where it stood. It mounts, so it must run in the main thread. Usage for an item or a
    path that there is not.
    """

    async def work(opened: Survey) -> Told:
        one = await _called(opened, item)
        target = await _target(opened, _wanted(one, path))
        step = await _restoring(opened, one, target)
        if step.refused or target.parent is None or not agreed(step):
            return _not_done(step, agreed)
        parent = target.parent.gfid
        await opened.agent.channel.restore(one.put.holder, Place(parent, target.name))
        await _settle(opened, parent, one.gfid)
        return Told(step=step, done=True, words=f"It stands at /{names.show(target.path)} now.")

    return _run(at, name, work)


def drop(at: Places, name: str, item: str, agreed: Agreed) -> Told:
    """Remove `item` from quarantine for good, with all that is in it, if `agreed` to that.

    It mounts, so it must run in the main thread. Usage for an item that there is not.
    """

    async def work(opened: Survey) -> Told:
        one = await _called(opened, item)
        step = await _dropping(opened, one)
        if step.refused or not agreed(step):
            return _not_done(step, agreed)
        with acting.replicator(opened, acting.sight(opened), WORKER) as replicator:
            discarding = Discarding(opened.agent.channel, replicator.gone)
            whole = await discarding.remove(one.put.holder)
        removed = f"{discarding.removed} objects were removed"
        if not whole:
            words = f"{removed}. What the primary has, or what changed meanwhile, was left."
            return Told(step=step, words=words)
        await deciding.again(opened.places, name, [one.gfid])
        return Told(step=step, done=True, words=f"It is gone: {removed}.")

    return _run(at, name, work)


def _run(at: Places, name: str, work: survey.Work[Told]) -> Told:
    with ExitStack() as held:
        what = f"A command that changes quarantine, or mends failures, of session {name} runs here"
        path = at.of(name) / "shelves.lock"
        held.enter_context(files.locked(path, what=what, fix="Wait until it has ended."))
        return survey.run(at, name, work, command="shelves", worker=WORKER)


def _not_done(step: Step, agreed: Agreed) -> Told:
    return Told(step=step, words="" if step.refused else not_done(agreed))


async def _called(opened: Survey, item: str) -> Shelved:
    """Return the one that an operator means; Usage for none, or for several."""
    aside = await opened.agent.channel.aside()
    found = [one for one in map(Shelved.of, aside.objects) if one.called(item)]
    if len(found) == 1:
        return found[0]
    raise Usage(
        f"{'Several' if found else 'Nobody'} in quarantine or limbo of session "
        f"{opened.session.name} {'are' if found else 'is'} called {item}",
        fix=f"Name one as georep quarantine {opened.session.name} shows it.",
    )


def _wanted(one: Shelved, path: bytes | None) -> bytes:
    if path is not None:
        return path
    if not one.record.path:
        raise Usage("Nobody knows where it stood", fix="Say where it shall stand: --to PATH.")
    try:
        return names.parse(one.record.path)
    except ValueError:
        raise Usage("Where it stood is not readable", fix="Say --to PATH.") from None


@dataclass(frozen=True, slots=True)
class _Target:
    """Where one shall stand on the secondary."""

    path: bytes
    """Without needless slashes."""
    name: bytes
    parent: Facts | None
    """The directory; None when there is none."""


async def _target(opened: Survey, path: bytes) -> _Target:
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    if not parts or b".." in parts or any(b"\0" in part or len(part) > 255 for part in parts):
        raise Usage("That is no place for it", fix="Name a path from the volume's root.")
    if objects.own(parts[0]):
        raise Usage("That is georep's own, or GlusterFS's", fix="Name a path of the volume's data.")
    whole, name = b"/".join(parts), parts.pop()
    (parent,) = await opened.there.facts([TOP])
    for part in parts:
        if parent is None or parent.kind is not Kind.DIRECTORY:
            break
        (parent,) = await opened.there.facts([Place(parent.gfid, part)])
    return _Target(whole, name, parent)


async def _restoring(opened: Survey, one: Shelved, target: _Target) -> Step:
    here = there = None
    if target.parent is not None:
        place = Place(target.parent.gfid, target.name)
        (there,) = await opened.there.facts([place])
        (here,) = await opened.here.facts([place])
    (found,) = await acting.truths(opened, [one.gfid])
    return Step(
        gfid=one.gfid,
        name=one.name,
        primary=f"nothing called /{names.show(target.path)}" if here is None else _who(here),
        secondary=_described(one),
        refused=trouble(one, found, parent=target.parent, here=here, there=there),
        does=(
            f"bring it out of quarantine to /{names.show(target.path)} on the secondary, as it is",
        ),
        note=_STRANGE,
    )


def _who(facts: Facts) -> str:
    return f"{facts.kind} {facts.gfid or 'that cannot be read'}"


async def _dropping(opened: Survey, one: Shelved) -> Step:
    (found,) = await acting.truths(opened, [one.gfid])
    refused = ""
    if not one.put.settled:
        refused = "It is in limbo: the primary is still being asked what became of it. Wait."
    elif not isinstance(found, Absent):
        refused = "The primary has it, or cannot say. georep retry with its gfid brings it there."
    inside = ", with all that is in it and the primary does not have" if _folded(one) else ""
    return Step(
        gfid=one.gfid,
        name=one.name,
        secondary=_described(one),
        refused=refused,
        does=(f"remove it from the secondary for good{inside}",),
        note="It may be the only copy.",
    )


def _folded(one: Shelved) -> bool:
    return one.kind is Kind.DIRECTORY


def _described(one: Shelved) -> str:
    size = "" if _folded(one) else f" of {one.put.attributes.size} bytes"
    stood = f", stood at /{one.record.path}" if one.record.path else ""
    return f"{one.kind}{size}, gfid {one.gfid}, {one.where}{stood}"


async def _settle(opened: Survey, parent: Gfid, gfid: Gfid) -> None:
    """Give the directory in which a name was made the primary's times again, and have the failure
    that spoke of it taken off its list.
    """
    window = Window()
    window.mark(parent, Why.ATTRIBUTES).directory = True
    with acting.replicator(opened, acting.sight(opened), WORKER) as replicator:
        await replicator.make_so(window)
    await deciding.again(opened.places, opened.session.name, [gfid])
