"""What the marks of primaries say about a session, as checks."""

from collections.abc import Iterator

from engine.config import Session
from engine.errors import Stop
from engine.gluster import urls
from engine.session import marked
from engine.session.checks import Check, failed
from engine.session.marked import Marked, Pair

OTHERS, LOOP = "other primaries", "loop"
NAMES = frozenset({OTHERS, LOOP})
"""Checks that an operator may know better than."""


def checks(session: Session, pair: Pair, near: Marked, far: Marked) -> Iterator[Check]:
    """Say who else replicates to the secondary, whether it leads back, and which marks there are.

    A directory has no marks: it belongs to one primary, and is none.
    """
    if urls.is_directory(session.volume):
        return
    alone = f"No other primary replicates to {pair.secondary}{_unseen(far)}"
    yield _check(session, OTHERS, marked.second(pair, far), alone)
    once = f"{pair.secondary} does not lead back to {pair.primary}{_unseen(near)}"
    yield _check(session, LOOP, marked.loop(pair, near), once)
    yield _list(pair, near, far)


def _unseen(side: Marked) -> str:
    return ", as far as can be seen from here" if side.trouble else ""


def _check(session: Session, name: str, error: Stop | None, fine: str) -> Check:
    if error is None:
        return Check(name, True, fine)
    if error.cause == marked.ITSELF:
        return failed("same volume", error)
    if session.options.heed_marks:
        return failed(name, error)
    fix = f"Refuse it again: georep config reset {session.name} heed-marks"
    return Check(name, True, f"{error.words}; heed-marks is false", fix, error.evidence)


def _list(pair: Pair, near: Marked, far: Marked) -> Check:
    words = "; ".join(
        f"on {volume}: {', '.join(marked.listed(side)) or 'none'}"
        for volume, side in ((pair.primary, near), (pair.secondary, far))
    )
    trouble = [
        f"on {volume} {side.trouble}"
        for volume, side in ((pair.primary, near), (pair.secondary, far))
        if side.trouble
    ]
    if trouble:
        fix = "Look at them as root: getfattr -d -m volume-mark -e hex, on the root of a brick."
        return Check("marks", True, f"Marks of primaries, {'; '.join(trouble)}", fix, words)
    return Check("marks", True, f"Marks of primaries: {words}")
