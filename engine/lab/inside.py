"""Runs in the new namespaces of a host: builds its file system from this machine's, then waits.

It is started as a script with the host's plan on its command line, in JSON, and needs nothing but
the standard library. Once everything is in place it says READY and its number, and becomes `sleep`.
"""

import ctypes
import json
import os
import socket
import sys
from typing import Any

MS_BIND, MS_REC, MNT_DETACH = 0x1000, 0x4000, 2
READY = "ready"
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Build the host that the command line describes."""
    plan: dict[str, Any] = json.loads(sys.argv[1])
    socket.sethostname(plan["hostname"])
    new = plan["newroot"]
    _mount("tmpfs", new, "tmpfs", 0, "mode=0755")
    _mirror("/", new, leave={"root", *plan["own"]})
    os.mkdir(f"{new}/root", 0o700)
    _mirror("/root", f"{new}/root", leave={".ssh", ".bashrc"})
    for path, mode in plan["folders"]:
        os.mkdir(new + path)
        os.chmod(new + path, mode)
    for path, text in plan["files"]:
        with open(new + path, "w") as file:
            file.write(text)
    for source, target in plan["binds"]:
        _mount(source, new + target, None, MS_BIND)
    _enter(new)
    _drop_foreign_mounts()
    os.write(1, f"{READY} {os.getpid()}\n".encode())
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    # What else was handed down, the lab's lock above all, must not live as long as the host.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.execv("/usr/bin/sleep", ["sleep", "infinity"])


def _mirror(old: str, new: str, leave: set[str]) -> None:
    """Make each entry of `old` appear in `new`, where mount points can then be added."""
    for name in os.listdir(old):
        source, target = os.path.join(old, name), os.path.join(new, name)
        if name in leave:
            continue
        if os.path.islink(source):
            os.symlink(os.readlink(source), target)
        elif os.path.isdir(source):
            os.mkdir(target)
            _mount(source, target, None, MS_BIND | MS_REC)
        elif os.path.isfile(source):
            os.close(os.open(target, os.O_CREAT, 0o600))
            _mount(source, target, None, MS_BIND)


def _enter(new: str) -> None:
    os.chdir(new)
    # The old root lands on top of the new one and is taken off there.
    _check(_libc.pivot_root(b".", b"."), "pivot_root", new)
    _check(_libc.umount2(b".", MNT_DETACH), "umount", "the old root")
    os.chdir("/")


def _drop_foreign_mounts() -> None:
    """Let go of this machine's Gluster mounts and namespaces, which a copy would keep alive."""
    with open("/proc/self/mountinfo") as file:
        fields = [line.split() for line in file]
    for field in fields:
        kind, target = field[field.index("-") + 1], field[4]
        if kind in ("fuse.glusterfs", "nsfs"):
            _libc.umount2(target.encode().decode("unicode_escape").encode(), MNT_DETACH)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    said = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        os.fsencode(kind) if kind else None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _check(said, "mount", target)


def _check(said: int, call: str, target: str) -> None:
    if said != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}", target)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"{error.strerror}: {error.filename}")
