"""An agent that is not root owns for a moment what it gives another name: whenever it dies, the
next one gives it back.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from memory_target import MemoryTarget
from sides import gfid
from test_apply import item
from test_restoring import DAY, SHOWN, TO, Crash, at_every_step, put

from engine.item import ROOT, AnyItem, Attributes, Done, Gfid, Gone, Kind, Place
from engine.rpc.messages import AskAside, AskLimbo, AskQuarantine
from engine.secondary import restoring, taking
from engine.secondary.apply import apply
from engine.secondary.lent import Lent
from engine.secondary.questions import Questions

ME, OTHER = 61234, 7
SUID = stat.S_ISUID | 0o755


class Ordinary(MemoryTarget):
    """Links what is another's only as its owner, as the kernel has it (`borrowed`)."""

    dead = False
    """Whoever was killed gives nothing back."""

    def link(self, gfid: Gfid, place: Place) -> None:
        try:
            self._link(gfid, place)
        except Crash:
            self.dead = True
            raise

    def set_attributes(self, gfid: Gfid, kind: Kind, now: Attributes, shall: Attributes) -> bool:
        if self.dead:
            raise Crash
        return super().set_attributes(gfid, kind, now, shall)

    def _link(self, gfid: Gfid, place: Place) -> None:
        now = self.things[gfid].attributes
        if now.uid == ME:
            super().link(gfid, place)
            return
        self._change(gfid, uid=ME, mode=now.mode & ~stat.S_ISUID)
        super().link(gfid, place)
        self._change(gfid, uid=now.uid)
        self._change(gfid, mode=now.mode)


@pytest.fixture(autouse=True)
def _ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: ME)


def stood(target: MemoryTarget, place: Place) -> tuple[Gfid, Attributes]:
    one = put(target, 1, place).gfid
    shown = msgspec.structs.replace(target.things[one].attributes, mode=stat.S_IFREG | SUID)
    target.things[one].attributes = shown
    return one, shown


def owners(target: MemoryTarget, one: Gfid) -> tuple[int, int, int]:
    now = target.things[one].attributes
    return now.uid, now.gid, now.mode


@pytest.mark.parametrize("told", ["again", "listed", "expired"])
def test_a_restore_that_died_gives_back_what_it_borrowed(tmp_path: Path, told: str) -> None:
    target, root = Ordinary(), os.fsencode(tmp_path)
    shelf = target.shelf(gfid(1), DAY)
    one, shown = stood(target, shelf)
    holder = put(target, 1, shelf)
    target.things[one].attributes = shown
    lent = Lent(target, root)
    borrowed = 0

    def after() -> None:
        target.dead = False
        nonlocal borrowed
        borrowed += owners(target, one)[0] == ME
        next_agent = Questions(target, root, bricks=[])
        if told == "listed":
            next_agent.answer(AskAside(id=1))
        elif told == "expired":
            next_agent.answer(AskQuarantine(id=1, days=1))
        else:
            restoring.restore(target, holder, TO, Lent(target, root))
            assert target.places == {TO: one}
        assert owners(target, one) == (OTHER, 8, stat.S_IFREG | SUID)
        assert not os.listdir(tmp_path / ".georep/lent")
        target.places = {shelf: one}
        target.things[one].attributes = shown

    at_every_step(target, lambda: restoring.restore(target, holder, TO, lent), after)
    assert borrowed


def test_who_is_put_into_quarantine_keeps_its_owner(tmp_path: Path) -> None:
    target, root = Ordinary(), os.fsencode(tmp_path)
    limbo = target.limbo(gfid(1))
    one, shown = stood(target, limbo)

    def after() -> None:
        target.dead = False
        taking.put_away(target, one, DAY, Lent(target, root))
        assert target.places == {target.shelf(one, DAY): one}
        assert owners(target, one) == (OTHER, 8, stat.S_IFREG | SUID)
        target.places = {limbo: one}
        target.things[one].attributes = shown

    at_every_step(target, lambda: taking.put_away(target, one, DAY, Lent(target, root)), after)


