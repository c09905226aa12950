"""Which node of the pool this machine is, as its glusterd tells anybody who asks."""

import xml.etree.ElementTree as ET

from engine.errors import Stop
from engine.gluster import urls, volume


def own_uuid(*, timeout: float = 30.0) -> str:
    """Return the uuid of this machine's glusterd; blocks up to `timeout`.

    For those who may not read its file (`volume.local_node_uuid`). Stop when its answer does not
    tell, Retry when there is none.
    """
    _, said, words = volume.command(("pool", "list", "--xml"), timeout)
    found = parse(said)
    if not found:
        raise Stop(
            "glusterd does not tell which node of the pool this is",
            cause="no node",
            fix="See what it says: gluster pool list",
            evidence=words,
        )
    return found


def parse(xml: str) -> str:
    """Return the uuid of the node that calls itself localhost in a list of the pool; "" if there
    is not one such.
    """
    try:
        peers = ET.fromstring(xml).iterfind("peerStatus/peer")
        # Others stand there by the names that they were probed with.
        found = {
            (peer.findtext("uuid") or "").strip().lower()
            for peer in peers
            if (peer.findtext("hostname") or "").strip() in urls.HERE
        }
    # The XML parser has the last two for bytes in an encoding that it does not know.
    except (ET.ParseError, ValueError, LookupError):
        return ""
    return found.pop() if len(found) == 1 else ""


def others(*, timeout: float = 30.0) -> list[str]:
    """Return what the other nodes of the pool are called, as this machine's glusterd knows them;
    blocks up to `timeout`.

    Stop when its answer does not tell, Retry when there is none.
    """
    code, said, words = volume.command(("pool", "list", "--xml"), timeout)
    found = None if code else parse_others(said)
    if found is None:
        raise Stop(
            "glusterd does not tell which nodes the pool has",
            cause="no node",
            fix="See what it says: gluster pool list",
            evidence=words,
        )
    return found


def parse_others(xml: str) -> list[str] | None:
    """Return the names of the nodes that are not this one; None when it is no list of a pool."""
    try:
        peers = list(ET.fromstring(xml).iterfind("peerStatus/peer"))
    except (ET.ParseError, ValueError, LookupError):
        return None
    names = [(peer.findtext("hostname") or "").strip() for peer in peers]
    return sorted({name for name in names if name and name not in urls.HERE}) if peers else None
