"""Answers what the primary asks of the secondary: each question is one look, or one note."""

import errno
import os
import re
import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

from engine import names, programs
from engine.errors import Reject
from engine.gluster import brokered, mount, volume_marks
from engine.item import Gfid, Holder, Place
from engine.plan import patience, shelves
from engine.rpc.messages import (
    AnyQuestion,
    AnyReply,
    AskAside,
    AskCanary,
    AskHost,
    AskLimbo,
    AskMarks,
    AskNotes,
    AskQuarantine,
    AskReady,
    AskRecords,
    Canary,
    Digest,
    Digests,
    Discard,
    Discarded,
    Examine,
    Examined,
    Failed,
    Found,
    Host,
    LeaveMark,
    Limbo,
    List,
    Lookup,
    Marks,
    Names,
    Note,
    Notes,
    PutAway,
    Quarantine,
    Records,
    Remember,
    Remembered,
    Rescue,
    Rescued,
    Restore,
    Restored,
    Seen,
    Sync,
    Synced,
)
from engine.secondary import aside, ready, restoring, taking
from engine.secondary.lent import Lent
from engine.secondary.target import Target
from engine.secondary.trouble import Trouble, plainly

Key = TypeVar("Key")

PAGE = 1 << 20
"""Bytes of names in one page, at most; a frame has room for sixteen times as many."""
_KEPT = 64
"""Long directories of which the names are kept until their last page has been asked for."""
_NOTE = re.compile(r"[a-z0-9][a-z0-9.-]{0,200}")
_LONGEST_NOTE = 1 << 16
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SECONDS = 86400
"""In a day."""
_EXPIRED = 1000
"""Most of those in quarantine that are told at once."""
_AGAIN = (0.05, 0.1, 0.3, 0.6)
"""Seconds between looks at what was stale: it ended, or moved, while it was looked up."""


