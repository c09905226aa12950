"""One SQLite file: every call is one transaction, on disk when it returns. All calls block."""

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from engine.errors import GeorepError, Retry, Stop

T = TypeVar("T")


class Store:
    """One connection to the ledger in a file; may be used from several threads."""

    def __init__(self, path: Path, *, schema: str, version: int) -> None:
        """Open it, or make it with `schema`; Stop when it is damaged, or of another `version`."""
        self._path, self._schema, self._version = path, schema, version
        self._guard = threading.Lock()
        with self._translated(), _alone_in(path.parent):
            _make(path)
            self._db = sqlite3.connect(
                path, timeout=60, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def run(self, call: Callable[[sqlite3.Connection], T]) -> T:
        """Run `call` in a transaction; Retry when the disk says no."""
        with self._guard, self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                result = call(self._db)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            return result

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            self._db.close()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        # Not the default in this mode; a position must not get ahead of what was noted.
        self._db.execute("PRAGMA synchronous = FULL")
        (found,) = self._db.execute("PRAGMA user_version").fetchone()
        if found not in (0, self._version):
            raise Stop(
                f"the ledger {self._path} was written by another version of georep",
                cause="ledger unreadable",
                fix="Run the version that wrote it, or a newer one.",
            )
        if not found:
            self._db.executescript(
                f"BEGIN IMMEDIATE; {self._schema} PRAGMA user_version = {self._version};"
            )
            self._db.execute("COMMIT")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise self._away(error) from error
        except OSError as error:
            raise self._away(error) from error
        except sqlite3.DatabaseError as error:
            raise Stop(
                f"the ledger {self._path} cannot be read: {error}",
                cause="ledger unreadable",
                fix="Move it away, then find what was in it with georep verify NAME.",
                evidence=str(error),
            ) from error

    def _away(self, error: Exception) -> GeorepError:
        return Retry(
            f"the ledger {self._path} cannot be used: {error}",
            cause="ledger not writable",
            fix=f"See the disk: df {self._path.parent}",
            evidence=str(error),
        )


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a directory while a ledger in it is opened.

    Of two that make one SQLite file in the same moment, and turn it to its log, one is told at once
    that it is locked, whatever its timeout: one open in twenty, where four begin together.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(path: Path) -> None:
    """Make the file, with a mode of our own, if there is none.

    One that is there is not even opened: to close it would drop the locks that another connection
    of this process has on it.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
