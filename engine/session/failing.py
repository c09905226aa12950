"""What the secondary refuses: tried again for a while, then noted in the ledger and told, then
mended.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine import events, names
from engine.errors import Retry
from engine.failures import WAITS
from engine.item import AnyAnswer, AnyItem, Gfid, Gone, Item, NeedParent, NotEmpty, Refused
from engine.options import Options
from engine.plan import patience
from engine.plan.dirty import Dirty, Window
from engine.plan.patience import Verdict
from engine.plan.settle import COME
from engine.primary import truth
from engine.primary.truth import Sight
from engine.session import awaited
from engine.session.awaited import Passed
from engine.session.hop import Hop
from engine.session.ledger import NEVER, Failure, Known, Ledger
from engine.session.report import Report

COPY = "copy"
"""What was being done when the content of a large file did not arrive."""
QUARANTINED = "quarantined"
"""The kind of what stands in the ledger only to be looked at by an operator."""
TOLD = 100
"""Failures of one window that are told one by one; of the rest only the number is told."""


_GAP = 0.25
"""Seconds between two refusals of an object that count as two: while rounds get on, one follows the
other at once, and who is in its way may be on its way itself.
"""
NOT_EMPTY = "not empty"
"""The kind of a failure: a directory that is gone has something in it."""


@dataclass(slots=True)
class Trial:
    """The tries of one window."""

    source: int
    """The slice that it was heard in; 0 if none."""
    own: frozenset[Gfid]
    """Objects that the same records, or the same crawl, would make dirty again after a crash."""
    tries: dict[Gfid, int] = field(default_factory=dict)
    refused: dict[Gfid, float] = field(default_factory=dict)
    """When each was last refused, of those that count; seconds of the monotonic clock."""
    rounds: dict[Gfid, int] = field(default_factory=dict)
    before: dict[Gfid, Failure] = field(default_factory=dict)
    """Those that were in the ledger, as they stood there."""
    asked: set[Gfid] = field(default_factory=set)
    """Those of whom the ledger was asked."""
    given: set[Gfid] = field(default_factory=set)
    """Those that this window gave to the ledger."""
    failures: list[Failure] = field(default_factory=list)
    """Those, as they stand there now."""
    made: int = 0
    """Objects that could be created, or filled."""
    ahead: bool = False
    """Their slice is still open and brings them again: nothing of them goes to the ledger."""


class Failing:
    """The failures of one worker."""

    def __init__(self, ledger: Ledger, report: Report, sight: Sight, hop: Hop) -> None:
        self._ledger, self._report, self._sight, self._hop = ledger, report, sight, hop
        self._copies = patience.TRIES
        self._passed: Passed | None = None

    @property
    def others(self) -> int:
        """How many in the ledger wait for other bricks, and have not failed so far."""
        return self._ledger.others

    def heed(self, passed: Passed) -> None:
        """Call what may wait for other bricks a failure only when `passed` says that it cannot."""
        self._passed = passed

    def take_up(self, options: Options) -> None:
        """Have the content of a large file tried as often as `options` say."""
        self._copies = options.max_rsync_retries

    async def recall(self, trial: Trial, batch: dict[Gfid, Dirty], window: Window) -> None:
        """Add what the ledger knows of the objects in `batch`: they are tried with all of it."""
        unasked = batch.keys() - trial.asked
        trial.asked |= unasked
        if unasked and not self._ledger.empty:
            found = await self._hop.run(self._ledger.among, unasked)
            for failure, known in found.values():
                known.into(window, batch[failure.gfid], failure.gfid)
                self._once_more(trial, window, failure)

    async def due(self, limit: int) -> tuple[Window, Trial]:
        """Return a window of what is due for another try, `limit` objects at the most."""
        window, trial = Window(), Trial(0, frozenset())
        if self._ledger.waiting or self._ledger.others:
            found = await self._hop.run(self._ledger.due, time.time(), limit)
            for failure, known in found.values():
                known.into(window, window.mark(failure.gfid, known.dirty.why), failure.gfid)
                self._once_more(trial, window, failure)
            trial.asked |= found.keys()
        return window, trial

    def _once_more(self, trial: Trial, window: Window, failure: Failure) -> None:
        """Try what was in the ledger once: one more refusal, and the ledger has it back.

        Who is in a directory that is not empty is looked at now: it has waited long enough.
        """
        if failure.kind in (NOT_EMPTY, WAITS):
            window.full[failure.gfid] = COME
        trial.before[failure.gfid] = failure
        trial.tries[failure.gfid] = max(patience.TRIES, self._copies) - 1
        trial.rounds[failure.gfid] = patience.ROUNDS - 1

    async def judge(
        self,
        trial: Trial,
        window: Window,
        items: Mapping[Gfid, AnyItem],
        answers: Collection[AnyAnswer],
        *,
        vain: bool,
    ) -> None:
        """Give to the ledger what was tried long enough, and take it out of `window`.

        `vain`: nothing was changed in this round; else what waits for others waits anew.
        Retry when it is the secondary as a whole that takes nothing.
        """
        if trial.ahead:
            return
        last = {answer.gfid: answer for answer in answers}
        now = time.monotonic()
        given: dict[Gfid, AnyAnswer | None] = {}
        for gfid in window.dirty:
            answer = last.get(gfid)
            waits = isinstance(answer, NeedParent | NotEmpty)
            if waits and not vain and gfid not in trial.before:
                # Whom it waits for may be next; a pause begins anew, too.
                trial.rounds[gfid] = 0
            trial.rounds[gfid] = trial.rounds.get(gfid, 0) + (vain or not waits)
            if isinstance(answer, Refused) and now - trial.refused.get(gfid, -_GAP) >= _GAP:
                trial.refused[gfid] = now
                trial.tries[gfid] = trial.tries.get(gfid, 0) + 1
            copied = isinstance(answer, Refused) and answer.doing == COPY
            verdict = patience.verdict(
                *(answer, trial.tries.get(gfid, 0), trial.rounds[gfid]),
                most=self._copies if copied else patience.TRIES,
            )
            orphan = isinstance(answer, NeedParent) and answer.parent in trial.given
            if verdict is Verdict.LEDGER or orphan:
                given[gfid] = answer
        _check_world([one for one in given.values() if isinstance(one, Refused)], trial.made)
        if given:
            await self._give(trial, window, items, given)

    async def _give(
        self,
        trial: Trial,
        window: Window,
        items: Mapping[Gfid, AnyItem],
        given: Mapping[Gfid, AnyAnswer | None],
    ) -> None:
        rows: list[tuple[Failure, Known]] = []
        for gfid, answer in given.items():
            item = items.get(gfid)
            known = Known.of(window, gfid, window.dirty.pop(gfid))
            if isinstance(item, Gone) and item.lawful:
                known.known = True
            rows.append((await self._row(trial, answer, item, known, gfid), known))
        await self._hop.run(self._ledger.put, rows)
        failed = [failure for failure, _ in rows if failure.kind != WAITS]
        for failure in failed[: max(0, TOLD - len(trial.given))]:
            self._tell(failure)
        trial.given |= given.keys()
        trial.failures += (failure for failure, _ in rows)
        self._count()

    async def _row(
        self, trial: Trial, answer: AnyAnswer | None, item: AnyItem | None, known: Known, gfid: Gfid
    ) -> Failure:
        doing, kind, words = described(answer)
        now, before = time.time(), trial.before.get(gfid)
        tries = before.tries + 1 if before else 1
        delay, first = patience.delay(tries), before.first if before else now
        if kind == NOT_EMPTY and await awaited.waits(self._passed, before, kind):
            kind, delay = WAITS, min(delay, awaited.LONGEST)
            first = first if before and before.kind == WAITS else now
        names_now = item.names if isinstance(item, Item) else ()
        place = answer.place if isinstance(answer, Refused) else None
        place = place or next(iter((*names_now, *known.dirty.heard)), None)
        path = b".gfid/" + gfid.encode()
        if place is not None:
            path = await self._hop.run(truth.path, self._sight, place)
        return Failure(
            worker=self._report.worker,
            gfid=gfid,
            path=names.show(path),
            doing=doing,
            kind=kind,
            words=words,
            parent=answer.parent if isinstance(answer, NeedParent) else "",
            tries=tries,
            first=first,
            last=now,
            due=now + delay,
            slice=trial.source or (before.slice if before else 0),
        )

    async def end(self, trial: Trial) -> None:
        """Forget the failures that this window has mended."""
        await self.forget(trial.before.keys() - trial.given)

    async def forget(self, gfids: Collection[Gfid]) -> None:
        """Take these out of the ledger."""
        if gfids:
            waited = await self._hop.run(self._ledger.of_kind, WAITS) if self.others else set()
            for gfid in await self._hop.run(self._ledger.drop, gfids, time.time()):
                if gfid not in waited:
                    self._report.tell(events.EntryMended, gfid=gfid)
            self._count()

    async def put_away(self, paths: Mapping[Gfid, str]) -> None:
        """Note who goes to quarantine, and where they will stand; an operator may look at them."""
        now = time.time()
        rows = [
            (
                Failure(
                    worker=self._report.worker,
                    gfid=gfid,
                    path=path,
                    doing="put away",
                    kind=QUARANTINED,
                    words="the primary does not have it, and nobody spoke of its end",
                    tries=1,
                    first=now,
                    last=now,
                    due=NEVER,
                    slice=0,
                ),
                Known(Dirty()),
            )
            for gfid, path in paths.items()
        ]
        if rows:
            await self._hop.run(self._ledger.put, rows)
            for failure, _ in rows[:TOLD]:
                self._tell(failure)
            self._count()

    async def put_away_before(self) -> set[Gfid]:
        """Return those in the ledger who went to quarantine."""
        return await self._hop.run(self._ledger.of_kind, QUARANTINED)

    async def tell_all(self) -> None:
        """Tell what an earlier run left, the latest failures one by one."""
        for left in (self._ledger.aside, self._ledger.latest):
            for failure in await self._hop.run(left, TOLD):
                self._tell(failure, again=True)
        self._count()

    async def reread(self, skipped: Collection[str]) -> None:
        """Tell what the operator changed: some were skipped, or shall be tried again."""
        await self._hop.run(self._ledger.recount)
        found = await self._hop.run(self._ledger.among, [Gfid(gfid) for gfid in skipped])
        for failure, _ in found.values():
            self._tell(failure, again=True)
        self._count()

    def _count(self) -> None:
        waiting, skipped = self._ledger.waiting, self._ledger.skipped
        self._report.tell(events.FailuresCounted, waiting=waiting, skipped=skipped)

    def _tell(self, failure: Failure, *, again: bool = False) -> None:
        self._report.tell(
            events.EntryFailed,
            gfid=failure.gfid,
            path=failure.path,
            doing=failure.doing,
            kind=failure.kind,
            words=failure.words,
            tries=failure.tries,
            first=failure.first,
            due=failure.due,
            slice=failure.slice,
            skipped=failure.due == NEVER,
            last=failure.last,
            again=again,
        )


def described(answer: AnyAnswer | None) -> tuple[str, str, str]:
    """Return what was being done, the kind of failure, and its words."""
    match answer:
        case Refused(doing=doing, errno=0, words=words):
            kinds = {
                COPY: "short copy",
                "check the times": "wrong times",
                "look at the primary": "heal pending",
                "make way": "gfid conflict",
            }
            return doing, kinds.get(doing, doing), words
        case Refused(doing=doing, errno=errno, words=words):
            return doing, events.errno_word(errno), words
        case NeedParent(parent=parent):
            words = f"its directory {parent} is not on the secondary and could not be made there"
            return "create", "missing parent", words
        case NotEmpty(children=children):
            words = f"{len(children)} objects in it could not be taken away"
            return "remove directory", NOT_EMPTY, words
        case _:
            return "make so", "never at rest", "it changes while it is made so, again and again"


def _check_world(refused: Collection[Refused], made: int) -> None:
    world = patience.world(refused, made=made)
    if world is not None:
        said = dict.fromkeys(f"{one.doing}: {one.words}" for one in refused)
        raise Retry(
            f"{world.words}; {len(refused)} objects wait for it",
            cause=world.cause,
            fix=world.fix,
            evidence="\n".join(list(said)[:5]),
        )
