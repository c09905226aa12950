"""Active or Passive: by the node that each subvolume names for itself.

The root of a mount has an xattr with one node uuid for each subvolume: of a replica set its first
brick that is up, in the order of the volume; of a dispersed set the first that answers. So each
set has one Active node, and when its first brick goes down the next one's node takes over. Two
bricks of one set on one node are both elected; which of them works is not decided here. A node that
is named for one set may have a brick of another that is down: what it has hears of no change any
more, so whether the own brick answers is asked, too. GlusterFS 10.3, checked by experiment.
"""

import errno
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.gluster import xattrs


@dataclass(frozen=True, slots=True)
class Election:
    """Whether this node is elected, and why."""

    active: bool
    reason: str


def decide(elected: Sequence[str], node: str, hosts: Mapping[str, str]) -> Election:
    """Elect by the uuids of one answering node per subvolume, in subvolume order. Pure.

    `hosts`: what each node is called, by its uuid.
    """
    if node in elected:
        return Election(True, "the volume names this node")
    if not elected:
        return Election(False, "the volume names no node: none of its bricks answers")
    others = ", ".join(dict.fromkeys(hosts.get(each, each) for each in elected))
    return Election(False, f"the volume names other nodes: {others}")


def elect(mount: bytes, node: str, hosts: Mapping[str, str]) -> Election:
    """Ask the volume through the root of its mount. Blocks; OSError when it does not answer."""
    told = xattrs.parse_node_uuids(xattrs.get(mount, xattrs.NODE_UUID) or b"")
    return decide(told, node, hosts)


def told(pathinfo: bytes, hosts: Collection[str], brick: bytes) -> bool | None:
    """Whether a brick is told to answer, under one of its node's names; None where none is told of.
    Pure.
    """
    if b"<POSIX(" not in pathinfo:
        return None
    return any(b"<POSIX(%s):%s:" % (brick, host.encode()) in pathinfo for host in hosts)


def answers(mount: bytes, hosts: Collection[str], brick: bytes) -> bool | None:
    """Ask the volume whether a brick answers; None where it cannot tell. Blocks; OSError when the
    volume does not answer.
    """
    try:
        pathinfo = xattrs.get(mount, xattrs.PATHINFO) or b""
    except OSError as error:
        # What a dispersed volume of GlusterFS 10.3 says, with all its bricks up.
        if error.errno != errno.ENOMEM:
            raise
        return None
    return told(pathinfo, hosts, brick)
