"""gsyncd's commands, status columns and states beside georep's: the tables of docs/gsyncd.md."""

from typing import NamedTuple

from engine import gsyncd, options

GLUSTER = "gluster volume geo-replication"
ON_EACH = "On each node, or `georep --pool …` once."


class Beside(NamedTuple):
    """One thing of gsyncd's, and what takes its place."""

    gsyncd: str
    georep: str
    """Empty: nothing does, and the note says why."""
    note: str = ""


COMMANDS = (
    Beside(
        "create",
        "`georep create PVOL [USER@]HOST::SVOL`",
        "On each node that has bricks. Both sides are checked, nothing is changed on either.",
    ),
    Beside("create … ssh-port N", "`georep create … --set ssh-port=N`"),
    Beside("create … no-verify", "", "What is checked must be so for a session to work."),
    Beside(
        "create … push-pem", "`georep keys [USER@]HOST::SVOL`", "Before `create`, on each node."
    ),
    Beside(
        "create … force",
        "`georep create … --force`",
        "Also where the secondary is not empty, or marks of other primaries forbid it.",
    ),
    Beside("start", "`georep start NAME`", ON_EACH),
    Beside("start force", "`georep start NAME`", "It does no harm where it runs already."),
    Beside("stop", "`georep stop NAME`"),
    Beside("stop force", "`georep stop NAME`", "What does not end in 20 s is killed."),
    Beside(
        "pause", "`georep pause NAME`", f"At a settled point, with no process stopped. {ON_EACH}"
    ),
    Beside("resume", "`georep resume NAME`", ON_EACH),
    Beside("config", "`georep config list NAME`"),
    Beside("config OPTION", "`georep config get NAME OPTION`"),
    Beside("config OPTION VALUE", "`georep config set NAME OPTION VALUE`", ON_EACH),
    Beside("config '!OPTION'", "`georep config reset NAME OPTION`"),
    Beside("config checkpoint now", "`georep checkpoint NAME set now`", ON_EACH),
    Beside(
        "status",
        "`georep status [NAME]`, `georep`",
        "Of the node where it is asked; `georep --pool`: of all.",
    ),
    Beside("status detail", "`georep status NAME`, a worker's page in `georep`"),
    Beside("status --xml", "`georep status --json`"),
    Beside("delete", "`georep delete NAME`", "Positions stay on the bricks."),
    Beside("delete reset-sync-time", "`georep delete NAME --reset-sync-time`", ON_EACH),
)
"""Those of `gluster volume geo-replication PVOL HOST::SVOL …`."""

TOOLS = (
    Beside("gluster system:: execute gsec_create", "`georep keys [USER@]HOST::SVOL`"),
    Beside("gluster-georep-sshkey generate", "`georep keys`, as above", "A key on each node."),
    Beside(
        "gluster-mountbroker setup, add",
        "`georep-engine mountbroker USER SVOL`",
        "On each node of the secondary.",
    ),
    Beside("gluster-mountbroker status, remove", "", "`glusterd.vol` has it; a line for each."),
    Beside("gsyncd monitor", "`georep-engine run`", "One for all sessions of a node."),
    Beside("gsyncd worker", "`georep-engine worker`", "Started by `run`, one for each brick."),
    Beside("gsyncd agent", "", "Changelogs are read by the worker itself."),
    Beside("gsyncd secondary", "`georep-engine agent`", "Started by a worker, over ssh."),
    Beside("gsyncd status", "`georep status --json`"),
    Beside("gsyncd monitor-status", "`georep start`, `georep stop`"),
    Beside("gsyncd config-get", "`georep config get`, `config list --json`"),
    Beside("gsyncd config-set", "`georep config set`"),
    Beside("gsyncd config-reset", "`georep config reset`"),
    Beside("gsyncd config-check", "`georep config list`", "A bad file is refused with its line."),
    Beside("gsyncd voluuidget", "`gluster volume info`", "The agent tells it to the worker."),
    Beside("gsyncd delete", "`georep delete`"),
)

COLUMNS = (
    Beside("PRIMARY NODE", "BRICK", "`worker` is NODE:BRICK"),
    Beside("PRIMARY VOL", "session, on a worker's page", "`primary`"),
    Beside("PRIMARY BRICK", "BRICK", "`worker`"),
    Beside("SECONDARY USER", "session, on a worker's page", "part of `secondary`"),
    Beside("SECONDARY", "SESSION", "`secondary`"),
    Beside("SECONDARY NODE", "PEER", "`peer`"),
    Beside("STATUS", "STATUS", "`status`; why it is so in `role_reason` and `fault`"),
    Beside("CRAWL STATUS", "CRAWL", "`crawl`, why in `crawl_reason`, how far in `crawled`"),
    Beside("LAST_SYNCED", "LAST SYNCED, LAG", "`stime`, `lag`"),
    Beside("ENTRY", "ENTRY", "`pending.entries`: objects that are known and not made so yet"),
    Beside("DATA", "DATA", "`pending.files`, `pending.bytes`"),
    Beside("META", "ENTRY", "names and attributes of an object are made so at once"),
    Beside("FAILURES", "FAIL", "`failures`; those of now, each in `georep failures`"),
    Beside(
        "CHECKPOINT TIME",
        "checkpoints, on a worker's page",
        "`time` of `checkpoints`; `georep checkpoint NAME list`, and `georep status`, say it, too",
    ),
    Beside(
        "CHECKPOINT COMPLETED",
        "checkpoints, on a worker's page",
        "`complete`; until then `reached` of `parts`, which is of the bricks",
    ),
    Beside("CHECKPOINT COMPLETION TIME", "checkpoints, on a worker's page", "`at`"),
)

