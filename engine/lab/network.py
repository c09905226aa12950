"""The wires of a lab: one bridge in a namespace of its own, one namespace per host."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping

from engine.errors import Stop
from engine.lab.place import SWITCH, Place

NAMESPACES = "/run/netns"


def switch_commands(place: Place) -> list[str]:
    """Return what `ip` does to make the bridge."""
    switch = place.namespace(SWITCH)
    return [f"netns add {switch}", f"link add name bridge netns {switch} up type bridge"]


def host_commands(place: Place, host: str) -> list[str]:
    """Return what `ip` does to make the namespace of `host` and its wire to the bridge."""
    switch, own = place.namespace(SWITCH), place.namespace(host)
    return [
        f"netns add {own}",
        f"link add name {host} netns {switch} type veth peer name eth0 netns {own}",
    ]


def plug_commands(hosts: Iterable[str]) -> list[str]:
    """Return what `ip` does, in the bridge's namespace, to connect `hosts`."""
    return [f"link set dev {host} master bridge up" for host in hosts]


def inner_commands(address: str) -> list[str]:
    """Return what `ip` does inside a host."""
    return [
        "link set dev lo up",
        f"address add {address}/24 dev eth0",
        "link set dev eth0 up",
    ]


def build(place: Place, addresses: Mapping[str, str], *, lock: int) -> None:
    """Make the bridge and the hosts' namespaces; `lock` is held as long as any of it runs."""
    outer = switch_commands(place) + [
        line for host in addresses for line in host_commands(place, host)
    ]
    _batch([], outer, lock)
    _batch(["-n", place.namespace(SWITCH)], plug_commands(addresses), lock)
    for host, address in addresses.items():
        _batch(["-n", place.namespace(host)], inner_commands(address), lock)


def switch(place: Place, host: str, *, up: bool) -> None:
    """Take the wire of one host away, or put it back."""
    line = f"link set dev {host} {'up' if up else 'down'}"
    _batch(["-n", place.namespace(SWITCH)], [line], lock=None)


def existing(place: Place) -> list[str]:
    """Return the namespaces of the lab that there are."""
    try:
        return [name for name in os.listdir(NAMESPACES) if place.owns_namespace(name)]
    except FileNotFoundError:
        return []


def wired(place: Place) -> set[str]:
    """Return the hosts that are plugged into the bridge."""
    said = subprocess.run(
        ["ip", "-n", place.namespace(SWITCH), "-json", "link", "show", "master", "bridge"],
        capture_output=True,
        check=False,
    )
    links = json.loads(said.stdout or "[]") if said.returncode == 0 else []
    return {link["ifname"] for link in links if "ifname" in link}


def inode(namespace: str) -> int | None:
    """Return the identity of the namespace called `namespace`, or None when there is none."""
    try:
        return os.stat(f"{NAMESPACES}/{namespace}").st_ino
    except FileNotFoundError:
        return None


def remove(place: Place) -> None:
    """Delete the lab's namespaces, and with them the bridge and the wires."""
    for name in existing(place):
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _batch(options: list[str], lines: list[str], lock: int | None) -> None:
    said = subprocess.run(
        ["ip", *options, "-batch", "-"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
        pass_fds=() if lock is None else (lock,),
    )
    if said.returncode:
        raise Stop(
            "The lab's network could not be made",
            cause="lab network failed",
            fix="The kernel must have network namespaces, bridge and veth.",
            evidence=said.stderr.strip(),
        )
