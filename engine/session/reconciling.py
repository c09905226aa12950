"""One reconcile of a session, from its open volumes to the note that nothing is left."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import Protocol

from engine import config, files
from engine.config import Places
from engine.errors import Stop
from engine.plan import crawled
from engine.plan.crawled import Book
from engine.plan.items import Truth
from engine.primary import truth
from engine.session import acting, survey
from engine.session.findings import Finding
from engine.session.reconcile import Asked, Counts, Reconcile, look
from engine.session.survey import Survey

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
    counts, sight = show.counts, acting.sight(opened)
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
        with acting.replicator(opened, sight, WORKER) as replicator:
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
