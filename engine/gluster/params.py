"""Words of an operator's for the GlusterFS client that mounts the primary. Pure."""

import re
import shlex

_WORD = re.compile(r"([a-z][a-z0-9-]*)(=.*)?", re.DOTALL)
_ALWAYS = frozenset({"aux-gfid-mount", "acl"})
"""Said in any case, and what gsyncd has there when nobody sets it."""
_OURS = frozenset(
    {
        *("attribute-timeout", "entry-timeout", "negative-timeout", "fopen-keep-cache"),
        *("client-pid", "debug", "log-file", "log-level", "no-daemon", "volfile", "volfile-id"),
        *("pid-file", "print-exports", "print-netgroups", "print-xlatordir", "read-only"),
        *("volfile-server", "volfile-server-port", "volfile-server-transport", "help", "version"),
    }
)
"""What makes it the right mount, of the right volume, that shows what is true now."""
TAKES = (
    "the client's own words without their dashes, as in use-readdirp=no; not what georep sets "
    "itself (which volume, caches, logs)"
)


def words(text: str) -> tuple[str, ...]:
    """Return the arguments that `text` stands for; raise ValueError for what cannot be said."""
    said = []
    for word in shlex.split(text):
        match = _WORD.fullmatch(word)
        if match is None or match[1] in _OURS:
            raise ValueError(word)
        if match[1] not in _ALWAYS:
            said.append(f"--{word}")
    return tuple(said)
