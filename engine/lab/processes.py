"""Which processes belong to a lab, and their end. Nothing is ever found by its name."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from engine.errors import Stop
from engine.lab import network
from engine.lab.place import MARKER, Place

_PATIENCE = 60.0
"""Seconds that killed processes may take to be gone."""


def started(pid: int) -> int | None:
    """Return when `pid` began, in clock ticks since the machine did, or None if it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The program's name, in parentheses, may hold anything; the numbers stand behind it.
    state, *numbers = text[text.rindex(")") + 2 :].split()
    return None if state in "ZX" else int(numbers[18])


def shares_network(pid: int, holder: int) -> bool:
    """Return whether `pid` lives in the same host as `holder`."""
    own = _namespace(pid, "net")
    return own is not None and own == _namespace(holder, "net")


def of_lab(place: Place) -> set[int]:
    """Return every process in the lab's hosts, also of hosts whose record is lost."""
    networks = {network.inode(name) for name in network.existing(place)} - {None}
    return {pid for pid in _pids() if _belongs(place, pid, networks)}


def end_all(place: Place) -> None:
    """Kill every process of the lab and wait until none is left."""
    deadline = time.monotonic() + _PATIENCE
    while left := of_lab(place):
        networks = {network.inode(name) for name in network.existing(place)} - {None}
        for pid in left:
            _kill(pid, partial(_belongs, place, pid, networks))
        if time.monotonic() > deadline:
            raise Stop(
                f"Processes of the lab do not die: {' '.join(map(str, sorted(left)))}",
                fix="They hang in the kernel; look at /proc/PID/stack, then run down again.",
            )
        time.sleep(0.02)


def kill(pid: int, holder: int) -> None:
    """Kill `pid` of the host of `holder`."""
    _kill(pid, partial(shares_network, pid, holder))


def _belongs(place: Place, pid: int, networks: set[int | None]) -> bool:
    """Return whether `pid` is in one of `networks`, or in a host marked as the lab's."""
    own = _namespace(pid, "net") in networks
    if _namespace(pid, "mnt") in (None, _namespace(os.getpid(), "mnt")):
        return own and pid != os.getpid()
    marked = _marked(pid)
    if own and marked not in (None, str(place.root)):
        raise Stop(
            f"Another lab called {place.name} runs in {marked}",
            fix="Give this one another --name, or take that one down first.",
        )
    return own or marked == str(place.root)


def _kill(pid: int, is_ours: Callable[[], bool]) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        # The number may have been given to somebody else since it was found; the handle holds it.
        if is_ours():
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdecimal())


def _namespace(pid: int, kind: str) -> int | None:
    try:
        return os.stat(f"/proc/{pid}/ns/{kind}").st_ino
    except OSError:
        return None


def _marked(pid: int) -> str | None:
    """Return the folder of the lab in whose host `pid` lives."""
    try:
        return Path(f"/proc/{pid}/root/{MARKER}").read_text().strip()
    except OSError:
        return None
