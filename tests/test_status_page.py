"""docs/status.md has every key of `georep status --json`, and none that is not there."""

import re
from pathlib import Path
from typing import Any, cast

import pytest
import scripted
import told_events

from engine.events import (
    AnyEvent,
    CheckpointReached,
    CheckpointSet,
    HookEnded,
    MoverTried,
    PeerPassedOver,
    ReconcileDue,
    SessionBlocked,
)
from engine.state import State, apply
from georep_tui import report

PAGE = Path(__file__).parent.parent / "docs/status.md"
PARTS = {"session": "Of a session", "checkpoint": "Of a checkpoint", "worker": "Of a worker"}
APART = {"workers", "checkpoints"}
BY_NAME = {"passed_over", "movers"}
"""What stands below them is named by nodes and movers."""
Keys = dict[str, set[str]]


def _said() -> dict[str, Keys]:
    """Return the keys of each part, with those below each of them, when all is told."""
    told = (each.told for each in told_events.EXAMPLES)
    wanted = (CheckpointReached, CheckpointSet, HookEnded, MoverTried, PeerPassedOver, ReconcileDue)
    more = [event for event in told if isinstance(event, (*wanted, SessionBlocked))]
    who = {"session": "prod", "worker": "gfs1:/bricks/b1"}
    more.append(ReconcileDue(at=scripted.NOW, due=True, since=1, until=2, **who))
    soon = int(scripted.NOW)
    more.append(CheckpointSet(at=scripted.NOW, session="prod", node="gfs1", label="x", time=soon))
    state = State()
    for event in (*scripted.events(), *more):
        apply(state, cast("AnyEvent", event))
    found: dict[str, Keys] = {part: {} for part in PARTS}
    for session in cast(
        "list[dict[str, Any]]", report.status_plain(state, scripted.NOW)["sessions"]
    ):
        _add(found["session"], session)
        for part, name in (("worker", "workers"), ("checkpoint", "checkpoints")):
            for each in session[name]:
                _add(found[part], each)
    return found


def _add(keys: Keys, said: dict[str, Any]) -> None:
    for key, value in said.items():
        below = keys.setdefault(key, set())
        if key in APART:
            continue
        several = (
            value.values() if key in BY_NAME else value if isinstance(value, list) else [value]
        )
        for one in several:
            below.update(one if isinstance(one, dict) else ())


def _written(part: str) -> Keys:
    section = PAGE.read_text().partition(f"## {PARTS[part]}\n")[2].partition("\n## ")[0]
    found: Keys = {}
    for row in re.findall(r"^\| (`.*?) \| (.*) \|$", section, re.M):
        for key in re.findall(r"`(\w+)`", row[0]):
            found[key] = set(re.findall(r"`(\w+)`", row[1]))
            if row[1].startswith("as of a session"):
                found[key] = _written("session")[key]
    return found


@pytest.mark.parametrize("part", PARTS)
def test_every_key_is_on_the_page_and_no_other(part: str) -> None:
    said, written = _said()[part], _written(part)
    assert said.keys() == written.keys()
    for key, below in said.items():
        assert below == written[key], key
