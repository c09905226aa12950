"""What a lab consists of: hosts, bricks, volumes, addresses. Pure: no clock, no I/O."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.errors import Usage

PRIMARY, SECONDARY = "gvol", "svol"
VOLUMES = (PRIMARY, SECONDARY)
BRICKS = "/bricks"
MOST_HOSTS = 9
"""On each side; the addresses are laid out for it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The form of one lab; the default is a 2x2 primary and a secondary of two plain bricks."""

    primaries: int = 2
    """Hosts of the primary pool."""
    bricks: int = 2
    """Bricks of the primary volume on each of its hosts."""
    replica: int = 2
    """Copies of each file on the primary, the arbiter's included; 1 for none."""
    arbiter: int = 0
    """1 when the last brick of each replica set holds names and attributes only."""
    disperse: int = 0
    """Bricks of one dispersed set of the primary, those of `redundancy` included; 0 for none."""
    redundancy: int = 0
    secondaries: int = 1
    """Hosts of the secondary pool."""
    secondary_bricks: int = 2
    """Bricks of the secondary volume on each of its hosts."""
    secondary_replica: int = 1
    rollover: int = 15
    """Seconds until a brick begins a new changelog slice."""
    changelog: bool = True
    gsyncd: bool = True
    """Whether GlusterFS's own replication can be used there; glusterd takes seconds to set it up,
    each time that it starts.
    """

    def __post_init__(self) -> None:
        for name in ("primaries", "secondaries"):
            _between(name, getattr(self, name), 1, MOST_HOSTS)
        for name in ("bricks", "secondary_bricks", "replica", "secondary_replica"):
            _between(name, getattr(self, name), 1, 16)
        _between("rollover", self.rollover, 1, 3600)
        _between("arbiter", self.arbiter, 0, 1)
        if self.arbiter and self.replica != 3:
            raise Usage(
                "An arbiter needs replica 3", fix="Say replica 3, or leave the arbiter out."
            )
        if self.disperse and self.replica != 1:
            raise Usage(
                "A volume is replicated or dispersed, not both",
                fix="Say replica 1 with disperse.",
            )
        if self.disperse and not 0 < 2 * self.redundancy < self.disperse:
            raise Usage(
                f"Disperse {self.disperse} cannot have redundancy {self.redundancy}",
                fix="Redundancy is at least 1 and less than half of disperse.",
            )
        if self.redundancy and not self.disperse:
            raise Usage("Redundancy needs disperse", fix="Say how many bricks one set has.")
        _whole_sets("primary", self.primaries * self.bricks, self.disperse or self.replica)
        _whole_sets("secondary", self.secondaries * self.secondary_bricks, self.secondary_replica)

    @property
    def primary_hosts(self) -> tuple[str, ...]:
        """Return the hosts of the primary pool."""
        return tuple(f"prim{n}" for n in range(1, self.primaries + 1))

    @property
    def secondary_hosts(self) -> tuple[str, ...]:
        """Return the hosts of the secondary pool."""
        return tuple(f"sec{n}" for n in range(1, self.secondaries + 1))

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return all hosts, the primary's first."""
        return self.primary_hosts + self.secondary_hosts

    def pool(self, volume: str) -> tuple[str, ...]:
        """Return the hosts that serve `volume`."""
        if volume not in VOLUMES:
            raise Usage(f"There is no volume {volume!r}", fix=f"Say {' or '.join(VOLUMES)}.")
        return self.primary_hosts if volume == PRIMARY else self.secondary_hosts

    def replicas(self, volume: str) -> int:
        """Return how many bricks of `volume` hold each file."""
        return self.replica if volume == PRIMARY else self.secondary_replica

    def volume_bricks(self, volume: str) -> tuple[str, ...]:
        """Return the bricks of `volume` as host:path, in the order of its creation."""
        per_host = self.bricks if volume == PRIMARY else self.secondary_bricks
        return tuple(
            f"{host}:{BRICKS}/{volume_letter(volume)}{n}"
            for n in range(1, per_host + 1)
            for host in self.pool(volume)
        )

    def create_arguments(self, volume: str) -> tuple[str, ...]:
        """Return what `gluster` is told to create `volume`."""
        return (
            "volume",
            "create",
            volume,
            *self._kind(volume),
            *self.volume_bricks(volume),
            "force",
        )

    def option_arguments(self, volume: str) -> tuple[str, ...]:
        """Return what `gluster` is told to set the options of `volume`; empty for nothing."""
        if volume != PRIMARY or not self.changelog:
            return ()
        options = {
            "changelog.changelog": "on",
            "changelog.rollover-time": str(self.rollover),
            "geo-replication.indexing": "on",
        }
        return ("volume", "set", volume, *(word for pair in options.items() for word in pair))

    def _kind(self, volume: str) -> tuple[str, ...]:
        if volume == PRIMARY and self.disperse:
            return ("disperse", str(self.disperse), "redundancy", str(self.redundancy))
        if self.replicas(volume) == 1:
            return ()
        arbiter = ("arbiter", "1") if volume == PRIMARY and self.arbiter else ()
        return ("replica", str(self.replicas(volume)), *arbiter)

    def differences(self, other: "Shape") -> str:
        """Return what is not the same in `other`, in words."""
        mine, theirs = asdict(self), asdict(other)
        return ", ".join(
            f"{name.replace('_', ' ')} is {value}, not {theirs[name]}"
            for name, value in mine.items()
            if value != theirs[name]
        )

    def to_dict(self) -> dict[str, int]:
        """Return the fields, for the lab's record."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Shape":
        """Undo `to_dict`; a field that this version does not know is left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in record.items() if key in known})


def volume_letter(volume: str) -> str:
    """Return the letter that the brick folders of `volume` begin with."""
    return "b" if volume == PRIMARY else "s"


def address(host: str, network: int) -> str:
    """Return the address of `host` in the lab with this network number."""
    side, number = (10, host[4:]) if host.startswith("prim") else (50, host[3:])
    return f"10.77.{network}.{side + int(number)}"


def _between(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise Usage(
            f"{name.replace('_', ' ')} is {value}", fix=f"Say a number from {least} to {most}."
        )


def _whole_sets(side: str, bricks: int, size: int) -> None:
    if bricks % size:
        raise Usage(
            f"The {bricks} bricks of the {side} make no whole sets of {size}",
            fix="Change the number of hosts, or of bricks on each.",
        )
