"""Active or Passive: by the node that each subvolume names for itself.

The root of a mount has an xattr with one node uuid for each subvolume: of a replica set its first
brick that is up, in the order of the volume; of a dispersed set the first that answers. So each
set has one Active node, and when its first brick goes down the next one's node takes over. Two
bricks of one set on one node are both elected; which of them works is not decided here. A node that
is named for one set may have a brick of another that is down: what it has hears of no change any
more, so whether the own brick answers is asked, too. GlusterFS 10.3, checked by experiment.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.gluster import xattrs


@dataclass(frozen=True, slots=True)
class Election:
    """Whether this node is elected, and why."""

    active: bool
    reason: str


def decide(elected: Sequence[str], node: str) -> Election:
    """Elect by the uuids of one answering node per subvolume, in subvolume order. Pure."""
    if node in elected:
        return Election(True, "the volume names this node")
    if not elected:
        return Election(False, "the volume names no node: none of its bricks answers")
    others = ", ".join(dict.fromkeys(elected))
    return Election(False, f"the volume names other nodes: {others}")


def answers(pathinfo: bytes, host: str, brick: bytes) -> bool:
    """Whether a brick is among those that answered, where that is told at all. Pure."""
    own = b"<POSIX(%s):%s:" % (brick, host.encode())
    return b"<POSIX(" not in pathinfo or own in pathinfo


def elect(mount: bytes, node: str, host: str, brick: bytes) -> Election:
    """Ask the volume through the root of its mount; `host` is the name that the brick's node gives
    itself. Blocks; OSError when it does not answer.
    """
    outcome = decide(xattrs.parse_node_uuids(xattrs.get(mount, xattrs.NODE_UUID) or b""), node)
    if outcome.active and not answers(xattrs.get(mount, xattrs.PATHINFO) or b"", host, brick):
        return Election(False, "its own brick is down")
    return outcome
