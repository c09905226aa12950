"""The keys of hosts that are known to be right, in a file of georep's own."""

from pathlib import Path

import asyncssh

from engine import files
from engine.errors import Stop
from engine.rpc.route import Route


def public(key: asyncssh.SSHKey) -> str:
    """Return kind and key as known_hosts has them."""
    kind, blob, *_ = key.export_public_key().decode("ascii").split()
    return f"{kind} {blob}"


def fingerprint(key: asyncssh.SSHKey) -> str:
    """Return the fingerprint as `ssh-keygen -l` shows it."""
    return key.get_fingerprint("sha256")


def known(file: Path, route: Route) -> set[str]:
    """Return the keys that are noted for a host."""
    return {" ".join(line.split()[1:3]) for line in _lines(file) if _is_of(line, route)}


def is_known(route: Route) -> bool:
    """Whether some key is known here for the host, in whatever file is asked for it."""
    named = route.known_hosts_files()
    try:
        found = asyncssh.read_known_hosts(named) if named else asyncssh.import_known_hosts("")
    except (OSError, ValueError):
        return False
    return any(found.match(route.host, "", route.port)[:2])


def pin(file: Path, route: Route, key: asyncssh.SSHKey) -> None:
    """Note `key` as the one that the host has."""
    others = [line for line in _lines(file) if not _is_of(line, route)]
    lines = [*others, f"{_pattern(route)} {public(key)}"]
    files.write(file, "".join(f"{line}\n" for line in lines).encode())


def unaccepted(route: Route, shown: str, *, changed: bool) -> Stop:
    """Return the error for a host that shows a key which nobody has accepted."""
    words = f"{route.host} shows the host key {shown}"
    return Stop(
        f"{words}, not the one that was accepted" if changed else f"{words}, not accepted yet",
        cause="host key changed" if changed else "host key unknown",
        fix="Compare it on the host itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub. "
        f"When it is the same, say the command again with --accept {shown}",
    )


def _pattern(route: Route) -> str:
    return route.host if route.port == 22 else f"[{route.host}]:{route.port}"


def _is_of(line: str, route: Route) -> bool:
    return _pattern(route) in line.split(" ", 1)[0].split(",")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
