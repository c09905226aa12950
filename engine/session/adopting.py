"""A session of gsyncd's becomes one of georep's: the same volumes, what was set, and its position.

The position needs no import: both keep it in the same xattrs of the bricks, in the same way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine import config
from engine import gsyncd as words
from engine.config import Places, Session
from engine.errors import Stop, Usage
from engine.gluster import gsyncd, volume
from engine.gluster.gsyncd import Found
from engine.options import TABLE
from engine.session import lifecycle
from engine.session.doctor import Agree, Tick
from engine.session.position import Position

_OLD = {"timeout": "secondary-timeout"}
"""What an option was called long ago."""
_OWN = frozenset(
    {
        *("access-mount", "secondary-access-mount", "slave-access-mount"),
        *("stime-xattr-prefix", "primary-distribution-count", "master-distribution-count"),
        *("session-owner", "state-file", "pid-file", "georep-session-working-dir", "remote-gsyncd"),
    }
)
"""What only tells gsyncd where its own things are, or what its rsync needed."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What becomes of gsyncd's options."""

    settings: tuple[str, ...]
    """NAME=VALUE, as `georep create` takes them."""
    left: tuple[str, ...]
    """NAME=VALUE of gsyncd's that mean nothing here, or that are not accepted."""


def translate(options: Mapping[str, str]) -> Taken:
    """Return what of gsyncd's options is taken over. Pure."""
    settings: dict[str, str] = {}
    left: list[str] = []
    for name, value in sorted(options.items()):
        ours = _ours(name, value)
        if ours is not None:
            settings[ours[0]] = ours[1]
        elif name not in _OWN:
            left.append(f"{name}={value}")
    return Taken(tuple(f"{name}={value}" for name, value in settings.items()), tuple(left))


def _ours(name: str, value: str) -> tuple[str, str] | None:
    """Return our name and value; None when there is none that is accepted."""
    if name == "use-tarssh":
        return ("sync-method", "tarssh") if value.lower() == "true" else None
    if name == "log-level":
        value = value.lower().replace("critical", "error")
    called = words.called(name)
    option = TABLE.get(_OLD.get(called, called))
    if option is None or name in _OWN:
        return None
    try:
        return option.name, option.text(option.parse(value))
    except ValueError:
        return None


def choose(found: Sequence[Found], primary: str, secondary: str) -> Found:
    """Return the session of gsyncd that is meant; Usage when it is none, or not clear which."""
    there = config.parse_secondary(secondary) if secondary else None
    meant = [
        each
        for each in found
        if each.primary == primary
        and (there is None or (each.host.strip("[]"), each.volume) == (there.host, there.volume))
    ]
    if len(meant) == 1:
        return meant[0]
    if meant:
        which = ", ".join(each.secondary for each in meant)
        raise Usage(
            f"gsyncd has several sessions of {primary}: {which}", fix="Name one of them, too."
        )
    raise Usage(
        f"gsyncd has no such session on this node: {primary} {secondary}".rstrip(),
        fix="See which it has: georep adopt --list",
    )


def positions(found: Found) -> dict[str, int]:
    """Return up to when, in seconds since the epoch, each brick of this node says that it has
    everything; 0: nothing is known. Blocks; GeorepError when the volume cannot be looked at.
    """
    there = volume.read(found.primary)
    bricks = there.of_node(volume.local_node_uuid())
    try:
        return {each.path: Position(each.root, there.uuid, found.uuid).stime for each in bricks}
    except OSError as error:
        raise Stop(
            f"a brick cannot be read: {error.strerror}",
            cause="brick gone",
            fix=f"See its disk, and run this as root: gluster volume status {found.primary}",
        ) from error


def refuse_running(found: Found) -> None:
    """Raise Stop while gsyncd runs, on this node or on another one; Retry when nobody knows."""
    states = gsyncd.states(found)
    busy = [f"{brick} ({word})" for brick, word in states.items() if word not in gsyncd.ENDED]
    if not found.running and not busy:
        return
    where = ", ".join(busy) or "this node"
    raise Stop(
        f"gsyncd still runs from {found.primary} to {found.secondary}: {where}",
        cause="gsyncd runs",
        fix=f"Stop it, the two must never run together: gluster volume geo-replication "
        f"{found.primary} {found.secondary.removeprefix('root@')} stop",
    )


async def adopt(at: Places, found: Found, *, name: str, tick: Tick, agree: Agree | None) -> Session:
    """Create a session of georep's that goes on where gsyncd stopped; start nothing."""
    refuse_running(found)
    settings = translate(found.options).settings
    return await lifecycle.create(
        at, found.primary, found.secondary, name=name, settings=settings, tick=tick, agree=agree
    )
