"""What an ordinary user can keep of an object, in a directory that is the secondary. Pure.

All of it belongs to that user. Who owns a directory must be able to work in it, and to read what is
in a file; so rights that would keep the owner out are not taken away.
"""

import stat
import struct

import msgspec

from engine.item import Attributes, Facts, Item, Kind

_ACL = b"system.posix_acl_access"
_HEAD, _ENTRY = struct.Struct("<I"), struct.Struct("<HHI")
_OWNER = 1
"""The tag of the entry that says what the owner may."""
_PRIVILEGES = stat.S_ISUID | stat.S_ISGID
"""On a file they would lend the user's own rights to whoever wrote it on the primary."""


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The user to whom everything in such a directory belongs."""

    name: str
    uid: int
    gid: int
    """The group of what belongs to one that the user is not in."""
    groups: tuple[int, ...] = ()
    """Others that the user is in."""


def attributes(shall: Attributes, owner: Owner) -> Attributes:
    """Return `shall` as far as it can be kept; what can be is not changed by it."""
    mode = shall.mode
    if stat.S_ISDIR(mode):
        mode |= stat.S_IRWXU
    elif stat.S_ISREG(mode):
        mode = (mode | stat.S_IRUSR) & ~_PRIVILEGES
    gid = shall.gid if shall.gid in owner.groups else owner.gid
    return msgspec.structs.replace(shall, mode=mode, uid=owner.uid, gid=gid)


def item(shall: Item, owner: Owner) -> Item:
    """Return the same of an item; a file that a mover writes to can be written by its owner."""
    kept = attributes(shall.attributes, owner)
    rights = stat.S_IRWXU if shall.kind is Kind.DIRECTORY else stat.S_IRUSR
    if shall.coming:
        rights |= stat.S_IWUSR
        kept = msgspec.structs.replace(kept, mode=kept.mode | rights)
    return msgspec.structs.replace(
        shall, attributes=kept, xattrs=shall.xattrs and _with_rights(shall.xattrs, rights >> 6)
    )


def facts(found: Facts, owner: Owner) -> Facts:
    """Return what is found on the primary as it is when it is kept."""
    return msgspec.structs.replace(found, attributes=attributes(found.attributes, owner))


def _with_rights(xattrs: dict[bytes, bytes], rights: int) -> dict[bytes, bytes]:
    """Return `xattrs` with an ACL that gives the owner `rights`, in three bits, at least: the mode
    and the ACL say the same of the owner.
    """
    acl = xattrs.get(_ACL)
    if acl is None or len(acl) < _HEAD.size or (len(acl) - _HEAD.size) % _ENTRY.size:
        return xattrs
    entries = _ENTRY.iter_unpack(acl[_HEAD.size :])
    packed = [
        _ENTRY.pack(tag, may | rights if tag == _OWNER else may, who) for tag, may, who in entries
    ]
    return {**xattrs, _ACL: acl[: _HEAD.size] + b"".join(packed)}
