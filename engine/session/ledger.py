"""What of one session on this node could not be made so, and what a crash must not forget; SQLite.

A failure stays here until it is done, until its object is gone, or until the operator skips it. It
keeps all that a record said, so a retry needs no changelog. Rows belong to workers; each worker
writes its own. The operator's commands change when a row is due, and note what they make so. All
calls block.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.failures import WAITS
from engine.item import Gfid, Place
from engine.plan.dirty import Dirty, Why, Window
from engine.session.store import Store

FORMAT = 1
NEVER = 0.0
"""The `due` of what is not tried again: the operator skipped it."""
_AT_ONCE = 500
"""Gfids asked for in one query."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS failures (
    worker TEXT NOT NULL, gfid TEXT NOT NULL,
    path TEXT NOT NULL, doing TEXT NOT NULL, kind TEXT NOT NULL, words TEXT NOT NULL,
    parent TEXT NOT NULL, tries INTEGER NOT NULL,
    first REAL NOT NULL, last REAL NOT NULL, due REAL NOT NULL, slice INTEGER NOT NULL,
    dirty BLOB NOT NULL,
    PRIMARY KEY (worker, gfid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS failures_due ON failures (worker, due);
CREATE INDEX IF NOT EXISTS failures_parent ON failures (worker, parent);
CREATE TABLE IF NOT EXISTS unsure (
    worker TEXT NOT NULL, gfid TEXT NOT NULL, dirty BLOB NOT NULL,
    PRIMARY KEY (worker, gfid)
) WITHOUT ROWID;
"""
_TOLD = "worker, gfid, path, doing, kind, words, parent, tries, first, last, due, slice"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One object that could not be made so, as the operator sees it."""

    worker: str
    gfid: Gfid
    path: str
    """Where it stands, as far as known, made printable."""
    doing: str
    kind: str
    """An errno's name, or: missing parent, not empty, short copy, wrong times, never at rest,
    heal pending, waits for others."""
    words: str
    parent: Gfid | str = ""
    """The directory that it waits for, or nothing."""
    tries: int
    first: float
    """Seconds since the epoch."""
    last: float
    due: float
    """When it is tried again, in seconds since the epoch; 0: it was skipped."""
    slice: int
    """The changelog slice that it was heard of in; 0: a crawl, or an answer of the secondary."""


@dataclass(slots=True)
class Known:
    """What has to be remembered of one object to make it dirty again."""

    dirty: Dirty
    spoken: bool = False
    """The own brick told of it; see `plan.dirty.Window`."""
    known: bool = False
    """The primary is known to have had it."""

    @classmethod
    def of(cls, window: Window, gfid: Gfid, dirty: Dirty) -> "Known":
        """Return what `window` knows of an object, and why it is dirty."""
        return cls(dirty, gfid in window.spoken, gfid in window.known)

    def into(self, window: Window, dirty: Dirty, gfid: Gfid) -> None:
        """Add this to what `window` knows, and to the reasons of `dirty`."""
        dirty.why |= self.dirty.why
        dirty.heard |= self.dirty.heard
        dirty.directory |= self.dirty.directory
        if self.spoken:
            window.spoken.add(gfid)
        if self.known:
            window.known.add(gfid)

    def merged(self, other: "Known") -> "Known":
        """Return all that the two know of one object."""
        one, two = self.dirty, other.dirty
        dirty = Dirty(one.why | two.why, one.heard | two.heard, one.directory or two.directory)
        return Known(dirty, self.spoken or other.spoken, self.known or other.known)


class Ledger:
    """The rows of one worker; may be used from several threads."""

    def __init__(self, path: Path, worker: str) -> None:
        self._worker = worker
        self._store = _store(path)
        self.waiting = self.skipped = self.others = 0
        """How many have failed and are tried again; were skipped; wait for others."""
        self.recount()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    @property
    def empty(self) -> bool:
        """Whether there is no row at all; does not block."""
        return not self.waiting and not self.skipped and not self.others

    def among(self, gfids: Collection[Gfid]) -> dict[Gfid, tuple[Failure, Known]]:
        """Return the failures of these objects."""
        if self.empty:
            return {}
        every = list(gfids)
        found: dict[Gfid, tuple[Failure, Known]] = {}
        for at in range(0, len(every), _AT_ONCE):
            part = every[at : at + _AT_ONCE]
            marks = ",".join("?" * len(part))
            found |= self._failures(f"gfid IN ({marks})", part)
        return found

    def due(self, now: float, limit: int) -> dict[Gfid, tuple[Failure, Known]]:
        """Return failures whose next try is due, those that wait longest first."""
        if not self.waiting and not self.others:
            return {}
        return self._failures("due > 0 AND due <= ? ORDER BY due LIMIT ?", (now, limit))

    def of_kind(self, kind: str) -> set[Gfid]:
        """Return the objects that failed in this way."""
        return set() if self.empty else set(self._failures("kind = ?", (kind,)))

    def latest(self, limit: int) -> list[Failure]:
        """Return the failures heard of last, oldest first; those that were skipped, or wait for
        others, are left out.
        """
        if not self.waiting:
            return []
        rows = self._failures("due > 0 AND kind <> ? ORDER BY last DESC LIMIT ?", (WAITS, limit))
        return [failure for failure, _ in reversed(rows.values())]

    def aside(self, limit: int) -> list[Failure]:
        """Return those heard of last of which no more is tried, oldest first."""
        if not self.skipped:
            return []
        rows = self._failures("due = 0 ORDER BY last DESC LIMIT ?", (limit,))
        return [failure for failure, _ in reversed(rows.values())]

    def put(self, failures: Sequence[tuple[Failure, Known]]) -> None:
        """Note failures, in place of what was noted of the same objects before."""

        def put(db: sqlite3.Connection) -> None:
            columns = f"{_TOLD}, dirty"
            marks = ",".join("?" * 13)
            db.executemany(
                f"INSERT OR REPLACE INTO failures ({columns}) VALUES ({marks})",
                [(*msgspec.structs.astuple(told), _pack(known)) for told, known in failures],
            )

        self._change(put)

    def drop(self, gfids: Collection[Gfid], now: float) -> list[Gfid]:
        """Forget the failures of these objects; return which of them there were.

        What waited for one of them as its directory is due at once, `now`.
        """
        there = list(self.among(gfids))

        def drop(db: sqlite3.Connection) -> None:
            rows = [(self._worker, gfid) for gfid in there]
            db.executemany("DELETE FROM failures WHERE worker = ? AND gfid = ?", rows)
            db.executemany(
                "UPDATE failures SET due = ? WHERE due > 0 AND worker = ? AND parent = ?",
                [(now, *row) for row in rows],
            )

        if there:
            self._change(drop)
        return there

    def intend(self, objects: Mapping[Gfid, Known]) -> None:
        """Note what is going to be made so though no record of the own brick would say so again."""
        rows = [(self._worker, gfid, _pack(known)) for gfid, known in objects.items()]
        self._store.run(
            lambda db: db.executemany("INSERT OR REPLACE INTO unsure VALUES (?, ?, ?)", rows)
        )

    def sure(self, gfids: Collection[Gfid]) -> None:
        """Take back what `intend` noted of these."""
        rows = [(self._worker, gfid) for gfid in gfids]
        self._store.run(
            lambda db: db.executemany("DELETE FROM unsure WHERE worker = ? AND gfid = ?", rows)
        )

    def unsure(self) -> dict[Gfid, Known]:
        """Return what was intended and not taken back: a crash came between."""
        return self.left_by(self._worker)

    def left_by(self, worker: str) -> dict[Gfid, Known]:
        """Return what another one intended and has not taken back so far."""
        return self._store.run(lambda db: _intended(db, worker))

    def take_over(self, worker: str) -> dict[Gfid, Known]:
        """Make what another one intended, who has ended, an intention of our own; return it."""
        return self._store.run(lambda db: _inherit(db, worker, self._worker))

    def _failures(
        self, condition: str, values: Sequence[object]
    ) -> dict[Gfid, tuple[Failure, Known]]:
        query = f"SELECT {_TOLD}, dirty FROM failures WHERE worker = ? AND {condition}"
        rows = self._store.run(lambda db: db.execute(query, (self._worker, *values)).fetchall())
        return {Gfid(row[1]): (_failure(row[:-1]), _unpack(row[-1])) for row in rows}

    def _change(self, change: Callable[[sqlite3.Connection], None]) -> None:
        def both(db: sqlite3.Connection) -> tuple[int, int, int]:
            change(db)
            return self._count(db)

        self.waiting, self.skipped, self.others = self._store.run(both)

    def _count(self, db: sqlite3.Connection) -> tuple[int, int, int]:
        query = (
            "SELECT COUNT(*), COALESCE(SUM(due > 0), 0), COALESCE(SUM(due > 0 AND kind = ?), 0) "
            "FROM failures WHERE worker = ?"
        )
        every, tried, others = db.execute(query, (WAITS, self._worker)).fetchone()
        return tried - others, every - tried, others

    def recount(self) -> None:
        """Count again: an operator may have skipped some, or had them retried."""
        self.waiting, self.skipped, self.others = self._store.run(self._count)


def failures(path: Path) -> list[Failure]:
    """Return every failure of the session on this node, by path; none when there is no ledger."""
    if not path.exists():
        return []
    query = f"SELECT {_TOLD} FROM failures ORDER BY path, gfid"
    with _opened(path) as store:
        return [_failure(row) for row in store.run(lambda db: db.execute(query).fetchall())]


def make_due(path: Path, gfids: Collection[str] | None, due: float) -> int:
    """Have these failures tried at `due`, NEVER to skip them; None: all that are not skipped.

    Return how many there were.
    """
    if not path.exists():
        return 0

    def change(db: sqlite3.Connection) -> int:
        if gfids is None:
            return db.execute("UPDATE failures SET due = ? WHERE due > 0", (due,)).rowcount
        rows = [(due, gfid) for gfid in gfids]
        return db.executemany("UPDATE failures SET due = ? WHERE gfid = ?", rows).rowcount

    with _opened(path) as store:
        return store.run(change)


def hand_over(path: Path, workers: Collection[str]) -> list[Failure]:
    """Give what workers have noted whose bricks are no longer here to the first of `workers`, which
    are all that there are on this node; return the failures, as they were.

    Of one that several have noted, what is known of it is joined: the content that one had to
    bring, no record tells of again. It is tried if any of them did.
    """
    if not path.exists() or not workers:
        return []
    heir, marks = min(workers), ",".join("?" * len(workers))
    # A command that has noted something is called by a word.
    gone = f"worker LIKE '%:/%' AND worker NOT IN ({marks})"

    def change(db: sqlite3.Connection) -> list[Failure]:
        names = tuple(workers)
        rows = db.execute(f"SELECT {_TOLD}, dirty FROM failures WHERE {gone}", names).fetchall()
        left = [(_failure(row[:-1]), _unpack(row[-1])) for row in rows]
        for failure, known in left:
            _pass_on(db, failure, known, heir)
        found = db.execute(f"SELECT DISTINCT worker FROM unsure WHERE {gone}", names).fetchall()
        for (worker,) in found:
            _inherit(db, worker, heir)
        return [failure for failure, _ in left]

    with _opened(path) as store:
        return store.run(change)


def _pass_on(db: sqlite3.Connection, failure: Failure, known: Known, heir: str) -> None:
    """Make a failure of another one that of `heir`."""
    of = "WHERE worker = ? AND gfid = ?"
    theirs, ours = (failure.worker, failure.gfid), (heir, failure.gfid)
    row = db.execute(f"SELECT dirty FROM failures {of}", ours).fetchone()
    if row is None:
        db.execute(f"UPDATE failures SET worker = ? {of}", (heir, *theirs))
        return
    joined = _pack(known.merged(_unpack(row[0])))
    db.execute(
        f"UPDATE failures SET dirty = ?, due = MAX(due, ?) {of}", (joined, failure.due, *ours)
    )
    db.execute(f"DELETE FROM failures {of}", theirs)


def _inherit(db: sqlite3.Connection, worker: str, heir: str) -> dict[Gfid, Known]:
    """Make what `worker` intended an intention of `heir`; return it."""
    theirs, ours = _intended(db, worker), _intended(db, heir)
    found = {
        gfid: known.merged(ours[gfid]) if gfid in ours else known for gfid, known in theirs.items()
    }
    every = [(heir, gfid, _pack(known)) for gfid, known in found.items()]
    db.executemany("INSERT OR REPLACE INTO unsure VALUES (?, ?, ?)", every)
    db.execute("DELETE FROM unsure WHERE worker = ?", (worker,))
    return found


def _intended(db: sqlite3.Connection, worker: str) -> dict[Gfid, Known]:
    query = "SELECT gfid, dirty FROM unsure WHERE worker = ?"
    return {Gfid(gfid): _unpack(packed) for gfid, packed in db.execute(query, (worker,))}


def _failure(row: Sequence[object]) -> Failure:
    return Failure(**dict(zip(Failure.__struct_fields__, row, strict=True)))  # type: ignore[arg-type]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Store]:
    store = _store(path)
    try:
        yield store
    finally:
        store.close()


def _store(path: Path) -> Store:
    return Store(path, schema=_SCHEMA, version=FORMAT)


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    why: int
    heard: tuple[tuple[str, bytes], ...]
    directory: bool
    spoken: bool
    known: bool


def _pack(known: Known) -> bytes:
    dirty = known.dirty
    heard = tuple((place.parent, place.name) for place in dirty.heard)
    return msgspec.msgpack.encode(
        _Packed(dirty.why.value, heard, dirty.directory, known.spoken, known.known)
    )


def _unpack(data: bytes) -> Known:
    packed = msgspec.msgpack.decode(data, type=_Packed)
    heard = dict.fromkeys(Place(Gfid(parent), name) for parent, name in packed.heard)
    return Known(Dirty(Why(packed.why), heard, packed.directory), packed.spoken, packed.known)
