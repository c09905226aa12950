"""Where data is, in every form that gsyncd took: a volume or a directory, here or behind a login.
Pure: no name is resolved.

| Form | of a volume there | of a directory there |
|---|---|---|
| sugared | `root@backup::data` | `root@backup:/srv/data` |
| full | `ssh://root@backup:gluster://localhost:data` | `ssh://root@backup:file:///srv/data` |
| canonical | the same with addresses instead of names | the same |
| escaped | the same, quoted as in a query string | the same |
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

from engine.errors import Reject, Usage

HERE: Final = ("localhost", "127.0.0.1", "::1")
"""Names of the host itself."""


class Volume(NamedTuple):
    """A GlusterFS volume: `gluster://HOST:NAME`."""

    host: str
    """Who serves it; an IPv6 address without its brackets."""
    name: str


class Directory(NamedTuple):
    """A directory of a host's own file system: `file://PATH`."""

    path: str
    """Absolute and normal."""


class Login(NamedTuple):
    """What is on another host, behind a login: `ssh://[USER@]HOST:URL`."""

    user: str
    host: str
    there: Volume | Directory


Url = Volume | Directory | Login


class Side(StrEnum):
    """What a url leads to, as far as it matters for who can be replicated to whom."""

    VOLUME = "a volume"
    DIRECTORY = "a directory"
    FAR_VOLUME = "a volume behind a login"
    FAR_DIRECTORY = "a directory behind a login"


_FAR = "it is on another host; run georep on a node that has bricks of it"
AS_PRIMARY: Final[dict[Side, str]] = {
    Side.VOLUME: "",
    Side.DIRECTORY: "a directory keeps no changelog; only volumes can be replicated",
    Side.FAR_VOLUME: _FAR,
    Side.FAR_DIRECTORY: _FAR,
}
"""Why it cannot be replicated; empty when it can."""
AS_SECONDARY: Final[dict[Side, str]] = {
    Side.VOLUME: "it names a volume without a login",
    Side.DIRECTORY: "it names a directory without a login",
    Side.FAR_VOLUME: "",
    Side.FAR_DIRECTORY: "",
}
"""Why nothing can be replicated to it; empty when it can."""

_USER = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
# Neither a user nor a host may begin with a dash: ssh would take it for an option.
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?\]"
_WHOLE_HOST = re.compile(_HOST)
_SCHEME = re.compile(r"(\w+)://(.*)", re.ASCII)
_SSH = re.compile(rf"(?:({_USER})@)?({_HOST}):(.+)")
_GLUSTER = re.compile(rf"({_HOST}):([A-Za-z0-9_][A-Za-z0-9_-]{{0,254}})")
_UUID = re.compile(r":[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_ESCAPED = re.compile(r"\w+%3A%2F%2F", re.ASCII | re.IGNORECASE)
# What no shell on the way to the other side would take for something else.
_PATH = re.compile(r"/[\w.@%+,=:/-]*")


def parse(text: str) -> Url:
    """Return what `text` names, in any form; Usage with the reason when it is none."""
    if _ESCAPED.match(text):
        text = unquote_plus(text)
    return _parse(text, within=False)


def side(url: Url) -> Side:
    """Return what `url` leads to."""
    match url:
        case Volume():
            return Side.VOLUME
        case Directory():
            return Side.DIRECTORY
        case Login(there=Volume()):
            return Side.FAR_VOLUME
        case Login():
            return Side.FAR_DIRECTORY


def refusal(primary: Side, secondary: Side) -> str:
    """Return why `primary` cannot be replicated to `secondary`; empty when it can."""
    return AS_PRIMARY[primary] or AS_SECONDARY[secondary]


def sugared(url: Url) -> str:
    """Return the short form, the one that operators write."""
    match url:
        case Volume(host, name):
            return f":{name}" if host in HERE else f"{_bracketed(host)}:{name}"
        case Directory(path):
            return path
        case Login(user, host, there):
            return f"{user}@{_bracketed(host)}:{sugared(there)}"


def full(url: Url) -> str:
    """Return the form in which every part has its scheme."""
    match url:
        case Volume(host, name):
            return f"gluster://{_bracketed(host)}:{name}"
        case Directory(path):
            return f"file://{path}"
        case Login(user, host, there):
            return f"ssh://{user}@{_bracketed(host)}:{full(there)}"


def canonical(url: Url, address: Callable[[str], str]) -> str:
    """Return the form with addresses; `address` resolves the name of a host."""
    match url:
        case Volume(host, name):
            return full(Volume("127.0.0.1" if host in HERE else address(host), name))
        case Directory():
            return full(url)
        case Login(user, host, there):
            inner = canonical(there, address)
            return f"ssh://{user}@{_bracketed(address(host))}:{inner}"


def is_host(text: str) -> bool:
    """Whether `text` can be the name or the address of a host, an IPv6 address without brackets."""
    written = _bracketed(text)
    return len(text) <= 255 and _WHOLE_HOST.fullmatch(written) is not None


def is_directory(where: str) -> bool:
    """Whether the place on a secondary is a directory; no volume's name has a slash."""
    return where.startswith("/")


def guard(path: bytes) -> bytes:
    """Return `path` if it stays below where it begins; Reject when it is absolute, climbs, or is
    none.
    """
    parts = path.split(b"/")
    if b"" in parts or b"." in parts or b".." in parts or b"\0" in path:
        raise Reject(f"unsafe path {path[:80]!r}", fix="Look where it comes from.")
    return path


def _parse(text: str, *, within: bool) -> Url:
    scheme, body = _split(text)
    match scheme:
        case "gluster":
            return _volume(body)
        case "file":
            return _directory(body)
        case "ssh" if within:
            raise Usage("a login cannot lead to another login")
        case "ssh":
            return _login(body)
        case _:
            raise Usage(f"there is no scheme {scheme}://")


def _split(text: str) -> tuple[str, str]:
    """Return scheme and body; what has no scheme gets the one it means."""
    if found := _SCHEME.fullmatch(text):
        return found[1], found[2]
    if text.startswith("/"):
        return "file", text
    if text.startswith(":"):
        return "gluster", f"localhost{text}"
    if found := _SSH.fullmatch(text):
        user, _, rest = found.groups()
        return ("ssh" if user or ":" in rest or "/" in rest else "gluster"), text
    raise Usage("it has no form that is known")


def _login(body: str) -> Login:
    found = _SSH.fullmatch(body)
    if found is None:
        raise Usage("its user or its host cannot be one")
    user, host, rest = found.groups()
    there = _parse(rest, within=True)
    if isinstance(there, Volume) and there.host not in HERE:
        raise Usage("the login must lead to a node of the volume itself")
    assert not isinstance(there, Login)
    return Login(user or "root", host.strip("[]"), there)


def _volume(body: str) -> Volume:
    # gsyncd's own forms may end in the volume's uuid.
    found = _GLUSTER.fullmatch(body) or _GLUSTER.fullmatch(_UUID.sub("", body))
    if found is None:
        raise Usage("the name of the host or of the volume cannot be one")
    return Volume(found[1].strip("[]"), found[2])


def _directory(path: str) -> Directory:
    if not _PATH.fullmatch(path):
        raise Usage("a directory is an absolute path of letters, digits and . _ - + , = @ % :")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Usage("a directory's path must not climb with ..")
    if not parts:
        raise Usage("the root of a file system cannot be replicated to")
    return Directory("/" + "/".join(parts))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
