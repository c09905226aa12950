"""One session's journal: its events as JSON lines, in files that each begin with a snapshot."""

import contextlib
import os
from pathlib import Path

from engine import events, feed
from engine.errors import Retry
from engine.events import (
    AnyEvent,
    Caught,
    CrawlProgressed,
    PendingChanged,
    WorkerFaulty,
    WorkerProgressed,
    WorkerStopped,
)
from engine.snapshot import snapshot
from engine.state import State, apply

SIZE = 64 << 20
"""Bytes after which a new file is begun."""
KEEP = 8
"""All files together stay below this many times SIZE."""
FILES = 1000
"""Files kept at most: an engine that is restarted all the time makes small ones."""
REOPEN = 10.0
"""Seconds between two tries to write again after the disk said no."""

AnyLevel = CrawlProgressed | PendingChanged | WorkerProgressed
_LEVELS = (CrawlProgressed, PendingChanged, WorkerProgressed)


class Journal:
    """Appends events; a crash loses at most the line that was being written.

    Every opening begins a new file, so nothing is ever appended to a line that was cut off, and
    the first events must say all that is to be known: EngineStarted, then what the node has.
    """

    def __init__(self, folder: Path, *, size: int = SIZE, keep: int = KEEP) -> None:
        self._folder, self._size, self._room = folder, size, size * keep
        self._file: int | None = None
        self._written = 0
        self._state = State()
        self._next_try = float("-inf")
        self._last: dict[tuple[str, str], float] = {}
        self._held: dict[tuple[str, str], AnyLevel] = {}

    def append(self, event: AnyEvent) -> None:
        """Take one event; raise Retry when the disk refuses, once for every try.

        Nothing is lost by a refusal but history: the file that is begun afterwards starts with a
        snapshot that has what was missed.
        """
        apply(self._state, event)
        if isinstance(event, _LEVELS):
            key = (event.worker, type(event).__name__)
            # Before the last one: the clock was set back, and waiting for it could take days.
            if 0 <= event.at - self._last.get(key, float("-inf")) < 1:
                self._held[key] = event
                return
            self._last[key] = event.at
            self._held.pop(key, None)
        elif isinstance(event, Caught | WorkerFaulty | WorkerStopped):
            self._release(event.worker)
        self._write(event)

    def close(self) -> None:
        """Write what is held back, and close the file."""
        with contextlib.suppress(Retry):
            for key in list(self._held):
                self._release(key[0])
        self._close()

    def _release(self, worker: str) -> None:
        for key in [key for key in self._held if key[0] == worker]:
            self._write(self._held.pop(key))

    def _write(self, event: AnyEvent) -> None:
        line = events.encode(event) + b"\n"
        try:
            if self._file is None:
                # What is to be written is in the state already, and so in the snapshot.
                if not 0 <= event.at - self._next_try < REOPEN:
                    self._next_try = event.at
                    self._begin()
            elif self._written + len(line) > self._size:
                self._close()
                self._begin()
            else:
                self._put(self._file, line)
        except OSError as error:
            self._close()
            raise Retry(
                f"The journal in {self._folder} cannot be written: {error.strerror}",
                cause="journal",
                fix="Make room on that disk. Replication goes on without its history.",
            ) from error

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        existing = feed.files(self._folder)
        number = int(existing[-1].stem) + 1 if existing else 1
        self._prune(existing)
        path = self._folder / f"{number:08}.jsonl"
        temporary = path.with_suffix(".new")
        content = b"".join(events.encode(event) + b"\n" for event in snapshot(self._state))
        file = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        self._file, self._written = file, 0
        self._put(file, content)
        # Only now does it have its name: no reader meets half a snapshot.
        os.rename(temporary, path)
        # A snapshot larger than the limit must not make every event begin a new file.
        self._written = min(self._written, self._size // 2)

    def _put(self, file: int, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(file, left) :]
        self._written += len(data)

    def _prune(self, existing: list[Path]) -> None:
        room = self._room - self._size
        for place, path in enumerate(reversed(existing), start=1):
            room -= path.stat().st_size
            if room < 0 or place >= FILES:
                path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
