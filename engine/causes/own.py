"""What can be wrong with the engine itself, and with the lab."""

from engine.causes.cause import Cause, Section

ENGINE = Section(
    "The engine itself",
    "",
    (
        Cause(
            "no engine",
            "No engine answers on this node.",
            "`systemctl start georep`, or `georep-engine run`",
        ),
        Cause(
            "already running",
            "Another process has this session, or this state.",
            "Use that one, or stop it.",
        ),
        Cause(
            "bad configuration",
            "A session file or an option is wrong; nothing was tried.",
            "The sentence names the file, the line and what is accepted.",
        ),
        Cause(
            "configuration",
            "A session file cannot be read or followed.",
            "Mend it; running workers keep what it said before.",
        ),
        Cause(
            "checks failed",
            "`georep create` found something that must be mended first.",
            "Each crossed line says how.",
        ),
        Cause(
            "ledger not writable",
            "The ledger, in which failures are noted, cannot be written.",
            "Make room on the disk of `/var/lib/georep`.",
        ),
        Cause(
            "ledger unreadable",
            "The ledger is damaged, or another version's.",
            "Move `/var/lib/georep/NAME/ledger.db` away, then run a comparison.",
        ),
        Cause(
            "journal",
            "The session's history cannot be written.",
            "Make room on that disk; replication goes on without.",
        ),
        Cause(
            "cannot start",
            "A worker process could not be started.",
            "The sentence has the system's reason.",
        ),
        Cause(
            "worker died",
            "A worker ended without a word.",
            "Its last words and its log in `/var/lib/georep/NAME/log`",
        ),
        Cause(
            "worker hangs",
            "A worker said nothing for too long and was killed.",
            "Most often a mount that does not answer.",
        ),
        Cause("unknown", "A fault without a name of its own.", "The sentence says what is known."),
    ),
)

LAB = Section(
    "The lab and the demo",
    "",
    (
        Cause(
            "lab prerequisite missing",
            "A program, root or `/dev/fuse` is missing.",
            "The sentence says which, and what brings it.",
        ),
        Cause(
            "lab network failed",
            "The kernel refused a namespace, a bridge or a link.",
            "It must have network namespaces, bridge and veth.",
        ),
        Cause(
            "lab host failed", "A host of the lab did not come up.", "Its words stand as evidence."
        ),
        Cause(
            "lab gluster failed",
            "GlusterFS in the lab refused a command.",
            "Its words stand as evidence.",
        ),
        Cause(
            "lab step timed out",
            "Something in the lab did not happen in time.",
            "`georep lab down`, and up again.",
        ),
        Cause(
            "engine ended",
            "An engine of the demo ended by itself.",
            "Its last words stand as evidence.",
        ),
    ),
)
