"""A root of its own for rsync: programs and libraries, and the one directory that it writes into.

What a primary replicates is not to be trusted further than the secondary: a symlink in a volume
leads anywhere, and rsync would go there. Behind the fence there is nothing else to go to.
"""

import ctypes
import os

_CLONE_NEWNS = 0x20000
_RDONLY, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 32, 4096, 16384, 1 << 18
_DETACH = 2
_STAGE = "/run"
"""Where the new root is built; what is there is out of reach afterwards."""
_PROGRAMS = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
_libc = ctypes.CDLL(None, use_errno=True)


def enter(far: str) -> None:
    """Leave this process, which must be root, with programs and the directory `far` alone; OSError
    when that cannot be done, and then nothing may be started.
    """
    _check(_libc.unshare(_CLONE_NEWNS), "unshare")
    # Opened in here: what the old namespace has cannot be mounted in the new one.
    held = os.open(far, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    _mount(None, "/", None, _REC | _PRIVATE)
    _mount("tmpfs", _STAGE, "tmpfs", 0, "mode=0755")
    for name in _PROGRAMS:
        _show(f"/{name}", f"{_STAGE}/{name}")
    os.makedirs(_STAGE + far)
    _mount(f"/proc/self/fd/{held}", _STAGE + far, None, _BIND)
    os.chdir(_STAGE)
    # The old root lands on top of the new one and is taken off there.
    _check(_libc.pivot_root(b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", _DETACH), "umount")
    os.chdir("/")
    _mount(None, "/", None, _REMOUNT | _RDONLY)
    os.close(held)


def _show(source: str, target: str) -> None:
    """Have a directory of programs at `target`, to read only; a symlink stays one."""
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    elif os.path.isdir(source):
        os.mkdir(target)
        _mount(source, target, None, _BIND)
        _mount(None, target, None, _REMOUNT | _BIND | _RDONLY)


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: str = ""
) -> None:
    words = (os.fsencode(word) if word else None for word in (source, target, kind))
    said = _libc.mount(*words, ctypes.c_ulong(flags), options.encode() or None)
    _check(said, f"mount {target}")


def _check(said: int, what: str) -> None:
    if said:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
