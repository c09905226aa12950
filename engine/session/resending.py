"""Send named objects again, whatever sizes and times say, and compare both sides afterwards.

It goes the road of everything else: the object is dirty in full. Nobody is moved aside for it and
nothing is removed; whoever else stands at its name has it refused. A crash leaves what was begun to
a worker (`half_done`).
"""

from collections.abc import Sequence

from engine import config, files, names
from engine.config import Places
from engine.errors import Usage
from engine.plan import compare, resending
from engine.plan.dirty import ALL, Why, Window
from engine.plan.items import Manner
from engine.plan.resending import Pair
from engine.plan.steps import Agreed, Step, Told, not_done
from engine.primary import truth
from engine.session import acting, checks, survey
from engine.session.attempt import Totals
from engine.session.contents import Contents
from engine.session.shelving import WORKER
from engine.session.sides import AsKept, Side, Within
from engine.session.survey import Survey

RESEND = "resend"
MOST = 100
"""Objects that one command sends."""


def resend(at: Places, name: str, paths: Sequence[bytes], agreed: Agreed) -> list[Told]:
    """Send what stands at `paths` on the primary, if `agreed` to what that means; tell of each.

    It mounts, so it must run in the main thread. Usage for a path that is not there; of several
    such a one is told as refused, and the others are sent.
    """
    config.read(at, name)
    if len(paths) > MOST:
        raise Usage(f"{len(paths)} objects are too many at once", fix=f"Name {MOST} at most.")

    async def work(opened: Survey) -> list[Told]:
        several = len(paths) > 1
        return [
            await _resend(opened, path, agreed, several=several) for path in dict.fromkeys(paths)
        ]

    what = f"A command that changes what session {name} has on the secondary runs here"
    path = at.of(name) / "shelves.lock"
    with files.locked(path, what=what, fix="Wait until it has ended."):
        return survey.run(at, name, work, command=RESEND, worker=WORKER)


async def _resend(opened: Survey, path: bytes, agreed: Agreed, *, several: bool) -> Told:
    try:
        pair = await _compared(opened, path)
    except Usage as error:
        if not several:
            raise
        name = "/" + names.show(path.lstrip(b"/"))
        return Told(step=Step(gfid="", name=name, refused=error.sentence()))
    step = resending.step(pair)
    if step.refused:
        return Told(step=step)
    if not agreed(step):
        return Told(step=step, words=not_done(agreed))
    totals = await _make_so(opened, pair)
    refused = [one for one in totals.failed if one.gfid == pair.here.gfid]
    if refused:
        return Told(step=step, words=f"Refused: {refused[0].doing}: {refused[0].words}.")
    left = (await _compared(opened, path)).found
    if left:
        return Told(step=step, words=resending.NOT_YET.format(resending.words(left)))
    return Told(step=step, done=True, words=resending.EQUAL)


async def _compared(opened: Survey, path: bytes) -> Pair:
    """Look at both sides, the content of files included."""
    place, path = await survey.find(opened.here, path)
    scope = checks.scope(opened.session)
    here: Side = Within(opened.here, scope)
    there = Within(opened.there, scope)
    owner = opened.agent.welcome.owner
    if owner is not None:
        here = AsKept(here, owner)
    (ours,), (theirs,) = await here.facts([place]), await there.facts([place])
    if ours is None:
        raise Usage(
            "It has just gone from the primary", fix="See what is there now, and name that."
        )
    found = compare.differences(ours, theirs)
    if compare.content_due(ours, theirs):
        (unlike,) = await Contents(here, there).compare([(ours, 0)])
        found += [] if unlike is None else [unlike.difference()]
    return Pair(path, ours, theirs, found)


async def _make_so(opened: Survey, pair: Pair) -> Totals:
    window, gfid = Window(), pair.here.gfid
    window.mark(gfid, ALL | Why.DATA)
    # The primary has it, so whatever becomes of it meanwhile is lawful; and it is brought in full,
    # whichever brick has it.
    window.spoken.add(gfid)
    sight, options = acting.sight(opened), opened.session.options
    # Whatever the session has set: nobody agreed to anybody's being moved aside.
    manner = Manner(keeps=options.ignore_deletes, patient=True)
    with acting.replicator(opened, sight, RESEND, manner) as replicator:
        replicator.exclude(await replicator.run(truth.own_directories, sight.brick))
        return await replicator.make_so(window, ancestors=True)
