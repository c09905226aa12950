"""What can be wrong with journals, with contents, and with what is to be removed."""

from engine.causes.cause import Cause, Section

JOURNAL = Section(
    "The journal of a brick",
    "",
    (
        Cause(
            "history missing",
            "Not every change since the position is in the changelogs.",
            "Nothing: the brick is crawled.",
        ),
        Cause("changelog damaged", "A changelog is not whole.", "Nothing: the brick is crawled."),
        Cause(
            "changelog format unknown",
            "The changelog is not written as georep reads it.",
            "The sentence says what to set.",
        ),
    ),
)

CONTENT = Section(
    "Content",
    "",
    (
        Cause(
            "ssh missing",
            "OpenSSH's client is not installed on this node.",
            "`apt-get install openssh-client`",
        ),
        Cause(
            "rsync missing",
            "rsync is not installed here; large files go by stream.",
            "`apt-get install rsync`",
        ),
        Cause(
            "rsync failed",
            "rsync ended with an exit code that tells of no file.",
            "Its words stand as evidence; it must be on both sides.",
        ),
        Cause(
            "rsync moved nothing",
            "rsync said nothing was wrong and moved nothing.",
            "Compare `rsync --version` on both sides. When it starts again the worker tries "
            "it, and uses the stream if it does not work.",
        ),
        Cause(
            "stream missing",
            "The near end of a stream could not be started here.",
            "Install georep again on this node.",
        ),
        Cause(
            "stream failed",
            "A stream ended in the middle.",
            "Its words stand as evidence; the same key must let `georep-engine receive` in "
            "on the secondary.",
        ),
        Cause(
            "stream moved nothing",
            "A stream said nothing was wrong and moved nothing.",
            "Install the same version of georep on both sides.",
        ),
        Cause(
            "no mover works",
            "Neither rsync nor a stream brought a small file over when the worker began.",
            "The evidence says what was wrong with each. Small files go on.",
        ),
    ),
)

REMOVED = Section(
    "What is removed",
    "",
    (
        Cause(
            "too much to remove",
            "`reconcile --apply` would remove more than half of what is on the secondary.",
            "Are these the right two volumes, and is the primary whole? If it shall be so: "
            "`--force`.",
        ),
        Cause(
            "deletes are ignored",
            "`reconcile --apply` was to remove what `ignore-deletes` keeps.",
            "If it shall go, reset `ignore-deletes` first.",
        ),
    ),
)
