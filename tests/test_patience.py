"""When an object goes to the ledger, and when it is the secondary that takes nothing."""

import errno

import pytest

from engine import events, failures
from engine.item import AnyAnswer, Done, Gfid, NeedParent, NotEmpty, Refused
from engine.plan import patience
from engine.plan.patience import MANY, RESTLESS, ROUNDS, TRIES, Verdict

A, B = Gfid("a" * 36), Gfid("b" * 36)


def refused(code: int = errno.EPERM, doing: str = "create") -> Refused:
    return Refused(gfid=A, doing=doing, errno=code, words="no")


@pytest.mark.parametrize(
    ("answer", "tries", "rounds", "given"),
    [
        pytest.param(refused(), 1, 1, False, id="refused once"),
        pytest.param(refused(), TRIES - 1, RESTLESS - 1, False, id="not often enough"),
        pytest.param(refused(), TRIES, TRIES, True, id="refused often enough"),
        pytest.param(refused(errno.ESTALE), ROUNDS - 1, 1, False, id="others may be moving it"),
        pytest.param(refused(errno.ESTALE), ROUNDS, 1, True, id="nobody is any more"),
        pytest.param(NeedParent(gfid=A, parent=B), 0, ROUNDS - 1, False, id="its parent comes"),
        pytest.param(NeedParent(gfid=A, parent=B), 0, ROUNDS, True, id="its parent never came"),
        pytest.param(NotEmpty(gfid=A, children=()), 0, ROUNDS - 1, False, id="children go"),
        pytest.param(NotEmpty(gfid=A, children=()), 0, ROUNDS, True, id="children never went"),
        pytest.param(Done(gfid=A), 0, RESTLESS - 1, False, id="done, and dirty again"),
        pytest.param(Done(gfid=A), 0, RESTLESS, True, id="done, and dirty for ever"),
        pytest.param(None, 0, RESTLESS, True, id="nobody knows why"),
    ],
)
def test_verdict(answer: AnyAnswer | None, tries: int, rounds: int, given: bool) -> None:
    assert (patience.verdict(answer, tries, rounds) is Verdict.LEDGER) is given


FULL, BAD = refused(errno.ENOSPC), refused()
NAMES = refused(errno.ENOSPC, "link")


@pytest.mark.parametrize(
    ("given", "made", "cause"),
    [
        pytest.param([BAD], 0, None, id="one object is bad"),
        pytest.param([BAD] * 1000, 0, None, id="a thousand are"),
        pytest.param([FULL], 0, "secondary full", id="nothing goes"),
        pytest.param([BAD, FULL], 0, "secondary full", id="nothing goes, and one is bad"),
        pytest.param([FULL], 1, None, id="others found room"),
        pytest.param([FULL] * MANY, 1, None, id="many, while others found room"),
        pytest.param([FULL] * (MANY + 1), 9999, "secondary full", id="too many"),
        pytest.param([NAMES] * MANY, 0, None, id="no more names"),
        pytest.param([NAMES] * (MANY + 1), 0, "secondary full", id="no more names, of too many"),
        pytest.param([NAMES, FULL], 0, "secondary full", id="no more names, and nothing goes"),
        pytest.param([refused(errno.EROFS)], 0, "secondary read-only", id="read-only"),
        pytest.param([refused(errno.EROFS, "set xattrs")], 0, None, id="an ACL of a directory"),
        pytest.param([refused(errno.ENOTCONN)], 0, "secondary bricks down", id="away"),
        pytest.param([refused(errno.ENOTCONN), FULL, FULL], 0, "secondary full", id="both"),
    ],
)
def test_world(given: list[Refused], made: int, cause: str | None) -> None:
    found = patience.world(given, made=made)
    assert (found.cause if found else None) == cause


def test_the_distance_grows_to_an_hour() -> None:
    assert [patience.delay(tries) for tries in (1, 2, 3, 9, 10, 10**9)] == [
        *(10.0, 20.0, 40.0, 2560.0, 3600.0, 3600.0),
    ]


def test_every_kind_that_is_an_errno_is_one() -> None:
    words = {events.errno_word(code) for code in errno.errorcode}
    named = {kind for kind in failures.MEANINGS if kind.isupper()}
    assert named <= words | {"ENOTSUP"}
    assert failures.meaning("EOPNOTSUPP") == failures.MEANINGS["ENOTSUP"]
    assert failures.meaning("EWHATEVER") is failures.OTHER
