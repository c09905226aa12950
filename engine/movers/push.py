"""Small files whole, inside their items over the control channel. Blocks: run it in threads."""

import os

import msgspec

from engine.gluster import gfid as gfids
from engine.item import Item


def load(mount: bytes, item: Item, limit: int) -> Item | None:
    """Return `item` with its content, read through `mount`; None when it has grown beyond `limit`
    bytes.

    The size is that of what was read, so that the far side can be held against it; whatever changes
    the file after this read leaves a record of its own. FileNotFoundError when it is gone.
    """
    if item.attributes.size > limit:
        return None
    file = os.open(mount + b"/" + gfids.aux(item.gfid), os.O_RDONLY | os.O_NOFOLLOW)
    try:
        parts: list[bytes] = []
        size = 0
        while size <= limit and (part := os.pread(file, limit + 1 - size, size)):
            parts.append(part)
            size += len(part)
    finally:
        os.close(file)
    if size > limit:
        return None
    attributes = msgspec.structs.replace(item.attributes, size=size)
    return msgspec.structs.replace(item, attributes=attributes, data=b"".join(parts))
