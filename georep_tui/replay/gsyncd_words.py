"""What gsyncd says, in which words, and which of it says no more than itself. Pure."""

OLD: dict[str, str] = {
    "Sucessfully fixed entry ops with gfid mismatch": (
        "Successfully fixed entry ops with gfid mismatch"
    ),
    "Sucessfully fixed all entry ops with gfid mismatch": (
        "Successfully fixed all entry ops with gfid mismatch"
    ),
    "slave's time": "secondary's time",
    "slave listening": "secondary listening",
    "Closing feedback fd, waking up the monitor": (
        "Worker spawn successful. Acknowledging back to monitor"
    ),
    "Initializing SSH connection between master and slave...": (
        "Initializing SSH connection between primary and secondary..."
    ),
    "SSH connection between master and slave established.": (
        "SSH connection between primary and secondary established."
    ),
    "Ignoring rmdir. Directory present in master": "Ignoring rmdir. Directory present in primary",
    "glusterfs session went down": "Gluster Mount process exited",
    "falling back to xsync mode": "Changelog history not available, using xsync",
}
"""Words of older releases, and those of today."""

FALL_BACKS: dict[str, str] = {
    "Changelog history not available, using xsync": "changelog history is not available",
    "No stime available, using xsync crawl": "the brick has no position yet",
    "Partial history available, using xsync crawl after consuming history": (
        "changelog history is not complete"
    ),
}
"""Why a hybrid crawl follows."""

ENDS = (
    "connection to peer is broken",
    "command returned error",
    "Gluster Mount process exited",
    'Getting "Input/Output error"',
    'getting "No such file or directory"errors',
    "If `gsec_create container` was used",
    "The above directory failed to sync",
    "Changelog register failed",
    "Changelog History Crawl failed",
    "Changelog crawl failed",
    "Meta-volume is not mounted",
    "call failed",
    "FAIL:",
    "ssh>",
    "rsync>",
    "tar>",
)
"""How messages begin that tell why a worker ends, as `gsyncd_faults` reads them."""
FAR_ENDS = (*ENDS, "terminating on reaching EOF", "connection inactive", "exiting")
"""How the last message of a process on the secondary begins, unless it is killed."""
DEATHS = (
    "worker died before establishing connection",
    "worker died in startup phase",
    "Worker not confirmed after wait",
    "Changelog Agent died, Aborting Worker",
)
"""How messages of the monitor begin that name a worker that ended."""

PLAIN = frozenset(
    {
        "Initializing SSH connection between primary and secondary...",
        "SSH connection between primary and secondary established.",
        "Mounting gluster volume locally...",
        "Mounted gluster volume",
        "Working dir",
        "Register time",
        "processing xsync changelog",
        "Skipping already processed entry ops",
        "Data/Metadata Time Taken",
        "rsync verbose",
        "secondary listening",
        "terminating on reaching EOF.",
        "Ignoring rmdir. Directory present in primary",
        "Special case: rename on mkdir",
        "ignore-deletes config option is set",
        "geo-replication delete",
        "exiting.",
        "Session config file not exists, using the default config",
        "Using session config file",
        "Config Set",
        "Config Reset",
        "Checkpoint Set",
        "Checkpoint Reset",
        "Creating geo-rep directory in meta volume...",
        "Successfully fixed entry ops with gfid mismatch",
        "Retry original entries",
        "Failed to fix entry ops",
        "processing change",
        "processing changes",
        "skipping already processed change",
        "entries:",
        "candidate for syncing",
        "synced",
        "Crawl info",
    }
)
"""Messages that are understood and change nothing."""

REMARKS = (
    "incomplete sync, retrying changelogs",
    "RENAME ignored: source entry does not match with on-disk gfid",
    "Directory Rename failed. Both Old and New directories exists",
    "Recursive remove failed",
    "Failed to remove",
    "reached maximum retries",
    "connection inactive, stopping",
    "Subvols are not up",
    "glusterd answered",
    "stale mount possibly left behind",
    "mount cleanup failure",
    "Volume info failed",
    "Unable to get",
    "Parsing failed",
    "Entry cannot be fixed",
    "ignoring op",
)
"""How messages begin that are understood and that an operator should read."""

DEBUG = ("call ", "entries: ", "processing ", "candidate for ", "synced ", "... done", "... crawl")
"""How debugging lines begin that say nothing an operator needs."""


def known(words: str) -> bool:
    """Return whether a message is understood though nothing follows from it."""
    return words in PLAIN or words.startswith(DEBUG)
