"""Gfids in every form: raw bytes, text, and the paths that lead to an object. Pure.

Two roots are meant: paths that begin with `.glusterfs/` are below a brick, paths that begin with
`.gfid/` are below a mount with gfid access. Both are relative and bytes.
"""

from typing import Final

from engine.errors import Reject
from engine.item import Gfid, Place

LENGTH: Final = 36
"""Characters of a gfid's text."""


class NotAGfid(Reject):
    """Bytes that should have been a gfid, or a place, are none."""

    def __init__(self, what: str, found: bytes) -> None:
        super().__init__(f"not {what}: {found[:80]!r}")
        self.found = found


def from_text(text: bytes) -> Gfid:
    """Return the gfid that `text` is; NotAGfid unless it is in canonical form."""
    # Twice as fast as a regular expression; parsers do this for every record.
    if text[8:24:5] == b"----" == text.translate(None, b"0123456789abcdef") and len(text) == LENGTH:
        return Gfid(text.decode("ascii"))
    raise NotAGfid("a gfid", text)


def from_raw(raw: bytes) -> Gfid:
    """Return the gfid of 16 raw bytes, the form of `trusted.gfid`; NotAGfid for other lengths."""
    if len(raw) != 16:
        raise NotAGfid("a gfid of 16 bytes", raw)
    h = raw.hex()
    return Gfid(f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}")


def to_raw(gfid: Gfid) -> bytes:
    """Undo `from_raw`."""
    return bytes.fromhex(gfid.replace("-", ""))


def place(text: bytes) -> Place:
    """Return the place in `<parent gfid>/<name>`, the form of changelogs and gfid2path xattrs."""
    name = text[LENGTH + 1 :]
    if text[LENGTH : LENGTH + 1] != b"/" or not name or b"/" in name or b"\0" in name:
        raise NotAGfid("a place", text)
    return Place(from_text(text[:LENGTH]), name)


def handle(gfid: Gfid) -> bytes:
    """Return where a brick keeps the handle of `gfid`: `.glusterfs/aa/bb/<gfid>`."""
    return f".glusterfs/{gfid[:2]}/{gfid[2:4]}/{gfid}".encode("ascii")


def below_handle(where: Place) -> bytes:
    """Return a place's path through its parent's handle: `.glusterfs/pp/qq/<parent>/<name>`."""
    return handle(where.parent) + b"/" + where.name


def handle_link(target: bytes) -> Place | None:
    """Return the one place of a directory, whose handle points at `../../pp/qq/<parent>/<name>`.

    None for the root, whose handle points at `../../..`. NotAGfid for anything else: what was read
    is then no directory's handle (the handle of a user's symlink is that symlink itself).
    """
    if target == b"../../..":
        return None
    found = place(target[12:])
    if target[:12] != b"../../" + f"{found.parent[:2]}/{found.parent[2:4]}/".encode("ascii"):
        raise NotAGfid("a directory's handle", target)
    return found


def aux(gfid: Gfid) -> bytes:
    """Return the path of an object on a mount with gfid access: `.gfid/<gfid>`."""
    return b".gfid/" + gfid.encode("ascii")


def aux_place(where: Place) -> bytes:
    """Return the path of a place on a mount with gfid access: `.gfid/<parent>/<name>`."""
    return b".gfid/" + where.parent.encode("ascii") + b"/" + where.name