A, B = Place(ROOT, b"a"), Place(ROOT, b"b")
OURS = msgspec.structs.replace(SHOWN, mode=stat.S_IFREG | 0o644, uid=ME)


def _displaced(one: Gfid) -> AnyItem:
    """Somebody else has its name."""
    return item(gfid(2), A, attributes=OURS)


def _saved(one: Gfid) -> AnyItem:
    """It stands in a directory that has ended, and nobody knows it."""
    return Gone(gfid=one, heard=(A,), lawful=False, orphan=True)


def _named_by_another(one: Gfid) -> AnyItem:
    """Another brick's worker brings all of it but this name."""
    return item(one, A, B, attributes=OURS, elsewhere=True, whole=False)


@pytest.mark.parametrize("make", [_displaced, _saved, _named_by_another])
def test_who_gets_another_name_keeps_its_owner(
    tmp_path: Path, make: Callable[[Gfid], AnyItem]
) -> None:
    """Nobody else's item may ever tell whose it was: it is not looked at, or not the primary's."""
    target, root = Ordinary(), os.fsencode(tmp_path)
    one, shown = stood(target, A)
    made = make(one)
    borrowed = 0

    def act() -> None:
        answer = apply(target, made, Lent(target, root))
        assert isinstance(answer, Done)

    def after() -> None:
        target.dead = False
        nonlocal borrowed
        borrowed += owners(target, one)[0] == ME
        # What was left is made so by the next agent, or never.
        Questions(target, root, bricks=[]).answer(AskLimbo(id=1))
        assert owners(target, one) == (OTHER, 8, stat.S_IFREG | SUID)
        assert not os.listdir(tmp_path / ".georep/lent")
        target.things.pop(gfid(2), None)
        target.places = {A: one}
        target.things[one].attributes = shown

    at_every_step(target, act, after)
    assert borrowed
    assert owners(target, one) == (OTHER, 8, stat.S_IFREG | SUID)
    assert not os.listdir(tmp_path / ".georep/lent")


def test_what_its_own_worker_does_meanwhile_stays_so(tmp_path: Path) -> None:
    target, root = MemoryTarget(), os.fsencode(tmp_path)
    one, _ = stood(target, A)
    seen = target.seen(one)
    assert seen is not None
    with target.holding(one), Lent(target, root).noted(seen):
        target._change(one, mode=stat.S_IFREG | 0o600, uid=OTHER)
    assert owners(target, one) == (OTHER, 8, stat.S_IFREG | 0o600)
    assert not os.listdir(tmp_path / ".georep/lent")


def _given_away(target: MemoryTarget, one: Gfid) -> None:
    target._change(one, uid=99)


def _ended(target: MemoryTarget, one: Gfid) -> None:
    del target.things[one]


@pytest.mark.parametrize("meanwhile", [_given_away, _ended])
def test_what_is_another_s_by_now_is_left_alone(
    tmp_path: Path, meanwhile: Callable[[MemoryTarget, Gfid], None]
) -> None:
    target, root = Ordinary(), os.fsencode(tmp_path)
    one, _ = stood(target, Place(ROOT, b"a"))
    (tmp_path / ".georep/lent").mkdir(parents=True)
    note = b'{"uid":7,"gid":8,"mode":420,"borrower":61234}'
    (tmp_path / ".georep/lent" / one).write_bytes(note)
    (tmp_path / ".georep/lent/strange").write_bytes(note)
    (tmp_path / ".georep/lent" / gfid(2)).write_bytes(b"no note")
    meanwhile(target, one)
    Lent(target, root).mend()
    assert one not in target.things or target.things[one].attributes.uid == 99
    assert os.listdir(tmp_path / ".georep/lent") == ["strange"]


@pytest.mark.parametrize("us", [0, OTHER])
def test_who_need_not_borrow_notes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, us: int
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: us)
    target = MemoryTarget()
    one, _ = stood(target, Place(ROOT, b"a"))
    seen = target.seen(one)
    assert seen is not None
    with Lent(target, os.fsencode(tmp_path)).noted(seen):
        assert not (tmp_path / ".georep").exists()
    assert seen.kind is Kind.FILE
