"""The attributes that the kernel has of an open object, without its file system being asked again.

Python has `os.stat` alone, which asks. statx(2) is as Linux 4.11 and glibc 2.28 have it.
"""

import ctypes
import os
import stat
import struct

_AT_EMPTY_PATH, _AT_STATX_DONT_SYNC = 0x1000, 0x4000
_BASIC = 0x7FF
"""All that stat(2) tells."""
_TIME = "qI4x"
_STATX = struct.Struct(f"=IIQIIIHHQQQQ{4 * _TIME}IIII")
_SIZE = 256
_SECOND = 10**9


def known(file: int) -> os.stat_result:
    """Return what the kernel was told last of the object that `file` stands for: on a mount that
    keeps nothing, with a descriptor that was opened just now, that is what a look-up told.

    No round trip. Another thread's reply of the same object can have come in between: see `agreed`.
    """
    into = ctypes.create_string_buffer(_SIZE)
    if _statx(file, b"", _AT_EMPTY_PATH | _AT_STATX_DONT_SYNC, _BASIC, into):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return _unpacked(into.raw)


def altered(
    status: os.stat_result,
    *,
    mode: int | None = None,
    size: int | None = None,
    mtime: int | None = None,
) -> os.stat_result:
    """Return `status` with another mode, size in bytes, or mtime in nanoseconds."""
    # Those that the tuple has must not be said twice.
    more = {name for name in dir(status) if name.startswith("st_")} - {*status.__match_args__}
    fields = {name: getattr(status, name) for name in more}
    plain = list(status)
    if mode is not None:
        plain[stat.ST_MODE] = mode
    if size is not None:
        plain[stat.ST_SIZE] = size
    if mtime is not None:
        plain[stat.ST_MTIME] = mtime // _SECOND
        fields |= {"st_mtime": mtime / _SECOND, "st_mtime_ns": mtime}
    return os.stat_result(plain, fields)


def _unpacked(raw: bytes) -> os.stat_result:
    fields = _STATX.unpack_from(raw)
    first, times, devices = fields[:12], fields[12:20], fields[20:]
    _mask, block, _flags, links, uid, gid, mode, _spare, inode, size, blocks, _known = first
    atime, atime_ns, _born, _born_ns, ctime, ctime_ns, mtime, mtime_ns = times
    major, minor, on_major, on_minor = devices
    plain = (mode, inode, os.makedev(on_major, on_minor), links, uid, gid, size)
    more = {
        "st_atime": atime + atime_ns / _SECOND,
        "st_mtime": mtime + mtime_ns / _SECOND,
        "st_ctime": ctime + ctime_ns / _SECOND,
        "st_atime_ns": atime * _SECOND + atime_ns,
        "st_mtime_ns": mtime * _SECOND + mtime_ns,
        "st_ctime_ns": ctime * _SECOND + ctime_ns,
        "st_blksize": block,
        "st_blocks": blocks,
        "st_rdev": os.makedev(major, minor),
    }
    return os.stat_result((*plain, atime, mtime, ctime), more)


_statx = ctypes.CDLL(None, use_errno=True).statx
_statx.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)
