"""gsyncd's words: what its options are called here, and why some of them are nothing to set."""

from collections.abc import Mapping
from typing import NamedTuple


class Refusal(NamedTuple):
    """Why one of gsyncd's options is none here."""

    reason: str
    """Goes on after a colon."""
    instead: str
    """What to do, one sentence."""


_LEAVE = "Leave it out."
_STATE = "Say --state DIR, or set GEOREP_STATE, for georep and for georep-engine."
_LEVEL = "Use log-level: it is for all logs of a session, on both sides."
_PATH = "Put its folder into the PATH that georep-engine is started with."
_ASKED = Refusal("both volumes are asked for it when it is needed", _LEAVE)
_UNUSED = Refusal("gsyncd itself has no use for it any more", _LEAVE)
_NO_LIBRARY = Refusal("georep reads changelogs itself, there is no library with a log", _LEVEL)
_LOGS = Refusal("logs lie in the session's folder, one for each worker and mount", _STATE)
_FOLDERS = Refusal("georep keeps nothing in GlusterFS's folders", _STATE)
_ONE_LEVEL = Refusal("there is one level for everything", _LEVEL)
_FAR_LOG = Refusal("the agent tells its words to the worker, who shows them", _LEAVE)
_SSH = Refusal(
    "the connection is made without a shell, with keys alone and host keys that are known",
    "Use ssh-key, known-hosts and ssh-port; for rsync's ssh there is rsync-ssh-options.",
)
_RSYNC_FIXED = Refusal(
    "rsync is always called so, for objects are made before their content is sent", _LEAVE
)

REFUSED: Mapping[str, Refusal] = {
    "allow-network": _UNUSED,
    "changelog-archive-format": Refusal("changelogs are read where they are, not archived", _LEAVE),
    "changelog-batch-size": Refusal(
        "how much is made so at a time follows from what is in the changelogs", _LEAVE
    ),
    "changelog-log-file": _NO_LIBRARY,
    "changelog-log-level": _NO_LIBRARY,
    "checkpoint": Refusal(
        "a checkpoint is set for a session that runs, it is no setting of it",
        "Use georep checkpoint.",
    ),
    "cli-log-file": Refusal("commands say what they have to say on the terminal", _LEAVE),
    "cli-log-level": Refusal("commands say what they have to say on the terminal", _LEAVE),
    "georep-session-working-dir": _FOLDERS,
    "gluster-cli-options": Refusal(
        "of gluster it is only asked what volumes there are, what is to be healed, and to mount",
        _LEAVE,
    ),
    "gluster-command": _UNUSED,
    "gluster-command-dir": Refusal("gluster and glusterfs are looked for as all programs", _PATH),
    "gluster-log-file": _LOGS,
    "gluster-log-level": _ONE_LEVEL,
    "gluster-logdir": _LOGS,
    "gluster-rundir": _FOLDERS,
    "glusterd-workdir": _FOLDERS,
    "gsyncd-miscdir": _FOLDERS,
    "isolated-secondarys": _UNUSED,
    "log-file": _LOGS,
    "mountbroker": Refusal(
        "the label follows from the user and the volume, and lets caches be switched off",
        "On each node of the secondary: georep-engine mountbroker USER SVOL.",
    ),
    "pid-file": Refusal("whoever runs a session holds a lock in its folder", _STATE),
    "primary-bricks": _ASKED,
    "primary-disperse-count": _ASKED,
    "primary-distribution-count": _ASKED,
    "primary-replica-count": _ASKED,
    "primary-volume-id": _ASKED,
    "remote-gsyncd": Refusal("there is no gsyncd on the secondary", "Use agent-command."),
    "rsync-opt-existing": _RSYNC_FIXED,
    "rsync-opt-ignore-missing-args": _RSYNC_FIXED,
    "secondary-access-mount": Refusal(
        "the agent's mount is always at an ordinary path, for rsync moves nothing by any other",
        "Look below /run/georep there.",
    ),
    "secondary-bricks": _ASKED,
    "secondary-gluster-command-dir": Refusal(
        "gluster and glusterfs are looked for there as all programs",
        "Put its folder into the PATH of the user's login there.",
    ),
    "secondary-gluster-log-file": Refusal(
        "the agent's mounts have one log there, /var/log/glusterfs/georep-agent.log", _LEAVE
    ),
    "secondary-gluster-log-file-mbr": Refusal(
        "mounts by glusterd have the same log there, /var/log/glusterfs/georep-agent.log", _LEAVE
    ),
    "secondary-gluster-log-level": _ONE_LEVEL,
    "secondary-gluster-params": _UNUSED,
    "secondary-log-file": _FAR_LOG,
    "secondary-log-level": _ONE_LEVEL,
    "secondary-volume-id": _ASKED,
    "special-sync-mode": Refusal(
        "it says what to do with the times that gsyncd's crawl compares, and georep's compares "
        "the objects themselves",
        "For failback create a session the other way: its first crawl brings what differs.",
    ),
    "ssh-command": Refusal(
        "the connection is georep's own, and ssh is called for large files only", _PATH
    ),
    "ssh-options": _SSH,
    "ssh-options-tar": _SSH,
    "state-file": Refusal("how a session is, is in its journal", _STATE),
    "state-socket-unencoded": _UNUSED,
    "stime-xattr-prefix": Refusal(
        "positions are where gsyncd has them, by the uuids of the two volumes", _LEAVE
    ),
    "tar-command": Refusal(
        "whole files go in a stream of georep's own", "Use sync-method: tarssh."
    ),
    "timeout": Refusal("it has a longer name", "Use secondary-timeout."),
    "use-rsync-xattrs": Refusal(
        "xattrs go with what is said of an object, not by rsync", "Use sync-xattrs, sync-acls."
    ),
    "use-tarssh": Refusal("it is an older word for another option", "Use sync-method: tarssh."),
    "working-dir": _FOLDERS,
}
"""By the name in its newest form; what can be set here stands in `engine.options`."""


def called(name: str) -> str:
    """Return how an option of gsyncd's, of any release, is called now."""
    word = name.strip().replace("_", "-")
    for old, new in (("slave-", "secondary-"), ("master-", "primary-")):
        if word.startswith(old):
            word = new + word.removeprefix(old)
    return word
