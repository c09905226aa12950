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