class Questions:
    """Answers questions about one target; may be asked from many threads."""

    def __init__(
        self,
        target: Target,
        root: bytes,
        options: Mapping[str, str] | None = None,
        bricks: Sequence[bytes] | None = None,
    ) -> None:
        """`options`: what is set for the volume; `bricks`: those of it that are on this node; None:
        it is a directory.
        """
        self._target, self._root, self._options = target, root, dict(options or {})
        self._bricks = bricks
        top = root if bricks is not None else os.path.dirname(root)
        self.lent = Lent(target, top)
        """Whose those are that are ours for a moment."""
        self._guard = threading.Lock()
        self._kept: OrderedDict[Place, list[bytes]] = OrderedDict()

    def answer(self, question: AnyQuestion) -> AnyReply:
        """Return the reply; what the file system, or good sense, refuses is a Failed."""
        try:
            return self._answer(question)
        except OSError as error:
            return _refused(question.id, error, self._root)
        except Reject as error:
            return Failed(id=question.id, cause=error.cause, words=error.words)

    def _answer(self, question: AnyQuestion) -> AnyReply:
        target = self._target
        match question:
            case Lookup(id=number, gfids=gfids, places=places):
                found = tuple(_looked(target.seen, gfid) for gfid in gfids)
                there = tuple(_looked(target.at, place) for place in places)
                return Found(id=number, gfids=found, places=there)
            case AskLimbo(id=number):
                self.lent.mend()  # a worker that begins asks this first
                return Limbo(id=number, gfids=tuple(target.in_limbo()))
            case PutAway(id=number, gfids=gfids, day=day):
                return Limbo(id=number, gfids=tuple(self._put_away(gfids, day)))
            case AskQuarantine(id=number, days=days):
                return self._quarantine(number, days)
            case Discard(id=number, holders=holders):
                return self._discard(number, holders)
            case AskAside(id=number):
                self.lent.mend()
                return aside.listed(target, number)
            case Remember(id=number, gfid=gfid, record=record):
                aside.remember(target, gfid, record)
                return Remembered(id=number)
            case AskRecords(id=number, gfids=gfids):
                return Records(id=number, records=aside.records(target, gfids))
            case Restore(id=number, holder=holder, to=to):
                with plainly():
                    restoring.restore(target, holder, to, self.lent)
                return Restored(id=number)
            case Rescue(id=number):
                _check_day(question.day)
                with plainly():
                    return Rescued(id=number, copy=restoring.rescue(target, question))
            case AskReady(id=number):
                return ready.look(self._target, self._root, number)
            case AskHost(id=number):
                return self._host(number)
            case List(id=number, place=place, after=after):
                return self._page(number, place, after)
            case Examine(id=number, places=places):
                facts = tuple(target.facts(places))
                return Examined(id=number, facts=facts, whole=target.whole())
            case Digest(id=number, pieces=pieces):
                return Digests(id=number, digests=tuple(map(target.digest, pieces)))
            case Note(id=number, name=name, content=content):
                if not _NOTE.fullmatch(name) or len(content) > _LONGEST_NOTE:
                    raise Reject(f"{name[:80]!r} can be no note", cause="protocol")
                target.note(name, content)
                return Notes(id=number, notes=target.notes())
            case Sync(id=number):
                target.sync()
                return Synced(id=number)
            case AskCanary(id=number, name=name):
                if not _NOTE.fullmatch(name):
                    raise Reject(f"{name[:80]!r} can be no canary", cause="protocol")
                return Canary(id=number, gfid=target.canary(name))
            case AskNotes(id=number):
                return Notes(id=number, notes=target.notes())
            case AskMarks(id=number):
                return self._marks(number)
            case LeaveMark(id=number, primary=primary, value=value):
                return self._leave_mark(number, primary, value)

    def _put_away(self, gfids: Sequence[Gfid], day: str) -> Iterator[Gfid]:
        _check_day(day)
        for gfid in gfids:
            with plainly():
                put_away = taking.put_away(self._target, gfid, day, self.lent)
            if put_away:
                yield gfid

    def _quarantine(self, number: int, days: int) -> Quarantine:
        """Return who is there; too long only by the name and by the time of the last change."""
        self.lent.mend()
        now = time.time()
        today = datetime.fromtimestamp(now, UTC).date()
        there = self._target.in_quarantine()
        expired = (
            holder
            for holder, changed in there
            if shelves.expired(holder, days, today) and now - changed > days * _SECONDS
        )
        gfids = tuple(holder.gfid for holder, _ in there)
        return Quarantine(id=number, gfids=gfids, expired=tuple(islice(expired, _EXPIRED)))

    def _discard(self, number: int, holders: Sequence[Holder]) -> Discarded:
        gone: list[Gfid] = []
        children: list[Holder] = []
        for holder in holders:
            try:
                left = taking.discard(self._target, holder)
            except Trouble:
                continue  # it is not among those that are gone; another day, perhaps
            if left is None:
                gone.append(holder.gfid)
            else:
                children += left.children
        return Discarded(id=number, gone=tuple(gone), children=tuple(children))

    def _marks(self, number: int) -> Marks:
        if self._bricks is not None and os.geteuid() != 0:
            # No trusted xattr is told to others, which is not to say that there is none.
            raise PermissionError(errno.EPERM, "only root is told of marks, and the agent is not")
        there = {} if self._bricks is None else volume_marks.foreign(self._bricks)
        return Marks(id=number, clock=time.time(), marks=there)

    def _leave_mark(self, number: int, primary: str, value: bytes) -> Marks:
        if self._bricks is None:
            raise Reject("a directory has no marks of primaries", cause="protocol")
        if value:
            volume_marks.leave(self._root, self._bricks, primary, value)
        else:
            volume_marks.take_off(self._root, self._bricks, primary)
        return self._marks(number)

    def _host(self, number: int) -> Host:
        stuck = tuple(mount.clean() if os.geteuid() == 0 else brokered.clean())
        return Host(
            id=number,
            clock=time.time(),
            glusterfs=programs.version("glusterfs"),
            rsync=programs.version("rsync"),
            options=self._options,
            stuck=stuck,
        )

    def _page(self, number: int, place: Place, after: bytes) -> Names:
        """Return the names behind `after`; a directory of several pages is listed only once."""
        with self._guard:
            names = self._kept.get(place) if after else None
        if names is None:
            names = self._target.listed(place)
        page, more = cut(names or [], after, PAGE)
        with self._guard:
            self._kept.pop(place, None)
            if more and names is not None:
                self._kept[place] = names
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        whole, there = self._target.whole(), names is not None
        return Names(id=number, names=tuple(page), more=more, there=there, whole=whole)


def _check_day(day: str) -> None:
    if not _DAY.fullmatch(day):
        raise Reject(f"{day[:80]!r} is no day", cause="protocol")


def cut(names: list[bytes], after: bytes, size: int) -> tuple[list[bytes], bool]:
    """Return those of the sorted `names` behind `after`, about `size` bytes of them and at least
    one, and whether more follow.
    """
    page: list[bytes] = []
    begin = bisect_right(names, after) if after else 0
    for name in islice(names, begin, None):
        if size <= 0:
            break
        page.append(name)
        size -= len(name) + 5
    return page, begin + len(page) < len(names)


def _looked(look: Callable[[Key], Seen | None], key: Key) -> Seen | None:
    for pause in _AGAIN:
        try:
            return look(key)
        except OSError as error:
            if error.errno != errno.ESTALE:
                raise
        time.sleep(pause)
    return look(key)


def _refused(number: int, error: OSError, root: bytes) -> Failed:
    """Say what the file system refused: what that tells of the whole secondary, else the errno."""
    said = error.strerror or str(error)
    if world := patience.of_errno(error.errno):
        return Failed(id=number, cause=world.cause, words=f"{world.words} ({said})", fix=world.fix)
    if isinstance(error.filename, str | bytes):
        path = os.fsencode(error.filename)
        where = os.path.relpath(path, root) if path.startswith(root) else path
        said = f"{said}: {names.show(where)}"
    return Failed(id=number, cause="errno", words=said)
