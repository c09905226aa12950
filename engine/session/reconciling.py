"""One reconcile of a session, from its open volumes to the note that nothing is left."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from engine import config, files
from engine.config import Places
from engine.errors import Stop
from engine.gluster.volume import Brick
from engine.movers.pace import Bucket
from engine.plan import crawled
from engine.plan.crawled import Book
from engine.plan.items import Truth
from engine.primary import truth
from engine.primary.truth import Sight
from engine.session import checks, survey
from engine.session.bulk import Bulk
from engine.session.findings import Finding
from engine.session.ledger import Ledger
from engine.session.reconcile import Asked, Counts, Reconcile, look
from engine.session.replicate import Replicator
from engine.session.report import Report
from engine.session.survey import Survey
from engine.session.trying import Trying

WORKER = "reconcile"
"""The agents of two that apply exclude each other by this name."""


class Show(Protocol):
    """Who tells the operator."""

    counts: Counts

    def shown(self) -> AbstractAsyncContextManager[None]:
        """Show how far it is, while this is open."""

    def finding(self, finding: Finding) -> None:
        """Tell what is to go, or to move."""

    def listed(self) -> None:
        """Tell that everything has been told, before anything is done."""


def run(
    at: Places,
    name: str,
    show: Show,
    *,
    apply: bool,
    force: bool,
    patience: float | None = None,
) -> None:
    """Find what the secondary of session `name` has too much; with `apply`, have it made so.

    `patience`: seconds for which it must stay too much; None for what suits the volume. Raises Stop
    when more than half would be removed, but for `force`. It mounts, so it must run in the main
    thread.
    """
    session = config.read(at, name)
    if apply and session.options.ignore_deletes:
        raise Stop(
            "ignore-deletes is on: what would be removed was kept on purpose",
            cause="deletes are ignored",
            fix=f"If it shall go: georep config reset {name} ignore-deletes, and say it again.",
        )
    with ExitStack() as held:
        if apply:
            what = f"A reconcile of session {name} runs on this node already"
            path = at.of(name) / "reconcile.lock"
            held.enter_context(files.locked(path, what=what, fix="Wait until it has ended."))

        async def work(opened: Survey) -> None:
            async with show.shown():
                wait = opened.patience() if patience is None else patience
                await _work(opened, show, wait, apply=apply, force=force)

        survey.run(at, name, work, command="reconcile", worker=WORKER if apply else "")


async def _work(opened: Survey, show: Show, patience: float, *, apply: bool, force: bool) -> None:
    counts, sight = show.counts, _sight(opened)
    book = crawled.read(await opened.agent.channel.notes(), opened.local.volume.uuid)

    async def ask(asked: Asked) -> Sequence[Truth]:
        return await opened.here.run(look, sight, asked)

    folder = opened.places.of(opened.session.name)
    with Reconcile(opened.here, opened.there, ask, counts, show.finding, folder=folder) as one:
        await one.look(patience)
        show.listed()
        if not apply:
            return
        if not force:
            one.guard()
        with _replicator(opened, sight) as replicator:
            replicator.exclude(await replicator.run(truth.own_directories, sight.brick))
            # What an earlier run, that was interrupted, has moved aside.
            await replicator.recover()
            await one.apply(replicator)
        await _finish(opened, counts, book)


async def _finish(opened: Survey, counts: Counts, book: Book) -> None:
    """Note that nothing is left of the crawls that `book` knew before the walk began."""
    if not counts.left:
        for name, content in crawled.done(book):
            await opened.agent.channel.note(name, content)


def _sight(opened: Survey) -> Sight:
    """Return where to look at the primary: any brick of this node, and the mount."""
    brick = next(filter(_there, opened.local.bricks), None)
    if brick is None:
        raise opened.local.nothing()
    whole = not opened.local.volume.disperse and not brick.is_arbiter
    # Nobody watches its heals here, and what it has may be older than what others have.
    behind = opened.local.volume.replica > 1
    scope = checks.scope(opened.session)
    return Sight(brick.root, opened.mount.root, whole, behind=behind, scope=scope)


def _there(brick: Brick) -> bool:
    return os.path.isdir(brick.root + b"/.glusterfs")


@contextmanager
def _replicator(opened: Survey, sight: Sight) -> Iterator[Replicator]:
    options = opened.session.options
    folder = opened.places.of(opened.session.name)
    with (
        open(os.devnull, "wb") as nobody,
        # What cannot be made so is told at the end, and nobody tries it again.
        tempfile.TemporaryDirectory(prefix="reconcile.", dir=folder) as kept,
    ):
        # Its events are a worker's; the operator is told by our own counts.
        report = Report(opened.session.name, WORKER, nobody.fileno())
        channel, route = opened.agent.channel, opened.route
        bucket = Bucket.of(opened.session, folder)
        trying = Trying.of(opened.session, route, opened.agent, report, bucket)
        bulk = Bulk(trying, channel, report, here=opened.mount.root, jobs=options.sync_jobs)
        ledger = Ledger(Path(kept) / "ledger.db", WORKER)
        made = Replicator(
            *(sight, channel, bulk, report, ledger), push_limit=options.push_limit, bucket=bucket
        )
        try:
            yield made
        finally:
            made.close()
            ledger.close()