OTHERWISE = {
    "change-detector": "With xsync a file that was renamed gets its new name, removals are told as "
    "not reconciled.",
    "change-interval": "Only between crawls, by default 60 s and not 5: changelogs are read as "
    "they are written.",
    "gfid-conflict-resolution": "What is lawful, as a rename over another, is no conflict.",
    "gluster-params": "Without `aux-gfid-mount acl`, which are always said, but they do no harm.",
    "ignore-deletes": "Without being asked; who is in the way goes to quarantine, not away.",
    "log-rsync-performance": "Of streams, too.",
    "max-rsync-retries": "By default 3 and not 10; then it is in `georep failures`, and tried on.",
    "secondary-timeout": "At least 10 s; 0 is not accepted.",
    "sync-acls": "What is there already is left alone.",
    "sync-method": "`tarssh` is a stream of georep's own, with xattrs and ACLs.",
    "sync-xattrs": "What is there already is left alone.",
}
"""What is not quite as it was with gsyncd."""

STATES = (
    Beside("Created", "created"),
    Beside("Initializing...", "starting"),
    Beside("Active", "active"),
    Beside("Passive", "passive"),
    Beside("Faulty", "faulty", "With a [cause](causes.md), and when it is started again."),
    Beside("Paused", "paused"),
    Beside("Stopped", "stopped"),
    Beside("inconsistent", "faulty", "A worker is always started again."),
    Beside("Config Corrupted", "faulty", "Cause `configuration`, with the file and the line."),
    Beside("Hybrid Crawl", "hybrid"),
    Beside("History Crawl", "history"),
    Beside("Changelog Crawl", "changelog"),
)


def page(made: str) -> str:
    """Return docs/gsyncd.md, in which `made` says what it is made from."""
    lines = [
        "# gsyncd's words, and georep's",
        "",
        made,
        "For those who know GlusterFS's own geo-replication. How a session of gsyncd's is taken",
        "over stands in the [README](../README.md#taking-over-from-gsyncd).",
        "",
        "## Commands",
        "",
        f"What follows `{GLUSTER} PVOL HOST::SVOL`:",
        "",
        *_table("gsyncd", "georep", COMMANDS),
        "",
        "And what is called by itself, or by glusterd:",
        "",
        *_table("gsyncd", "georep", TOOLS),
        "",
        "## Status",
        "",
        "The last column tells where it is in `georep status --json`.",
        "",
        *_table("Column of gsyncd's", "Column of georep's", COLUMNS, "JSON"),
        "",
        *_table("State of gsyncd's", "State of georep's", STATES),
        "",
        "## Options",
        "",
        "Every option of gsyncd's, of GlusterFS 11 and of older releases; `_` may stand for `-`,",
        "and `slave-` for `secondary-`. What each means and accepts here stands in",
        "[options](options.md); `georep explain OPTION` says it, too.",
        "",
        *_options(),
    ]
    return "\n".join(lines) + "\n"


def _table(one: str, other: str, rows: tuple[Beside, ...], note: str = "") -> list[str]:
    return [
        f"| {one} | {other} | {note} |",
        "|---|---|---|",
        *(f"| `{row.gsyncd}` | {row.georep or '—'} | {row.note} |" for row in rows),
    ]


def _options() -> list[str]:
    found = {
        name: ("the same", OTHERWISE.get(name, "")) for name in OPTIONS if name in options.TABLE
    }
    for name, refused in gsyncd.REFUSED.items():
        found[name] = ("—", f"{refused.reason}. {refused.instead}")
    lines = ["| gsyncd | georep | |", "|---|---|---|"]
    lines += [f"| `{name}` | {here} | {why} |" for name, (here, why) in sorted(found.items())]
    return lines


OPTIONS = [
    "access-mount",
    "allow-network",
    "change-detector",
    "change-interval",
    "changelog-archive-format",
    "changelog-batch-size",
    "changelog-log-file",
    "changelog-log-level",
    "checkpoint",
    "cli-log-file",
    "cli-log-level",
    "connection-timeout",
    "georep-session-working-dir",
    "gfid-conflict-resolution",
    "gluster-cli-options",
    "gluster-command",
    "gluster-command-dir",
    "gluster-log-file",
    "gluster-log-level",
    "gluster-logdir",
    "gluster-rundir",
    "gsyncd-miscdir",
    "glusterd-workdir",
    "gluster-params",
    "ignore-deletes",
    "isolated-secondarys",
    "log-file",
    "log-level",
    "log-rsync-performance",
    "max-rsync-retries",
    "meta-volume-mnt",
    "pid-file",
    "state-file",
    "primary-bricks",
    "secondary-bricks",
    "primary-volume-id",
    "secondary-volume-id",
    "primary-replica-count",
    "primary-disperse-count",
    "primary-distribution-count",
    "remote-gsyncd",
    "replica-failover-interval",
    "rsync-command",
    "rsync-opt-existing",
    "rsync-opt-ignore-missing-args",
    "rsync-options",
    "rsync-ssh-options",
    "secondary-access-mount",
    "secondary-gluster-command-dir",
    "secondary-gluster-log-file",
    "secondary-gluster-log-file-mbr",
    "secondary-log-file",
    "secondary-gluster-log-level",
    "secondary-log-level",
    "secondary-gluster-params",
    "secondary-timeout",
    "special-sync-mode",
    "ssh-command",
    "ssh-options",
    "ssh-options-tar",
    "ssh-port",
    "state-socket-unencoded",
    "stime-xattr-prefix",
    "sync-acls",
    "sync-xattrs",
    "sync-jobs",
    "sync-method",
    "tar-command",
    "use-meta-volume",
    "use-rsync-xattrs",
    "working-dir",
]
"""Every option of gsyncd's, as its configuration template has them."""
