"""All files of a replay, read at once in the order of time; from the start, or from a mark."""

import copy
import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from engine.events import EngineStarted
from engine.snapshot import snapshot
from engine.state import State, apply
from georep_tui.replay import files, gsyncd_lines, notes
from georep_tui.replay.chains import Chain
from georep_tui.replay.files import Kind
from georep_tui.replay.gsyncd_events import Interpreter, strange
from georep_tui.replay.gsyncd_lines import Line, Stray
from georep_tui.replay.notes import AnyNote, AnyTold, LineKept

Head = AnyTold | Line | Stray


DAY = 86400.0
FILE = 1 << 48
"""A place in a chain is one number: its file, times this, and how far in it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of a reading, from which it can go on."""

    at: float
    places: tuple[int | None, ...]
    """In each chain; None: it is at its end."""
    known: tuple[tuple[AnyTold, ...], ...]
    interpreter: Interpreter
    started: frozenset[EngineStarted]
    lines: int
    strange: int


class Reading:
    """Yields what several chains tell, merged by time; holds one line of each."""

    def __init__(self, chains: Sequence[Chain], mark: Mark | None = None) -> None:
        self._chains = chains
        self._interpreter = copy.deepcopy(mark.interpreter) if mark else Interpreter()
        self._started = set(mark.started) if mark else set[EngineStarted]()
        self.at = mark.at if mark else 0.0
        """The time that was reached: it never goes back."""
        self.lines = mark.lines if mark else 0
        """Lines that were read."""
        self.strange = mark.strange if mark else 0
        """Lines of them that nobody understood."""
        self._streams = [
            _Stream(chain, mark.places[at] if mark else 0, mark.known[at] if mark else ())
            for at, chain in enumerate(chains)
        ]
        self._heads: list[tuple[float, int]] = []
        for number, stream in enumerate(self._streams):
            if stream.step():
                self._heads.append((stream.at, number))
        heapq.heapify(self._heads)

    def __iter__(self) -> Iterator[list[AnyTold]]:
        """Yield what each line tells; most tell nothing."""
        while self._heads:
            _, number = self._heads[0]
            stream = self._streams[number]
            head = stream.head
            assert head is not None, "a stream that has ended is no head"
            self.at = max(self.at, stream.at)
            told = self._tell(number, head)
            if stream.step():
                heapq.heapreplace(self._heads, (stream.at, number))
            else:
                heapq.heappop(self._heads)
            yield told

    def _tell(self, number: int, head: Head) -> list[AnyTold]:
        if isinstance(head, Line | Stray):
            before = self._interpreter.strange
            told = list(self._interpreter.take(self._chains[number].origin, head, self.at))
            self.lines += len(head.raw)
            self.strange += self._interpreter.strange - before
            return told
        self.lines += 1
        if isinstance(head, LineKept) and not head.understood:
            self.strange += 1
        if isinstance(head, EngineStarted):
            # Each of a node's journals tells of it. Told twice it would take back what the other
            # journals have said since.
            if head in self._started:
                return []
            self._started.add(head)
        return [head]

    @property
    def next_at(self) -> float:
        """The time that comes next; infinite at the end."""
        return max(self.at, self._heads[0][0]) if self._heads else math.inf

    def mark(self) -> Mark:
        """Return where the reading stands, between two lines."""
        return Mark(
            self.at,
            tuple(stream.place for stream in self._streams),
            tuple(stream.known() for stream in self._streams),
            copy.deepcopy(self._interpreter),
            frozenset(self._started),
            self.lines,
            self.strange,
        )

    def share(self) -> float:
        """Return how much has been read, 0 to 1."""
        total = sum(chain.size for chain in self._chains)
        done = sum(stream.done() for stream in self._streams)
        return min(1.0, done / total) if total else 1.0


class _Stream:
    """One chain, one step at a time; what the later files of a journal repeat is left out."""

    def __init__(self, chain: Chain, place: int | None, known: Sequence[AnyTold]) -> None:
        self._chain = chain
        self.place = place
        """Where the head begins; None at the end."""
        self.head: Head | None = None
        """What comes next; None at the end."""
        self.at = 0.0
        self._state = State()
        packed = any(file.packed for file in chain.files)
        self._end = math.inf if packed else max(file.last for file in chain.files) + DAY
        """No line is later, unless the clock was wrong; a log may grow while it is read."""
        self._tracked = chain.kind is Kind.JOURNAL and len(chain.files) > 1
        for event in known:
            if not isinstance(event, AnyNote):
                apply(self._state, event)
        self._steps = self._read(place) if place is not None else iter(())

    def step(self) -> bool:
        """Go to the next head; return whether there is one."""
        found = next(self._steps, None)
        if found is None:
            self.place = self.head = None
            return False
        self.place, head = found
        self.head = head
        if not isinstance(head, Stray):
            self.at = head.at
        elif not self.at:
            self.at = self._chain.files[self.place // FILE].first
        return True

    def known(self) -> tuple[AnyTold, ...]:
        """Return what the next file of a journal may repeat."""
        return tuple(snapshot(self._state)) if self._tracked else ()

    def done(self) -> int:
        """Return how many bytes on disk lie behind."""
        if self.place is None:
            return self._chain.size
        number, offset = divmod(self.place, FILE)
        file = self._chain.files[number]
        behind = sum(file.size for file in self._chain.files[:number])
        # Of a packed file only the unpacked bytes are known; logs shrink to a twelfth or so.
        return behind + min(file.size, offset // (12 if file.packed else 1))

    def _read(self, start: int) -> Iterator[tuple[int, Head]]:
        if self._chain.kind is Kind.GSYNCD:
            # As one: what follows a line may stand in the next file.
            lines = (each for of_file in self._files(start) for each in of_file)
            for place, line in gsyncd_lines.read(lines):
                yield place, self._in_time(line)
        else:
            for of_file in self._files(start):
                yield from self._journal(of_file)

    def _in_time(self, line: Line | Stray) -> Line | Stray:
        """Take a time that lies after the end of the log for that of the line before.

        The clock was wrong then, and was set back: else all that follows would come too late.
        """
        if isinstance(line, Stray) or line.at <= self._end:
            return line
        return msgspec.structs.replace(line, at=self.at or self._chain.files[0].first)

    def _files(self, start: int) -> Iterator[Iterator[tuple[int, bytes]]]:
        """Yield the lines of each file, with their places."""
        first, offset = divmod(start, FILE)
        for number in range(first, len(self._chain.files)):
            begin = offset if number == first else 0
            lines = files.lines(self._chain.files[number], begin)
            yield ((number * FILE + at, raw) for at, raw in lines)

    def _journal(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, Head]]:
        """Yield the events of one file.

        It begins with a snapshot: facts that were told in the file before. Told again they would
        be counted twice, and its EngineStarted would take back what other journals said.
        """
        repeated: set[AnyTold] = set()
        left = 0
        for place, raw in lines:
            if place % FILE == 0 and place:
                repeated = set(self.known())
                left = 2 * len(repeated)
            event = notes.decode(raw)
            left -= 1
            if left > 0 and event in repeated:
                continue
            if event is None:
                name = self._chain.files[place // FILE].path.name
                yield place, strange(self.at, "", name, raw.rstrip())
                continue
            if self._tracked and not isinstance(event, AnyNote):
                apply(self._state, event)
            yield place, event
