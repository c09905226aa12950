"""One failure: what is told of both sides, its tries, and what a key would do."""

import pytest
import scripted
from test_failed import A, B, C, of
from test_replay_events import G1, G2, MISMATCH, NO_ROOM

from engine import failures as meanings
from engine.state import State, apply
from georep_tui import asking, evidence
from georep_tui.evidence import Sides
from georep_tui.failed import Group
from georep_tui.rows import Line

NOW = scripted.NOW
OLD = (
    f"({{'op': 'MKDIR', 'gfid': '{G1}', 'mode': 16877}}, 17, {{'slave_isdir': True, "
    f"'slave_name': 'it\\'s', 'slave_gfid': '{G2}', 'gfid_mismatch': True}})"
)


def words(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def data(logged: str) -> str:
    return logged.partition("data=")[2].removesuffix("}]")


@pytest.mark.parametrize(
    ("kind", "said", "primary", "secondary"),
    [
        ("EACCES", "Permission denied", "gfid g", "Permission denied (EACCES)"),
        ("", "no", "gfid g", "no"),
        ("quarantined", "x", "has no g", "gfid g, put away at this path"),
        ("missing parent", "its directory P", "gfid g", "its directory P"),
        ("not empty", "2 objects in it", "g is gone", "2 objects in it"),
        ("never at rest", "it changes", "gfid g; it changes", "nothing could be made so"),
        ("heal pending", "a heal has", "gfid g; a heal has", "nothing could be made so"),
        ("gfid mismatch", data(MISMATCH), f"gfid {G1} · -rw-r--r--", f"gfid {G2}"),
        ("gfid mismatch", OLD, f"gfid {G1} · drwxr-xr-x", f"gfid {G2} · a directory · it\\'s"),
        ("ENOSPC", data(NO_ROOM), f"gfid {G1}", "ENOSPC"),
        ("refused", "({what is this", "gfid g", "refused"),
    ],
)
def test_both_sides(kind: str, said: str, primary: str, secondary: str) -> None:
    assert evidence.sides(of("g", kind=kind, words=said)) == Sides(primary, secondary)


def test_what_is_told() -> None:
    one = of("g", first=NOW - 3600, due=NOW + 240, tries=3, slice=17, kind="EACCES")
    shown = words(evidence.told(one, NOW, 80))
    assert "meaning   The secondary does not let root do this there." in shown
    assert f"do        {meanings.meaning('EACCES').fix}" in shown
    assert "tries     3 tries · since 2026-05-01 11:04:31 · again in 4 min" in shown
    assert "source    CHANGELOG.17 · n1:/b/1" in shown
    assert "1 try · not tried again until it changes" in words(evidence.told(C, NOW, 80))
    assert "no slice" in words(evidence.told(C, NOW, 80))


def test_no_failure_needs_more_lines_than_there_are() -> None:
    for kind in meanings.MEANINGS:
        assert len(evidence.told(of("g", kind=kind, words="w " * 200), NOW, 80)) <= 9, kind


def test_history() -> None:
    state = State()
    for event in scripted.failing():
        apply(state, event)
    worker = state.sessions["home"].workers["gfs3:/bricks/b2"]
    failure = worker.failures["6f0c2d1e-9a34-4d0e-8b21-5c1f7e0a9d44"]
    shown = words(evidence.history(failure, state.recent(), 60)).splitlines()
    assert [line[1:20] for line in shown] == [
        "2026-05-01 12:04:11",
        "2026-05-01 10:57:51",
        "2026-05-01 09:51:11",
        "2026-05-01 09:34:31",
    ]
    assert shown[0].endswith("ENOSPC: No space left on device")
    assert shown[-1].endswith("the first try")
    assert (
        words(evidence.history(C, [A, B], 60))
        .splitlines()[0]
        .endswith("left alone · EIO: Input/output error")
    )


def test_a_group() -> None:
    shown = words(evidence.group(Group("d", (A, B, C)), 80))
    assert "objects   3" in shown
    assert "EPERM: The secondary forbids this even to root." in shown
    assert "source    n1:/b/1, n2:/b/2" in shown


def test_what_a_key_would_do() -> None:
    away = of("q", kind="quarantined", skipped=True)
    many = [of(str(number)) for number in range(9)]
    shown = words(asking.again("s", [*many, away], set(), 64))
    assert "Try 10 objects again now?" in shown
    assert "EIO 9 · quarantined 1" in shown
    assert "d/4\nand 5 more" in shown
    assert "Those in quarantine leave the list" in shown
    assert "Left alone until now: 1 of these." in words(asking.again("s", [C], (), 64))
    shown = words(asking.aside("s", [A], {"n2", "n3"}, 64))
    assert "Leave 1 object alone?" in shown
    assert "quarantine" not in shown
    assert "The ledger of n2, n3 is not reached from here." in shown
    assert "Write 1 failure as JSON lines to" in words(asking.export([A], 64))
