"""What `georep resend` says that it would do, when it does not, and whether it was any good."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sides import facts, gfid

from engine import config
from engine.config import Places, Session
from engine.errors import Usage
from engine.item import Facts, Gfid, Kind
from engine.plan import compare, resending
from engine.plan.compare import Difference, What
from engine.plan.resending import Pair
from engine.plan.steps import Agreed, Step, Told, never
from engine.session import half_done
from engine.session import resending as sending
from georep_tui import cli

CONTENT = Difference(What.CONTENT, "aa in bytes 0 to 3", "bb")
UNREAD = Facts(Gfid(""), Kind.FILE, facts(1).attributes, 1, trouble="EIO")


def pair(here: Facts, there: Facts | None, *more: Difference) -> Pair:
    return Pair(b"d/x\xff", here, there, [*compare.differences(here, there), *more])


SEND = "send its content, 3 bytes, whatever the sizes and times say"
GIVE = "give it the owner, mode, xattrs and times of the primary's"
AFTER = "compare both sides again, to the last byte"
CASES: dict[str, tuple[Pair, Sequence[str], str]] = {
    "content": (pair(facts(1), facts(1), CONTENT), (SEND, GIVE, AFTER), ""),
    "mode": (pair(facts(1), facts(1, mode=0o100600)), (SEND, GIVE, AFTER), ""),
    "missing": (
        pair(facts(1), None),
        (f"make file {gfid(1)}, with all its names", SEND, GIVE, AFTER),
        "",
    ),
    "a directory": (
        pair(facts(1, Kind.DIRECTORY), facts(1, Kind.DIRECTORY, mode=0o40700)),
        (GIVE, AFTER),
        "",
    ),
    "equal": (pair(facts(1), facts(1)), (), "nothing to send"),
    "another object": (pair(facts(1), facts(2)), (), "moves nobody aside"),
    "another kind": (pair(facts(1), facts(1, Kind.DIRECTORY)), (), "moves nobody aside"),
    "unread here": (pair(UNREAD, facts(1)), (), "The primary cannot say"),
    "unread there": (pair(facts(1), UNREAD), (), "The secondary cannot say"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_would_be_done(case: str) -> None:
    found, does, refused = CASES[case]
    step = resending.step(found)
    assert step.does == tuple(does)
    assert bool(step.refused) is bool(refused)
    assert refused in step.refused
    assert step.name == "/d/x\\xff"
    assert ("content" in step.secondary) is (case == "content")


def test_the_token_is_of_all_that_is_told() -> None:
    step = resending.step(pair(facts(1), facts(1), CONTENT))
    assert step.token == resending.step(pair(facts(1), facts(1), CONTENT)).token
    others = (pair(facts(1, size=4), facts(1)), pair(facts(1), None), pair(facts(9), facts(9)))
    assert len({step.token, *(resending.step(each).token for each in others)}) == 4


def test_what_is_begun_is_left_to_a_worker() -> None:
    assert sending.RESEND in half_done.LOCKS


def test_of_several_one_that_is_gone_keeps_none_of_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def compared(_: object, path: bytes) -> Pair:
        if path == b"gone\xff":
            raise Usage("There is no such path on the primary", fix="Name it.")
        return Pair(path, facts(1), None, compare.differences(facts(1), None))

    def run(_at: object, _name: str, work: Callable[[Any], Any], **_: object) -> list[Told]:
        return asyncio.run(work(None))  # type: ignore[no-any-return]

    monkeypatch.setattr(sending, "_compared", compared)
    monkeypatch.setattr(sending.survey, "run", run)
    at = Places(tmp_path, tmp_path)
    config.create(at, Session("s", "v", "root", "h", "sv"))
    gone, there = sending.resend(at, "s", [b"gone\xff", b"there"], never)
    assert (gone.step.name, gone.step.does, gone.done) == (r"/gone\xff", (), False)
    assert "no such path" in gone.step.refused
    assert there.step.does
    with pytest.raises(Usage, match="no such path"):
        sending.resend(at, "s", [b"gone\xff"], never)


@pytest.mark.parametrize(
    ("words", "code", "asked"),
    [
        pytest.param(("--yes",), 0, [True], id="yes"),
        pytest.param((), 1, [False], id="nobody to ask"),
        pytest.param(("--json",), 1, [False], id="looked at"),
        pytest.param(("--seen", "other"), 1, [False], id="another step was seen"),
    ],
)
def test_the_command(
    words: Sequence[str],
    code: int,
    asked: list[bool],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    step = Step(gfid=gfid(1), name="/d/a b", does=(SEND,))
    agreements: list[bool] = []

    def resend(at: Places, name: str, paths: Sequence[bytes], agreed: Agreed) -> list[Told]:
        assert (name, list(paths)) == ("backup", [b"d/a b"])
        agreements.append(agreed(step))
        return [Told(step=step, done=agreements[-1], words=resending.EQUAL)]

    monkeypatch.setattr(sending, "resend", resend)
    assert cli.main(["resend", "backup", "d/a b", *words]) == code
    assert agreements == asked
    said = capsys.readouterr().out
    assert "/d/a b" in said
    if "--json" in words:
        assert msgspec.json.decode(said)["token"] == step.token
