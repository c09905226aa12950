"""Which crawls may have left removals undone: notes that are kept on the secondary, where all
bricks and nodes see them. Pure.

A crawl brings what is there; what was removed before it began, and after the position that the
brick had, is not told by anything. Only where the secondary began empty, and the brick has been
followed ever since, nothing can be left; and where the brick was added to a session, and its
changelogs, which tell all that was ever done on it, are followed from the first one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec


class Origin(msgspec.Struct, frozen=True, tag=True):
    """The secondary was seen to be empty before anything was brought there."""

    id: str
    subvolumes: int
    """How many the primary had then."""
    began: int = 0
    """When the first of the crawls into it began, in seconds since the epoch."""


class Crawled(msgspec.Struct, frozen=True, tag=True):
    """The last crawl of one subvolume began."""

    began: int
    """Seconds since the epoch, by the clock of its brick; it tells this crawl from others."""
    since: int
    """The position before it; 0: there was none."""
    origin: str = ""
    """Id of the origin that there was then."""
    first: bool = False
    """It was the first one, into what began empty or of what was added: there is nothing to
    reconcile.
    """
    born: int = 0
    """When the brick's changelog began, in seconds since the epoch, if that was after the session
    had; else 0.
    """


class Reconciled(msgspec.Struct, frozen=True, tag=True):
    """All that a crawl may have left was reconciled."""

    began: int
    """The crawl's."""


@dataclass(slots=True)
class Book:
    """All notes about the crawls of one primary volume."""

    volume: str
    """Its uuid."""
    origin: Origin | None = None
    crawls: dict[int, Crawled] = field(default_factory=dict)
    """By the number of the subvolume."""
    reconciled: dict[int, Reconciled] = field(default_factory=dict)

    def due(self, number: int) -> Crawled | None:
        """Return the crawl of a subvolume that is to be reconciled, if it is."""
        crawl, done = self.crawls.get(number), self.reconciled.get(number)
        if crawl is None or crawl.first or (done is not None and done.began == crawl.began):
            return None
        return crawl

    def follow_from(self, number: int, began: int) -> int:
        """Return from when on the changelogs of a subvolume count, whose crawl `began` then.

        Of first crawls the earliest: what one brick's worker made before another's crawl began may
        have been renamed over since, and only the other brick wrote that down.
        """
        crawl, origin = self.crawls.get(number), self.origin
        if crawl is not None and crawl.born:
            # What a rebalance brought there, and took away before it was crawled, others have no
            # record of; nor of what ended there.
            return min(began, crawl.born)
        if crawl is None or origin is None or not crawl.first or crawl.origin != origin.id:
            return began
        return min(began, origin.began or began)

    def began(self) -> int:
        """Return when the session had begun at the latest, in seconds since the epoch; 0: nobody
        knows.
        """
        known = [crawl.since or crawl.began for crawl in self.crawls.values()]
        known += [] if self.origin is None else [self.origin.began]
        return min(filter(None, known), default=0)


Note = tuple[str, bytes]
"""A note's name and content."""
N = TypeVar("N", Origin, Crawled, Reconciled)


def read(notes: Mapping[str, bytes], volume: str) -> Book:
    """Return what `notes` say of the primary `volume`; those that make no sense are passed over."""
    book = Book(volume, _read(notes, _name(volume, "origin"), Origin))
    for name in notes:
        *above, number = name.rsplit(".", 1)
        if not number.isdigit() or len(number) > 9:
            continue
        if above == [_name(volume, "crawled")] and (crawl := _read(notes, name, Crawled)):
            book.crawls[int(number)] = crawl
        if above == [_name(volume, "reconciled")] and (done := _read(notes, name, Reconciled)):
            book.reconciled[int(number)] = done
    return book


def begun(
    book: Book, number: int, crawl: Crawled, *, empty: bool, subvolumes: int, fresh: str
) -> list[Note]:
    """Return the notes to keep, in this order, before the first object of a crawl is brought.

    `crawl` says when it began and since when, and when the brick's changelog began; `empty`: the
    secondary has nothing yet; `fresh`: an id that was never used. May be called again for the same
    crawl: then there are none.
    """
    old = book.crawls.get(number)
    if old is not None and old.began == crawl.began:
        return []
    kept: list[Note] = []
    origin = book.origin
    used = old is not None and origin is not None and old.origin == origin.id
    if empty and (origin is None or used):
        # One that no crawl of this subvolume has used yet was noted by another brick just now.
        origin, used = Origin(fresh, subvolumes, crawl.began), False
        kept.append((_name(book.volume, "origin"), _encode(origin)))
    first = origin is not None and not used and number < origin.subvolumes and not crawl.since
    added = not crawl.since and crawl.born > book.began() > 0
    # Else another brick of the same subvolume was there before, and what ended then may be missing.
    first |= added and (old is None or bool(old.first and old.born))
    undone = book.due(number)
    noted = msgspec.structs.replace(
        crawl,
        since=crawl.since if undone is None else min(undone.since, crawl.since),
        origin=origin.id if origin is not None else "",
        first=first,
        born=crawl.born if added else 0,
    )
    kept.append((_name(book.volume, f"crawled.{number}"), _encode(noted)))
    return kept


def ignored(book: Book, number: int, now: int, since: int) -> list[Note]:
    """Return the notes to keep when removals are not followed `since` then, because an operator
    said so: as after a crawl that began `now`, until they are reconciled.
    """
    old = book.crawls.get(number)
    if book.due(number) is not None:
        return []
    noted = Crawled(began=now, since=since, origin="" if old is None else old.origin)
    return [(_name(book.volume, f"crawled.{number}"), _encode(noted))]


def done(book: Book) -> list[Note]:
    """Return the notes to keep when the whole volume has been reconciled after `book` was read."""
    due = [(number, crawl) for number in book.crawls if (crawl := book.due(number))]
    return [
        (_name(book.volume, f"reconciled.{number}"), _encode(Reconciled(crawl.began)))
        for number, crawl in due
    ]


_encode = msgspec.json.Encoder().encode


def _name(volume: str, what: str) -> str:
    return f"{volume}.{what}"


def _read(notes: Mapping[str, bytes], name: str, kind: type[N]) -> N | None:
    try:
        return msgspec.json.decode(notes[name], type=kind)
    except (KeyError, msgspec.DecodeError):
        return None
