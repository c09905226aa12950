"""Mend failures that an operator picked: what is in the way goes aside, by the same road as
everything else, once with leave to do so.

There are no rules of its own for what stands in the way: limbo decides about it. The evidence is
taken right before; who agreed to something else has nothing done. A crash leaves the failure in the
ledger, whoever was moved in limbo, and what was begun to a worker (`half_done`).
"""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import NamedTuple

from engine import config, files, names
from engine.config import Places
from engine.errors import Usage
from engine.item import Facts, Gfid
from engine.plan import mending, records
from engine.plan.dirty import ALL, Dirty, Window
from engine.plan.items import Alive, Manner, Unclear
from engine.plan.mending import Evidence, Holder, Remedy
from engine.plan.records import Record
from engine.plan.steps import Agreed, Told, not_done
from engine.primary import kept, truth
from engine.rpc.messages import Seen
from engine.session import acting, deciding, ledger, survey
from engine.session.attempt import Totals
from engine.session.ledger import Failure, Known, Ledger
from engine.session.shelving import WORKER
from engine.session.survey import Survey

FIX = "fix"
"""Who is said to have moved somebody aside."""
_RESTLESS = (
    "It changed each time it was made so. It is noted, and a worker brings it: soon, or when the "
    "session is started."
)
MOST = 100
"""Failures mended by one command."""


class _Row(NamedTuple):
    failure: Failure
    known: Known


def fix(at: Places, name: str, objects: Sequence[str], agreed: Agreed) -> list[Told]:
    """Mend the failures of this node that `objects` name, by gfid or path, if `agreed` to what that
    means; tell of each.

    It mounts, so it must run in the main thread. Usage for one that is not there.
    """
    config.read(at, name)
    rows = _rows(at, name, objects)

    async def work(opened: Survey) -> list[Told]:
        told = [await _mend(opened, row, agreed) for row in rows]
        done = [each.step.gfid for each in told if each.done]
        if done:
            await deciding.again(at, name, done)
        return told

    with ExitStack() as held:
        what = f"A command that changes quarantine, or mends failures, of session {name} runs here"
        path = at.of(name) / "shelves.lock"
        held.enter_context(files.locked(path, what=what, fix="Wait until it has ended."))
        return survey.run(at, name, work, command="shelves", worker=WORKER)


def _rows(at: Places, name: str, objects: Sequence[str]) -> list[_Row]:
    """Return what the ledger has of these, one row for each object."""
    found = ledger.failures(at.ledger(name))
    meant: dict[Gfid, Failure] = {}
    for word in objects:
        called = [
            each
            for each in found
            if word == each.gfid or (each.path and names.alike(each.path, word))
        ]
        if not called:
            raise Usage(
                f"No failure of session {name} on this node is called {word}",
                fix=f"Name gfids or paths as georep failures {name} shows them here.",
            )
        for each in called:
            meant.setdefault(each.gfid, each)
    if len(meant) > MOST:
        raise Usage(f"{len(meant)} objects are too many at once", fix=f"Name {MOST} at most.")
    return [_Row(failure, _known(at, name, failure)) for failure in meant.values()]


def _known(at: Places, name: str, failure: Failure) -> Known:
    opened = Ledger(at.ledger(name), failure.worker)
    try:
        found = opened.among([failure.gfid])
    finally:
        opened.close()
    return found[failure.gfid][1] if failure.gfid in found else Known(Dirty())


async def _mend(opened: Survey, row: _Row, agreed: Agreed) -> Told:
    evidence = await _evidence(opened, row)
    step = mending.step(evidence, opened.session.name)
    found = mending.remedy(evidence)
    if found is Remedy.NONE:
        return Told(step=step)
    if not agreed(step):
        return Told(step=step, words=not_done(agreed))
    if found is Remedy.COPY:
        await _copy(opened, evidence)
    totals = await _make_so(opened, row, evidence)
    refused = [one for one in totals.failed if one.gfid == evidence.gfid]
    if refused:
        return Told(step=step, words=f"Refused: {refused[0].doing}: {refused[0].words}.")
    if evidence.gfid in totals.restless:
        return Told(step=step, words=_RESTLESS)
    return Told(step=step, done=True, words=_done(found))


def _done(found: Remedy) -> str:
    match found:
        case Remedy.WAY:
            return "It stands there now; who was in its way is aside, and nothing of it is lost."
        case Remedy.COPY:
            return "It stands there now; the copy is in quarantine."
        case Remedy.AGAIN | Remedy.NONE:
            return "It is as the primary has it."


async def _evidence(opened: Survey, row: _Row) -> Evidence:
    """Look at both sides."""
    gfid, heard = row.failure.gfid, row.known.dirty.heard
    sight = acting.sight(opened)
    present = await opened.here.run(truth.look, sight, gfid, Dirty(ALL, dict(heard)))
    present = await opened.here.run(kept.untrashed, sight, present)
    places = present.places if isinstance(present, Alive) else ()
    paths = [await opened.here.run(truth.path, sight, place) for place in places]
    facts = await opened.there.facts(places)
    strangers = [
        (place, path, one)
        for place, path, one in zip(places, paths, facts, strict=True)
        if one is not None and one.gfid != gfid
    ]
    truths = await acting.truths(opened, [one.gfid for *_, one in strangers if one.gfid])
    known = {found.gfid: found for found in truths}
    holders = [
        Holder(place, path, one, known.get(one.gfid) or Unclear(one.gfid, 0, one.trouble))
        for place, path, one in strangers
    ]
    (under,) = (await opened.agent.channel.lookup([gfid])).gfids
    return Evidence(
        gfid=gfid,
        kind=row.failure.kind,
        path=paths[0] if paths else names.parse(row.failure.path),
        truth=present,
        under=_facts(under),
        holders=tuple(holders),
    )


def _facts(seen: Seen | None) -> Facts | None:
    return None if seen is None else Facts(seen.gfid, seen.kind, seen.attributes, seen.links)


async def _copy(opened: Survey, evidence: Evidence) -> None:
    """Keep a copy of the file that has the gfid of another kind of object, and empty that file."""
    under, found = evidence.under, evidence.truth
    if under is None or not isinstance(found, Alive):
        return
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    copy = await opened.agent.channel.rescue(evidence.gfid, under.attributes, day)
    why = records.COPIED.format(kind=found.kind)
    record = Record(at=datetime.now(UTC).timestamp(), why=why, worker=FIX)
    await opened.agent.channel.remember(copy, records.encode(record))


async def _make_so(opened: Survey, row: _Row, evidence: Evidence) -> Totals:
    window, gfid = Window(), evidence.gfid
    row.known.into(window, window.mark(gfid, ALL), gfid)
    for holder in evidence.holders:
        window.mark(holder.facts.gfid, ALL, holder.place)
    if isinstance(evidence.truth, Alive):
        # The primary has it, so whatever becomes of it meanwhile is lawful; and it is brought in
        # full, whichever brick has it.
        window.spoken.add(gfid)
    sight = acting.sight(opened)
    # Whatever the session has set: an operator wants those aside who are in the way.
    manner = Manner(keeps=opened.session.options.ignore_deletes, patient=False)
    with acting.replicator(opened, sight, FIX, manner) as replicator:
        replicator.exclude(await replicator.run(truth.own_directories, sight.brick))
        totals = await replicator.make_so(window, ancestors=True)
        await replicator.note_aside(await opened.agent.channel.limbo())
    return totals
