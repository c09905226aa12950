"""What can be set for a session: one table of names, types, defaults, limits and meanings."""

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from engine import gsyncd
from engine.bandwidth import parse_rate, parse_timetable
from engine.errors import Usage
from engine.gluster import params
from engine.option import Limits, Option, Value
from engine.peers import parse_hosts

T = TypeVar("T", bool, int, str)


def _option(default: T, meaning: str, **limits: object) -> T:
    metadata = {"limits": Limits(meaning, **limits)}  # type: ignore[arg-type]  # checked by tests
    field: T = dataclasses.field(default=default, metadata=metadata)
    return field


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of one session; the field `ssh_port` is the option written `ssh-port`."""

    ssh_port: int = _option(22, "Port of sshd on the secondary.", low=1, high=65535)
    ssh_key: str = _option(
        "", "Private key to log in with; empty: what the user's own ssh would try.", path=True
    )
    known_hosts: str = _option(
        "",
        "File with the secondary's host key; empty: the usual files of the user and of the system.",
        path=True,
    )
    agent_command: str = _option(
        "georep-engine", "How the engine is called on the secondary.", shell=True
    )
    secondary_hosts: str = _option(
        "",
        "Hosts of the secondary that the workers share, all of one pool; empty: the session's, and "
        "those that have bricks of the volume, as it tells. The session's alone: no sharing.",
        check=parse_hosts,
        takes="names or addresses of hosts, with spaces between them",
    )
    secondary_timeout: int = _option(
        120, "A secondary that is silent for this long is given up.", unit="s", low=10, high=3600
    )
    connection_timeout: int = _option(
        60, "Time for logging in and for mounting, each.", unit="s", low=1, high=3600
    )
    sync_jobs: int = _option(3, "Transfers of file content at a time, per brick.", low=1, high=100)
    sync_method: str = _option(
        "rsync",
        "How large files go; rsync: what differs, and new ones whole; tarssh: all whole, always.",
        choices=("rsync", "tarssh"),
    )
    rsync_command: str = _option("rsync", "How rsync is called.")
    rsync_options: str = _option(
        "", "More options for rsync, for example --bwlimit=20m.", shell=True
    )
    rsync_ssh_options: str = _option(
        "",
        "More options for the ssh that rsync goes by, for example -C; small jobs then log in each.",
        shell=True,
    )
    max_rsync_retries: int = _option(
        3,
        "Times that the content of a large file may fail to arrive, by rsync or stream, before it "
        "goes to the ledger, where it is tried on.",
        low=1,
        high=1000,
        live=True,
    )
    log_rsync_performance: bool = _option(
        False,
        "Write the figures of each job of rsync or stream into the worker's log, too; the console "
        "and the events have them in any case.",
        live=True,
    )
    push_limit: int = _option(
        262144,
        "Files up to this size travel with their item, larger ones by `sync-method`; 0: all.",
        unit="bytes",
        low=0,
        high=4 << 20,
    )
    quarantine_days: int = _option(
        0,
        "Who stands in quarantine on the secondary is removed after more than so many days; "
        "0: never.",
        unit="days",
        low=0,
        high=36500,
        live=True,
    )
    bandwidth: str = _option(
        "0",
        "Most bytes a second, of all bricks of a node together, for small and large files; "
        "0: no limit.",
        check=parse_rate,
        takes="bytes per second, at least 16k, as in 500k, 20m or 1g",
        live=True,
    )
    bandwidth_timetable: str = _option(
        "",
        "Another limit at some times of the day, by each node's own clock.",
        check=parse_timetable,
        takes="times that do not overlap, each with its limit, as in 08:00-18:00 5m, 22:00-06:00 0",
        live=True,
    )
    change_detector: str = _option(
        "changelog",
        "How changes are found; changelog: by the bricks' own, within a second; xsync: the whole "
        "brick is looked at again and again, and no removal is seen.",
        choices=("changelog", "xsync"),
    )
    change_interval: int = _option(
        60,
        "With xsync: time from the end of one crawl to the next.",
        unit="s",
        low=1,
        high=86400,
        live=True,
    )
    sync_xattrs: bool = _option(
        True, "Replicate and compare user.* xattrs; false: those on the secondary are left alone."
    )
    sync_acls: bool = _option(
        True, "Replicate and compare POSIX ACLs; false: those on the secondary are left alone."
    )
    ignore_deletes: bool = _option(
        False,
        "Keep on the secondary what is removed on the primary, names of what lives too; who is "
        "renamed over goes, and who else is in the way of something new goes to quarantine.",
    )
    gfid_conflict_resolution: bool = _option(
        True,
        "Move whoever is in the way of a name aside, and then to its own place; false: it stays, "
        "and who cannot have the name is a failure.",
    )
    heed_marks: bool = _option(
        True,
        "End when marks on the volumes say that another primary is replicated to the same "
        "secondary, or that this one leads back to the primary; false: go on all the same.",
    )
    gluster_params: str = _option(
        "",
        "More words for the GlusterFS client that mounts the primary.",
        check=params.words,
        takes=params.TAKES,
    )
    access_mount: bool = _option(
        False, "Let others on a node see the workers' mounts of the primary, in /run/georep."
    )
    use_meta_volume: bool = _option(
        False,
        "Have whoever locks a file on a volume of its own be Active in a replica set; false: the "
        "primary volume itself names who is.",
    )
    meta_volume_mnt: str = _option(
        "/run/gluster/shared_storage", "Where that volume is mounted, on every node.", path=True
    )
    replica_failover_interval: int = _option(
        1,
        "Time between two looks whose turn it is among replicas.",
        unit="s",
        low=1,
        high=3600,
        live=True,
    )
    checkpoint_command: str = _option(
        "",
        "Run once on each node when all its bricks have reached a checkpoint; it finds "
        "GEOREP_SESSION, GEOREP_CHECKPOINT and GEOREP_CHECKPOINT_TIME in its environment.",
        shell=True,
    )
    log_level: str = _option(
        "info",
        "How much the developer's log says.",
        choices=("error", "warning", "info", "debug"),
    )


def _row(field: "dataclasses.Field[Value]") -> Option:
    limits = field.metadata["limits"]
    assert isinstance(limits, Limits)
    assert isinstance(field.default, bool | int | str)
    return Option(field.name, field.default, limits)


TABLE: Mapping[str, Option] = {
    row.name: row for row in (_row(field) for field in dataclasses.fields(Options))
}
"""Every option by its written name, in the order of the documentation."""


def find(name: str, *, where: str) -> Option:
    """Return the option that an operator calls `name`, by its name here or gsyncd's; Usage, with
    the reason, when there is none.
    """
    called = gsyncd.called(name)
    if called in TABLE:
        return TABLE[called]
    raise unfit(called, TABLE, where=where)


def changed(options: Options, settings: Iterable[str], *, where: str) -> Options:
    """Return `options` with each NAME=VALUE of `settings` set; raise Usage for a bad one."""
    values: dict[str, Value] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise Usage(f"{where}: {setting!r} sets nothing", fix="Write it as NAME=VALUE.")
        option = find(name, where=where)
        try:
            values[option.field] = option.parse(text)
        except ValueError:
            raise option.refuse(text, where=where) from None
    return replaced(options, values)


def replaced(options: Options, values: Mapping[str, Value]) -> Options:
    """Return `options` with the fields of `values`, which `Option.parse` made."""
    return dataclasses.replace(options, **values)  # type: ignore[arg-type]  # parse keeps the type


def value(options: Options, option: Option) -> Value:
    """Return what `option` is set to."""
    found: Value = getattr(options, option.field)
    return found


def differing(old: Options, new: Options) -> list[Option]:
    """Return the options that have another value in `new`."""
    return [option for option in TABLE.values() if value(old, option) != value(new, option)]


def unfit(name: str, known: Iterable[str], *, where: str) -> Usage:
    """Return the error for what is no option: why gsyncd's has no meaning here, or the nearest."""
    refused = gsyncd.REFUSED.get(gsyncd.called(name))
    if refused is None:
        return unknown(name, known, where=where)
    return Usage(
        f"{where}: {name} is gsyncd's, and nothing to set here: {refused.reason}",
        cause="bad configuration",
        fix=refused.instead,
    )


def unknown(name: str, known: Iterable[str], *, where: str) -> Usage:
    """Return the error for a name that is none of `known`, with the nearest one."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    fix = f"Did you mean {close[0]}?" if close else "Known are: " + ", ".join(known) + "."
    return Usage(f"{where}: {name!r} is not known", cause="bad configuration", fix=fix)
