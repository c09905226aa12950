"""A root of its own for rsync: programs and libraries, and the one directory that it writes into.

What a primary replicates is not to be trusted further than the secondary: a symlink in a volume
leads anywhere, and rsync would go there. Behind the fence there is nothing else to go to.
"""

import ctypes
import os

_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x10000000
_RDONLY, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 32, 4096, 16384, 1 << 18
_SAME = os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME
_RELATIME = 1 << 21
"""The one flag that mount and statvfs have different bits for."""
_DETACH = 2
_STAGE = "/run"
"""Where the new root is built; what is there is out of reach afterwards."""
_PROGRAMS = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
_libc = ctypes.CDLL(None, use_errno=True)


def enter(far: str) -> None:
    """Leave this process, which has one thread, with programs and the directory `far` alone;
    OSError when that cannot be done, and then nothing may be started.
    """
    if os.geteuid() == 0:
        _check(_libc.unshare(_CLONE_NEWNS), "unshare")
    else:
        _enter_user_namespace()
    # Opened in here: what the old namespace has cannot be mounted in the new one.
    held = os.open(far, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    _mount(None, "/", None, _REC | _PRIVATE)
    _mount("tmpfs", _STAGE, "tmpfs", 0, "mode=0755")
    for name in _PROGRAMS:
        _show(f"/{name}", f"{_STAGE}/{name}")
    os.makedirs(_STAGE + far)
    _mount(f"/proc/self/fd/{held}", _STAGE + far, None, _BIND | _whole())
    os.chdir(_STAGE)
    # The old root lands on top of the new one and is taken off there.
    _check(_libc.pivot_root(b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", _DETACH), "umount")
    os.chdir("/")
    _mount(None, "/", None, _REMOUNT | _RDONLY)
    os.close(held)


def _enter_user_namespace() -> None:
    """Become somebody who may mount, for himself alone; files see the same user as before."""
    ids = (("uid_map", os.geteuid()), ("gid_map", os.getegid()))
    _check(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "user namespaces")
    for name, text in (("setgroups", "deny"), *((name, f"{one} {one} 1") for name, one in ids)):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _whole() -> int:
    """Return what more a bind needs: without root nothing that is mounted below may be left out."""
    return 0 if os.geteuid() == 0 else _REC


def _show(source: str, target: str) -> None:
    """Have a directory of programs at `target`, to read only; a symlink stays one."""
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    elif os.path.isdir(source):
        os.mkdir(target)
        _mount(source, target, None, _BIND | _whole())
        _mount(None, target, None, _REMOUNT | _BIND | _RDONLY | _locked(target))


def _locked(path: str) -> int:
    """Return the flags of a mount that who is not root may not take off."""
    flags = os.statvfs(path).f_flag
    return (flags & _SAME) | (_RELATIME if flags & os.ST_RELATIME else 0)


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
