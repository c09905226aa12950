"""Every row of the rules, for every kind it is about: applied once and twice on a secondary in
memory.
"""

import os
import stat
from collections.abc import Iterator

import pytest
import rules
from memory_target import LIMBO, MemoryTarget, Thing
from rules import Answer, Row, Says

from engine.item import (
    ROOT,
    AnyAnswer,
    AnyItem,
    Attributes,
    Done,
    Gfid,
    Gone,
    Item,
    Kind,
    NeedParent,
    NotEmpty,
    Place,
    Refused,
)
from engine.secondary.apply import apply

WHO = {who: Gfid(f"0000000{ord(who):x}-0000-4000-8000-000000000000") for who in "GPSC"}
TYPES = {
    Kind.FILE: stat.S_IFREG,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.FIFO: stat.S_IFIFO,
    Kind.SOCKET: stat.S_IFSOCK,
    Kind.BLOCK: stat.S_IFBLK,
    Kind.CHARACTER: stat.S_IFCHR,
}
USUAL = {"P": Kind.DIRECTORY, "S": Kind.FILE, "C": Kind.FILE}
DEVICE, OTHER_DEVICE = os.makedev(1, 3), os.makedev(1, 5)


def place(words: str, who: str) -> Place:
    """Return the place that `words` of the table mean, where `who` stands."""
    if words == "limbo":
        return Place(LIMBO, WHO[who].encode())
    parent, slash, name = words.rpartition("/")
    return Place(WHO[parent] if slash else ROOT, name.encode())


def thing(kind: Kind, how: str = "") -> Thing:
    """Return a new object as it was left on the secondary: right, or `changed`, or with `bytes`."""
    rdev = (OTHER_DEVICE if how == "changed" else DEVICE) if kind in rules.POINTING[1:] else 0
    target = b"" if kind is not Kind.SYMLINK else b"els" if how == "changed" else b"new"
    data = b"bytes" if how == "bytes" else b""
    size = len(data) + len(target)
    return Thing(kind, Attributes(TYPES[kind] | 0o640, 5, 6, size, 7, 8, rdev), target, data)


def build(state: str, kind: Kind, other: Kind) -> MemoryTarget:
    target = MemoryTarget()
    for word in state.split():
        where, _, what = word.partition("=")
        who, _, how = what.partition(":")
        gfid = WHO[who]
        if gfid not in target.things:
            is_a = USUAL.get(who, kind)
            if how in ("other", "bytes"):
                is_a = other if how == "other" else Kind.FILE
            elif how in tuple(Kind):
                is_a = Kind(how)
            target.things[gfid] = thing(is_a, how)
        target.places[place(where, who)] = gfid
    return target


def asked(row: Row, kind: Kind) -> AnyItem:
    heard = tuple(place(word, "G") for word in row.heard.split())
    if row.says in (Says.GONE, Says.VANISHED, Says.ORPHANED):
        lawful, orphan = row.says is Says.GONE, row.says is Says.ORPHANED
        return Gone(gfid=WHO["G"], heard=heard, lawful=lawful, orphan=orphan)
    if row.says in (Says.KEPT, Says.REMOVED):
        return Gone(gfid=WHO["G"], heard=heard, lawful=row.says is Says.KEPT, kept=True)
    right = thing(kind)
    return Item(
        gfid=WHO["G"],
        kind=kind,
        names=tuple(place(word, "G") for word in row.names.split()),
        whole=row.says is not Says.PERHAPS,
        standing=row.says is Says.STILL,
        patient=row.says is Says.PATIENT,
        heard=heard,
        attributes=right.attributes,
        target=right.target,
    )


def check(row: Row, answer: AnyAnswer, again: AnyAnswer) -> None:
    """Check what was answered first, and to the same item once more."""
    match row.answer:
        case Answer.MADE | Answer.DONE | Answer.NOTHING:
            assert isinstance(answer, Done), answer
            assert answer.created == (row.answer is Answer.MADE)
            assert answer.changed == (row.answer is not Answer.NOTHING)
            assert isinstance(again, Done)
            assert not again.changed
        case Answer.PARENT:
            assert answer == again == NeedParent(gfid=WHO["G"], parent=WHO["P"])
        case Answer.CHILDREN:
            assert isinstance(answer, NotEmpty)
            assert [holder.gfid for holder in answer.children] == [WHO["C"]]
            assert again == answer
        case Answer.REFUSED:
            assert isinstance(answer, Refused), answer
            assert again == answer


def check_told(row: Row, before: MemoryTarget, after: MemoryTarget, answer: AnyAnswer) -> None:
    """Whoever was moved aside is told, and whoever stands at a name heard."""
    if isinstance(answer, Done):
        aside = set(after.in_limbo()) - {WHO["G"]}
        lost = {gfid for at, gfid in before.places.items() if after.places.get(at) != gfid}
        assert {holder.gfid for holder in answer.displaced} == aside & lost
        heard = {place(word, "G") for word in row.heard.split()}
        known = row.says not in (Says.VANISHED, Says.ORPHANED, Says.KEPT, Says.REMOVED)
        met = {after.places[at] for at in heard & after.places.keys()} if known else set()
        assert {holder.gfid for holder in answer.strangers} == met - {WHO["G"]}


def cases() -> Iterator[object]:
    for title, rows in rules.TABLE.items():
        for row in rows:
            for kind in row.kinds:
                others = [kind]
                if ":other" in row.before:
                    # Hard links are no directories.
                    leaf = "limbo=" in row.before
                    others = [k for k in (rules.LEAVES if leaf else Kind) if k is not kind]
                for other in others:
                    name = f"{title}: {row.has}: {kind}"
                    yield pytest.param(
                        row, kind, other, id=name + (f", {other}" if other != kind else "")
                    )


@pytest.mark.parametrize(("row", "kind", "other"), cases())
def test_rule(row: Row, kind: Kind, other: Kind) -> None:
    target = build(row.before, kind, other)
    item = asked(row, kind)
    answer = apply(target, item)
    once = target.copy()
    again = apply(target, item)
    check(row, answer, again)
    check_told(row, build(row.before, kind, other), once, answer)
    shall = build(row.after, kind, other)
    for made in (once, target):
        assert made.places == shall.places
        assert {gfid: one.kind for gfid, one in made.things.items()} == {
            gfid: one.kind for gfid, one in shall.things.items()
        }
    if isinstance(item, Item) and isinstance(answer, Done):
        found, right = target.things[item.gfid], thing(kind)
        assert (found.kind, found.target) == (right.kind, right.target)
        assert found.attributes == item.attributes
    lawful = row.says in (Says.GONE, Says.KEPT) or "G:" in row.before
    assert set(target.ended) <= ({WHO["G"]} if lawful else set())


def test_every_gap_is_one_the_page_explains() -> None:
    named = {
        gap for rows in rules.TABLE.values() for row in rows for gap in row.gap.split(", ") if gap
    }
    assert named == set(rules.GAPS)
