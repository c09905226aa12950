"""What an agent serves, open: a volume through mounts of its own, or a directory as it is."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import GeorepError, Retry, Stop
from engine.gluster import broker, pool, urls, volume
from engine.gluster.brokered import Brokered
from engine.gluster.mount import Mount, needs_privilege
from engine.gluster.objects import Scope
from engine.gluster.volume import Volume
from engine.keeping import Owner
from engine.peers import Peer
from engine.rpc.messages import Hello
from engine.secondary import directory_setup
from engine.secondary.directory_target import DirectoryTarget
from engine.secondary.gluster_target import GlusterTarget
from engine.secondary.target import OWN, Target

_READY = 60
"""Seconds for a mount to see all its bricks."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A secondary that can be worked on."""

    target: Target
    root: bytes
    """Path of its root, for the space that is left there."""
    far: bytes
    """Path below which movers find the file G as `.gfid/G`."""
    uuid: str
    trouble: Callable[[], str]
    """Says why it cannot be worked on any more; empty while it can."""
    abandon: Callable[[], None] = lambda: None
    """Ends what hangs in its mounts, with an error, and gives up all that is held there."""
    read_only: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    """What is set for the volume."""
    node: str = ""
    """Uuid of the glusterd here; empty when it has none."""
    nodes: tuple[Peer, ...] = ()
    """Those that have bricks of the volume."""
    bricks: tuple[bytes, ...] | None = None
    """Those of the volume that are on this node; None: it is a directory."""
    owner: Owner | None = None
    """To whom all of a directory belongs; None: each object to its own owner."""


@contextmanager
def opened(hello: Hello) -> Iterator[Opened]:
    """Open what `hello` names; GeorepError with the next step when that fails.

    A volume is mounted, so this must run in the main thread; it is unmounted in the end.
    """
    opener = _directory if urls.is_directory(hello.volume) else _volume
    with opener(hello) as there:
        yield there


@contextmanager
def _directory(hello: Hello) -> Iterator[Opened]:
    path = Path(hello.volume)
    root = os.fsencode(path)
    make = bool(hello.primary) and not hello.worker
    try:
        identity = directory_setup.identify(path, hello.primary, make=make)
        began = os.stat(root)
        target = DirectoryTarget(root, _scope(hello))
    except OSError as error:
        raise Retry(
            f"the directory {path} on the secondary refuses us: {error.strerror}",
            cause="directory refuses",
            fix=f"See there what is wrong with its disk: ls -la {path}/{os.fsdecode(OWN)}",
            evidence=str(error),
        ) from error

    def trouble() -> str:
        try:
            here = os.path.samestat(began, os.stat(root))
        except OSError:
            here = False
        return "" if here else f"the directory {path} was moved, or its disk unmounted"

    try:
        far = root + b"/" + OWN
        yield Opened(target, root, far, identity.uuid, trouble, owner=target.owner)
    finally:
        target.close()


@contextmanager
def _volume(hello: Hello) -> Iterator[Opened]:
    facts = _facts(hello.volume, hello.secondary)
    privileged = needs_privilege(facts)
    mount = _mount(hello, privileged=privileged)
    plain = _Spare(hello, privileged=False)
    second = _Spare(hello, privileged=True) if privileged else plain
    spares = {plain, second}

    try:
        mount.start(timeout=_READY)
        bricks = _bricks(facts)
        roots = mount.root, plain.root, second.root
        target = GlusterTarget(*roots, _scope(hello), bricks=bricks, pieces=facts.pieces)

        def trouble() -> str:
            if not mount.alive():
                return "the GlusterFS client of the secondary volume ended"
            return target.lost

        def abandon() -> None:
            mount.kill()
            for spare in spares:
                spare.kill()

        yield Opened(
            target,
            mount.root,
            mount.root,
            facts.uuid,
            trouble,
            abandon,
            read_only=facts.switched_on("features.read-only"),
            options=facts.options,
            node=_node(),
            nodes=tuple(Peer(brick.host_uuid, brick.host) for brick in facts.bricks),
            bricks=bricks,
        )
    finally:
        for spare in spares:
            spare.stop()
        mount.stop()


def _scope(hello: Hello) -> Scope:
    return Scope(users=hello.users, acls=hello.acls)


def _node() -> str:
    """Return which node this is: else one that a session names by another name counts twice."""
    for ask in (volume.local_node_uuid, pool.own_uuid):
        with suppress(GeorepError):
            return ask()
    return ""


def _facts(name: str, uuid: str) -> Volume:
    """Return what the secondary's glusterd knows of the volume; Stop when it is not started, or
    has another uuid than `uuid`.
    """
    found = volume.read(name)
    if uuid not in ("", found.uuid):
        raise Stop(
            f"the volume {name} there is not the one that the session replicates to: its uuid is "
            f"{found.uuid}, not {uuid}",
            cause="another volume",
            fix="See whether this node left the pool: gluster pool list",
        )
    if not found.started:
        raise Stop(
            f"volume {name} on the secondary is not started",
            cause="volume stopped",
            fix=f"Start it there: gluster volume start {name}",
        )
    return found


def _bricks(facts: Volume) -> tuple[bytes, ...]:
    with suppress(GeorepError):
        return tuple(brick.root for brick in facts.of_node(volume.local_node_uuid()))
    return ()


def _mount(hello: Hello, *, privileged: bool, spare: str = "") -> Mount | Brokered:
    """Return a mount of our own; or, where we may not mount, one that glusterd makes for us.

    `spare`: what a second one of ours is called besides.
    """
    volume, level = hello.volume, hello.log_level
    if os.geteuid() != 0:
        return Brokered(volume, level=level, privileged=privileged)
    label = f"agent-{hello.session}" + ("-privileged" if privileged else "") + spare
    log = Path(broker.LOG)
    return Mount(volume, label=label, log=log, log_level=level, privileged=privileged)


class _Spare:
    """One more mount, made only when something needs it; `privileged`: as client-pid -1."""

    def __init__(self, hello: Hello, *, privileged: bool) -> None:
        self._mount = _mount(hello, privileged=privileged, spare="-spare")
        self._guard = threading.Lock()
        self._up = False

    def root(self) -> bytes:
        with self._guard:
            if not self._up:
                self._mount.start(timeout=_READY)
                self._up = True
        return self._mount.root

    def stop(self) -> None:
        if self._up:
            self._mount.stop()

    def kill(self) -> None:
        # Who makes it just now may hang in that, and holds the guard.
        self._mount.kill()
