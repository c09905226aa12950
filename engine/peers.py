"""The nodes of the secondary: which are known, and which of them a worker goes to. Pure."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

from engine.gluster import urls


class Peer(NamedTuple):
    """A node that serves a volume."""

    uuid: str
    """Its glusterd's."""
    host: str
    """As the volume was created with it: a name or an address."""


class Told(NamedTuple):
    """What an agent tells of where it is."""

    host: str
    """How it was reached."""
    uuid: str
    """Of the glusterd there; empty when it has none."""
    volume: str
    """The uuid of the volume there."""
    nodes: tuple[Peer, ...]
    """Those that have bricks of the volume, in the order of its bricks."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a session remembers of its secondary's nodes."""

    secondary: str
    """The session's, USER@HOST::VOLUME: of another one nothing is known."""
    volume: str
    """The uuid of the volume; whoever has another one of that name is no node of it."""
    uuid: str
    """Of the host that the session names; empty when that has no glusterd, or never answered."""
    nodes: tuple[Peer, ...]


LOST = frozenset(
    {
        *("connection lost", "secondary silent", "agent ended", "secondary given up"),
        *("secondary bricks down", "secondary hangs"),
    }
)
"""Causes of a fault after which another node may do better."""

NODES_OWN = frozenset(
    {
        *("host unknown", "host unreachable", "host key unknown", "host key changed"),
        *("key refused", "key of gsyncd's", "refused by the gate", "no agent", "version mismatch"),
        *("protocol", "another volume", "volume missing", "mount failed"),
        *("glusterd down", "glusterd refused", "glusterfs missing", "mountbroker refuses", *LOST),
    }
)
"""Causes for which one node cannot be used, and another one may."""


def parse_hosts(text: str) -> list[str]:
    """Return the hosts that an operator lists; ValueError when one of them cannot be a host."""
    found = list(dict.fromkeys(word.strip("[]") for word in text.replace(",", " ").split()))
    for host in found:
        if not urls.is_host(host):
            raise ValueError(text)
    return found


def known(before: Known | None, secondary: str, named: str, told: Told) -> Known:
    """Return what is known after an agent on one of the nodes has told.

    `named` is the host in `secondary`; it alone can say which of the nodes it is, and that the
    volume is another one now.
    """
    kept = before if before is not None and before.secondary == secondary else None
    if told.host == named:
        uuid = told.uuid
    elif kept is None:
        uuid = ""
    elif kept.volume == told.volume:
        uuid = kept.uuid
    else:
        return kept
    nodes = tuple(dict.fromkeys(node for node in told.nodes if node.uuid))
    return Known(secondary=secondary, volume=told.volume, uuid=uuid, nodes=nodes)


def hosts(found: Known | None, named: str) -> list[str]:
    """Return the hosts of the secondary, each once; the one that the session names is one of them,
    under that name.

    Names come from the far side: what cannot be one, or leads to ourselves, is left out.
    """
    if found is None:
        return [named]
    listed: dict[str, str] = {}
    for node in found.nodes:
        host = named if node.uuid == found.uuid else node.host
        if host == named or (urls.is_host(host) and host not in urls.HERE):
            listed.setdefault(node.uuid, host)
    chosen = list(dict.fromkeys(listed.values()))
    # It has no bricks, or never said who it is.
    return chosen if named in chosen else [named, *chosen]


def ranked(subvolume: int, place: int, subvolumes: int) -> int:
    """Return the number by which a brick gets its node: of all bricks the first ones of their sets
    come first, for it is those that work, as a rule.

    `place`: where the brick stands in its set, from 0.
    """
    return place * subvolumes + subvolume


def order(found: Sequence[str], rank: int, last: Collection[str] = ()) -> list[str]:
    """Return the hosts in the order in which the worker of this rank tries them: its own first.

    The same hosts give the same order. Workers are spread over the nodes evenly, and those of a
    node that is away over the others. `last`: hosts that are tried after all others, for they were
    away a moment ago.
    """
    home, turn = rank % len(found), rank // len(found)
    others = [*found[home + 1 :], *found[:home]]
    at = turn % len(others) if others else 0
    tried = [found[home], *others[at:], *others[:at]]
    return sorted(tried, key=lambda host: host in last)
