"""GlusterFS's own replication in a lab: the rival to measure against, and to take over from."""

from dataclasses import dataclass
from xml.etree import ElementTree

from engine.errors import Stop
from engine.lab import hosts, volumes
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY, SECONDARY

_OPTIONS = ("access_mount", "secondary_access_mount")
"""Without an ordinary mount point this system's rsync moves nothing, and says that all is well."""
_PATIENCE = 300.0
_FIELDS = ("primary_node", "primary_brick", "status", "crawl_status")
"""What the XML calls the fields of a worker."""
_AT_WORK = {"Active", "Passive"}


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker of the session, in gsyncd's own words."""

    host: str
    brick: str
    status: str
    crawl: str


def create(lab: Lab) -> None:
    """Make the session of the lab's two volumes; it moves nothing before `start`."""
    server = lab.server(PRIMARY)
    server.run(["gluster-georep-sshkey", "generate"])
    _session(lab, "create", "push-pem", "force")
    for option in _OPTIONS:
        _session(lab, "config", option, "true")


def begin(lab: Lab) -> None:
    """Start the session; its workers are at work some seconds later."""
    _session(lab, "start")


def start(lab: Lab) -> None:
    """Start the session and wait until each worker is Active, or Passive beside one that is."""
    shape = lab.shape
    sets = len(shape.volume_bricks(PRIMARY)) // (shape.disperse or shape.replica)
    begin(lab)

    def at_work() -> bool:
        states = [worker.status for worker in status(lab)]
        return states.count("Active") == sets and set(states) <= _AT_WORK

    hosts.until("the workers of gsyncd", at_work, patience=_PATIENCE)


def stop(lab: Lab) -> None:
    """Stop the session, by force if need be; what it noted on the bricks as done stays there."""
    try:
        _session(lab, "stop")
    except Stop:
        _session(lab, "stop", "force")


def delete(lab: Lab) -> None:
    """Remove the session, which is stopped."""
    _session(lab, "delete")


def status(lab: Lab) -> list[Worker]:
    """Return the workers of the session, one per brick of the primary."""
    tree = ElementTree.fromstring(_session(lab, "status", "--xml"))
    if tree.findtext("opRet") != "0":
        raise Stop(f"gsyncd tells no status: {tree.findtext('opErrstr')}")
    return [
        Worker(*(pair.findtext(field) or "" for field in _FIELDS)) for pair in tree.iter("pair")
    ]


def _session(lab: Lab, *words: str) -> str:
    secondary = f"{lab.server(SECONDARY).name}::{SECONDARY}"
    return volumes.gluster(
        lab.server(PRIMARY), "volume", "geo-replication", PRIMARY, secondary, *words
    )
