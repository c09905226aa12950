"""A long story made short enough to read: what repeats is told once, and how often. Pure."""

from dataclasses import dataclass, field

import msgspec

from georep_tui.replay.entries import Entry, What

ENTRIES = 5_000
"""Entries kept; of what comes then, only the number is told."""
KINDS = 500
"""Groups of failures and remarks kept."""
_GROUPED = frozenset({What.FAILURE, What.REMARK, What.STRANGE})
_HEAD = 60
"""Characters by which two remarks count as one."""


@dataclass(slots=True)
class Group:
    """Entries that say the same."""

    first: Entry
    last: float
    count: int = 1


@dataclass(slots=True)
class _Life:
    """What is told of one worker from one start to the next."""

    entries: list[Entry] = field(default_factory=list)

    def signature(self) -> tuple[tuple[str, str, str], ...]:
        """Return what two lives share that went the same way; no times."""
        return tuple((each.what.value, each.words, each.cause) for each in self.entries)


class Digest:
    """Takes entries as they come, and keeps what is to be told."""

    def __init__(self) -> None:
        self._kept: list[Entry] = []
        self._now: dict[tuple[str, str], _Life] = {}
        self._before: dict[tuple[str, str], _Life] = {}
        self._again: dict[tuple[str, str], tuple[int, float, float]] = {}
        self.dropped = 0
        """Entries that are not told."""
        self.groups: dict[tuple[str, str, What, str], Group] = {}
        """Failures, remarks and strange lines: by session, place, kind and how they begin."""

    def take(self, entry: Entry) -> None:
        """Take one entry."""
        if entry.what in _GROUPED:
            self._group(entry)
            return
        key = (entry.session, entry.place)
        if entry.what is What.STATE and entry.words == "starting":
            self._turn(key)
            self._now[key] = _Life()
        if key in self._now and entry.what is not What.STALL:
            self._now[key].entries.append(entry)
            if len(self._now[key].entries) > ENTRIES // 20:
                self._keep(self._now.pop(key))
        else:
            self._keep(_Life([entry]))

    def finish(self) -> list[Entry]:
        """Return what is to be told, in the order of time."""
        for key in list(self._now):
            self._turn(key)
        for key in list(self._again):
            self._repeated(key)
        return sorted(self._kept, key=lambda entry: entry.at)

    def _turn(self, key: tuple[str, str]) -> None:
        """End a worker's life: keep it, or count it when it went as the one before."""
        life, before = self._now.pop(key, None), self._before.get(key)
        if life is None or not life.entries:
            return
        if before is not None and before.signature() == life.signature():
            count, since, _ = self._again.get(key, (0, life.entries[0].at, 0.0))
            self._again[key] = (count + 1, since, life.entries[-1].at)
            return
        self._repeated(key)
        self._before[key] = life
        self._keep(life)

    def _repeated(self, key: tuple[str, str]) -> None:
        if key not in self._again:
            return
        count, since, until = self._again.pop(key)
        words = "once more the same" if count == 1 else f"{count} times more the same"
        session, place = key
        self._keep(
            _Life(
                [
                    Entry(
                        at=since,
                        until=until,
                        session=session,
                        place=place,
                        what=What.STATE,
                        words=words,
                    )
                ]
            )
        )

    def _keep(self, life: _Life) -> None:
        room = max(0, ENTRIES - len(self._kept))
        self._kept += life.entries[:room]
        self.dropped += max(0, len(life.entries) - room)

    def _group(self, entry: Entry) -> None:
        kind = entry.words.partition(":")[0] if entry.what is What.FAILURE else entry.words[:_HEAD]
        key = (entry.session, entry.place, entry.what, kind)
        if (group := self.groups.get(key)) is not None:
            group.count += 1
            group.last = entry.at
        elif len(self.groups) < KINDS:
            self.groups[key] = Group(msgspec.structs.replace(entry), entry.at)
        else:
            self.dropped += 1
