"""What a command of an operator looks and acts with, beside the workers: a look at the primary, and
a replicator whose failures nobody tries again.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from engine.gluster.volume import Brick
from engine.item import Gfid
from engine.movers.pace import Bucket
from engine.plan.dirty import Dirty, Why
from engine.plan.items import USUAL, Manner, Truth
from engine.primary import kept, truth
from engine.primary.truth import Sight
from engine.session import checks, half_done, heals
from engine.session.bulk import Bulk
from engine.session.ledger import Ledger
from engine.session.replicate import Replicator
from engine.session.report import Report
from engine.session.survey import Survey
from engine.session.trying import Trying


def sight(opened: Survey) -> Sight:
    """Return where to look at the primary: any brick of this node, and the mount."""
    brick = _brick(opened)
    volume = opened.local.volume
    return Sight(
        brick.root,
        opened.mount.root,
        whole=not volume.disperse and not brick.is_arbiter,
        # Nobody watches its heals here, and what it has may be older than what others have.
        behind=volume.replica > 1,
        scope=checks.scope(opened.session),
        pieces=volume.pieces,
    )


def _brick(opened: Survey) -> Brick:
    brick = next(filter(_there, opened.local.bricks), None)
    if brick is None:
        raise opened.local.nothing()
    return brick


async def truths(opened: Survey, gfids: Sequence[Gfid]) -> list[Truth]:
    """Return what each of `gfids` is on the primary; Retry while a part of it is down."""
    at = sight(opened)

    def look() -> list[Truth]:
        return [kept.untrashed(at, truth.look(at, gfid, Dirty(Why.NAMES))) for gfid in gfids]

    return await opened.here.run(look)


def _there(brick: Brick) -> bool:
    return os.path.isdir(brick.root + b"/.glusterfs")


@contextmanager
def replicator(
    opened: Survey, sight: Sight, name: str, manner: Manner = USUAL
) -> Iterator[Replicator]:
    """Give what makes windows so on both volumes, beside the workers; `name`, which is in
    `half_done.LOCKS`: what its agent and its files are called.

    What is refused stands in a ledger of its own, which goes with it; `Totals.failed` has it. What
    is begun stands in the session's until it is sure: if this ends before, a worker takes it up.
    """
    options = opened.session.options
    folder = opened.places.of(opened.session.name)
    with (
        open(os.devnull, "wb") as nobody,
        # What cannot be made so is told at the end, and nobody tries it again.
        tempfile.TemporaryDirectory(prefix=f"{name}.", dir=folder) as apart,
    ):
        # Its events are a worker's; the operator is told by our own counts.
        report = Report(opened.session.name, name, nobody.fileno())
        channel, route = opened.agent.channel, opened.route
        bucket = Bucket.of(opened.session, folder)
        trying = Trying.of(opened.session, route, opened.agent, report, bucket)
        bulk = Bulk(trying, channel, report, here=opened.mount.root, jobs=options.sync_jobs)
        ledger = Ledger(Path(apart) / "ledger.db", name)
        notes = Ledger(opened.places.ledger(opened.session.name), name)
        made = Replicator(
            *(sight, channel, bulk, report, ledger),
            push_limit=options.push_limit,
            unsettled=heals.Unsettled(opened.local.volume, _brick(opened)),
            bucket=bucket,
            manner=replace(manner, beside=True),
            notes=notes,
        )
        try:
            yield made
            half_done.hand_over(opened.places.ledger(opened.session.name), name)
        finally:
            made.close()
            ledger.close()
            notes.close()
