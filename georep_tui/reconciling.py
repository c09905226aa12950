"""The command `georep reconcile`: what is to go from the secondary, for people and for programs."""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from engine import files, names
from engine.config import Places
from engine.gluster.volume import Brick
from engine.item import Kind
from engine.plan import crawled
from engine.plan.crawled import Book
from engine.plan.items import Truth
from engine.primary import truth
from engine.primary.truth import Sight
from engine.session import checks, survey
from engine.session.bulk import Bulk
from engine.session.findings import Fate, Finding
from engine.session.reconcile import TRIES, Asked, Counts, Reconcile, look
from engine.session.replicate import Replicator
from engine.session.report import Report
from engine.session.survey import Survey
from georep_tui import rows
from georep_tui.progress import Progress

WORKER = "reconcile"
"""The agents of two that apply exclude each other by this name."""


def reconcile(at: Places, args: argparse.Namespace) -> int:
    """Show what the secondary has too much, or have it made so; 0 when nothing is, or is left."""
    counts = Counts()
    progress = Progress(lambda: under_way(counts))
    line = _json if args.json else _text

    async def work(opened: Survey) -> None:
        book = crawled.read(await opened.agent.channel.notes(), opened.local.volume.uuid)
        sight = _sight(opened)

        def tell(finding: Finding) -> None:
            progress.say(line(finding))

        async def ask(asked: Asked) -> Sequence[Truth]:
            return await opened.here.run(look, sight, asked)

        folder = at.of(args.name)
        with Reconcile(opened.here, opened.there, ask, counts, tell, folder=folder) as one:
            async with progress.shown():
                await one.look(opened.patience())
                progress.say(_listed_json(counts) if args.json else listed(counts))
                if args.apply:
                    if not args.force:
                        one.guard()
                    with _replicator(opened, sight) as replicator:
                        replicator.exclude(await replicator.run(truth.own_directories, sight.brick))
                        # What an earlier run, that was interrupted, has moved aside.
                        await replicator.clear_limbo(tries=TRIES)
                        await one.apply(replicator)
                    await _finish(opened, counts, book)

    with ExitStack() as held:
        if args.apply:
            what = f"A reconcile of session {args.name} runs on this node already"
            path = at.of(args.name) / "reconcile.lock"
            held.enter_context(files.locked(path, what=what, fix="Wait until it has ended."))
        worker = WORKER if args.apply else ""
        survey.run(at, args.name, work, command="reconcile", worker=worker)
    if not args.apply:
        return 1 if any(counts.found.values()) or counts.left else 0
    progress.say(_applied_json(counts) if args.json else applied(counts))
    return 1 if counts.left else 0


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
    return Sight(brick.root, opened.mount.root, whole)


def _there(brick: Brick) -> bool:
    return os.path.isdir(brick.root + b"/.glusterfs")


@contextmanager
def _replicator(opened: Survey, sight: Sight) -> Iterator[Replicator]:
    options = opened.session.options
    with open(os.devnull, "wb") as nobody:
        report = Report(opened.session.name, WORKER, nobody.fileno())
        bulk = Bulk(
            checks.route(opened.session),
            opened.agent.channel,
            report,
            here=opened.mount.root,
            there=opened.agent.welcome.mount,
            jobs=options.sync_jobs,
            program=options.rsync_command,
            options=options.rsync_options,
        )
        made = Replicator(sight, opened.agent.channel, bulk, report, push_limit=options.push_limit)
        try:
            yield made
        finally:
            made.close()


def under_way(counts: Counts) -> str:
    """Return how far it is, in one line."""
    done = counts.removed + counts.mended
    made = f"; {rows.many(done, 'object')} made so" if done else ""
    return (
        f"{rows.grouped(counts.objects)} objects on the secondary, "
        f"{rows.grouped(counts.doubted)} in doubt{made}"
    )


def listed(counts: Counts) -> str:
    """Return what was found, in a few sentences."""
    many, found = rows.many, counts.found
    lines = [f"Looked at {many(counts.objects, 'object')} on the secondary."]
    if counts.arrived:
        lines.append(f"In flight: {many(counts.arrived, 'object')} changed meanwhile.")
    if not any(found.values()):
        lines.append("Nothing is there that the primary does not have.")
    if found[Fate.REMOVE]:
        lines.append(
            f"On the secondary only: {many(found[Fate.REMOVE], 'object')}, "
            f"{counts.share:.1%} of all. The primary removed them when nobody wrote it down, or "
            "never had them: then they may be somebody's own data. They would be removed."
        )
    if found[Fate.NAME]:
        lines.append(f"Names that would be taken away: {rows.grouped(found[Fate.NAME])}.")
    if found[Fate.MOVE]:
        moved = many(found[Fate.MOVE], "directory", "directories")
        lines.append(f"Would be moved: {moved}.")
    if counts.unread:
        lines.append(
            f"Could not be read: {many(counts.unread, 'object')}. georep verify names them."
        )
    return "\n".join(lines)


def applied(counts: Counts) -> str:
    """Return what was done, in a few sentences."""
    many = rows.many
    mended = f"{rows.grouped(counts.mended)} others stand as on the primary now"
    lines = [f"Removed {many(counts.removed, 'object')}; {mended}."]
    rest = (
        (counts.changed, "changed on the secondary after it was listed, and was left alone"),
        (counts.spared, "is a directory with something in it that was not listed, and was left"),
        (counts.refused, f"was refused ({counts.words})"),
        (counts.unread, "could not be read"),
    )
    lines += [f"{rows.grouped(count)}: {words}." for count, words in rest if count]
    if counts.left:
        lines.append("Run it again: it goes on with what is left.")
    else:
        lines.append("Removals are reconciled; the status says so within seconds.")
    return "\n".join(lines)


_WORDS = {
    Fate.REMOVE: "on the secondary only, would be removed",
    Fate.NAME: "not its name on the primary, would be taken away",
    Fate.MOVE: "stands elsewhere on the primary, would be moved",
}


def _text(finding: Finding) -> str:
    slash = "/" if finding.kind is Kind.DIRECTORY else ""
    return f"/{names.show(finding.path)}{slash}: {_WORDS[finding.fate]}"


def _json(finding: Finding) -> str:
    content = {
        "type": "finding",
        "path": "/" + names.show(finding.path),
        "gfid": finding.gfid,
        "kind": finding.kind.value,
        "fate": finding.fate.value,
    }
    return json.dumps(content)


def _listed_json(counts: Counts) -> str:
    content = {
        "type": "listed",
        "objects": counts.objects,
        **{fate.value: count for fate, count in counts.found.items()},
        "share": round(counts.share, 4),
        "arrived": counts.arrived,
        "unread": counts.unread,
    }
    return json.dumps(content)


def _applied_json(counts: Counts) -> str:
    content = {
        "type": "applied",
        "removed": counts.removed,
        "mended": counts.mended,
        "changed": counts.changed,
        "spared": counts.spared,
        "refused": counts.refused,
        "unread": counts.unread,
    }
    return json.dumps(content)
