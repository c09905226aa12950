"""Session files and the places a node keeps them in: read, check, write."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml

from engine import files, options
from engine.errors import Usage
from engine.gluster import urls
from engine.gluster.urls import Directory, Login, Side, Volume
from engine.option import Option, Value
from engine.options import Options

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_VOLUME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,254}")
KEYS = "keys"
"""The folder of the state that has the keys of this node."""
_RESERVED = ("engine.sock", "engine.lock", KEYS)
LONGEST = 1 << 20
"""Bytes of a session file that are read; a longer one is no session file."""


class Remote(NamedTuple):
    """The far end: whom to log in as, where, and the volume there."""

    user: str
    host: str
    """Name or address; an IPv6 address without its brackets."""
    volume: str
    """Its name; or the absolute path of a directory."""


@dataclass(frozen=True, slots=True)
class Session:
    """What one session replicates, and how."""

    name: str
    primary: str
    """The volume here."""
    user: str
    host: str
    volume: str
    """The volume there; or a directory, by its absolute path."""
    options: Options = field(default_factory=Options)

    @property
    def secondary(self) -> str:
        """The far end as operators write it: USER@HOST::VOLUME, or USER@HOST:/PATH."""
        there = self.volume
        where = Directory(there) if urls.is_directory(there) else Volume("localhost", there)
        return urls.sugared(Login(self.user, self.host, where))


@dataclass(frozen=True, slots=True)
class Places:
    """Where one node keeps its session files, and where its state."""

    config: Path
    state: Path

    def file(self, name: str) -> Path:
        """Return the session file of `name`."""
        return self.config / "sessions" / f"{name}.yaml"

    def of(self, name: str) -> Path:
        """Return the folder with the state of session `name`."""
        return self.state / name

    def ledger(self, name: str) -> Path:
        """Return the file in which session `name` keeps what could not be made so here."""
        return self.of(name) / "ledger.db"

    @property
    def socket(self) -> Path:
        """Where this node's engine listens."""
        return self.state / "engine.sock"

    @property
    def lock(self) -> Path:
        """What this node's engine holds while it runs."""
        return self.state / "engine.lock"


def places(config: str | None = None, state: str | None = None) -> Places:
    """Return the places: as asked, else as the environment says, else the user's usual ones."""
    root = os.geteuid() == 0
    usual = ("/etc/georep", "/var/lib/georep") if root else ("~/.config/georep", _user_state())
    chosen = config or os.environ.get("GEOREP_CONFIG") or usual[0]
    kept = state or os.environ.get("GEOREP_STATE") or usual[1]
    return Places(*(Path(os.path.abspath(os.path.expanduser(path))) for path in (chosen, kept)))


def names(at: Places) -> list[str]:
    """Return the sessions that have a file, sorted; files with other names are not sessions."""
    try:
        found = [path.stem for path in (at.config / "sessions").iterdir() if path.suffix == ".yaml"]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unreadable(at.config / "sessions", error) from error
    return sorted(name for name in found if _NAME.fullmatch(name) and name not in _RESERVED)


def check_name(name: str) -> str:
    """Return `name`, or raise Usage when no session may be called so."""
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise Usage(
            f"{name!r} cannot be the name of a session",
            fix="Use letters, digits, dot, underscore and dash; the first is a letter or a digit.",
        )
    return name


def check_volume(name: str, *, where: str) -> str:
    """Return `name`, or raise Usage when no volume can be called so."""
    if not _VOLUME.fullmatch(name):
        raise Usage(
            f"{where}: {name!r} cannot be the name of a volume",
            cause="bad configuration",
            fix="Volume names have letters, digits, underscore and dash.",
        )
    return name


def parse_primary(text: str, *, where: str) -> str:
    """Return the name of the volume that `text` names here, by its name or as a url."""
    try:
        url = urls.parse(text)
    except Usage:
        return check_volume(text, where=where)
    if not isinstance(url, Volume) or url.host not in urls.HERE:
        side = Side.FAR_VOLUME if isinstance(url, Volume) else urls.side(url)
        raise Usage(
            f"{where}: {text!r} cannot be a primary: {urls.AS_PRIMARY[side]}",
            cause="bad configuration",
            fix="Write the name of a volume that has bricks on this node.",
        )
    return url.name


def parse_secondary(text: str) -> Remote:
    """Return what `[user@]host::volume` names, or `[user@]host:/path`, or any url that means the
    same; the user is root unless said otherwise.
    """
    try:
        url = urls.parse(text)
        reason = urls.refusal(Side.VOLUME, urls.side(url))
    except Usage as error:
        url, reason = None, error.words
    match url:
        case Login(user, host, Volume(_, name)):
            return Remote(user, host, name)
        case Login(user, host, Directory(path)):
            return Remote(user, host, path)
        case _:
            raise Usage(
                f"{text!r} does not name a secondary volume or directory: {reason}",
                fix="Write [USER@]HOST::VOLUME, with two colons, for example root@backup1::data; "
                "or [USER@]HOST:/PATH for a directory.",
            )


def read(at: Places, name: str) -> Session:
    """Return the session called `name`; raise Usage when there is none, or its file is wrong."""
    return parse(name, content(at, name), where=str(at.file(name)))


def content(at: Places, name: str) -> bytes:
    """Return what the file of session `name` holds, whatever that is."""
    path = at.file(check_name(name))
    try:
        with path.open("rb") as file:
            held = file.read(LONGEST + 1)
    except FileNotFoundError:
        raise _no_session(at, name) from None
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(held) > LONGEST:
        raise Usage(f"{path} is longer than {LONGEST} bytes", fix="This is no session file.")
    return held


def parse(name: str, content: bytes, *, where: str) -> Session:
    """Return the session that `content` describes; `where` names the file in errors."""
    known = ("primary", "secondary", *options.TABLE)
    primary, remote = "", None
    values: dict[str, Value] = {}
    seen: dict[str, int] = {}
    for key, text, line in _entries(content, where=where):
        here = f"{where}:{line}"
        if key not in known:
            raise options.unfit(key, known, where=here)
        if key in seen:
            raise Usage(
                f"{here}: {key} stands here a second time, first on line {seen[key]}",
                cause="bad configuration",
                fix="Keep the one that is meant.",
            )
        seen[key] = line
        if key == "primary":
            primary = parse_primary(text, where=here)
        elif key == "secondary":
            remote = _secondary(text, where=here)
        else:
            option = options.TABLE[key]
            try:
                values[option.field] = option.parse(text)
            except ValueError:
                raise option.refuse(text, where=here) from None
    if not primary or remote is None:
        key, text = ("secondary", "USER@HOST::VOLUME") if primary else ("primary", "VOLUME")
        raise Usage(
            f"{where}: the session has no {key}",
            cause="bad configuration",
            fix=f"Add a line: {key}: {text}",
        )
    return Session(name, primary, *remote, options=options.replaced(Options(), values))


def create(at: Places, session: Session) -> None:
    """Write the file of a new session; raise Usage when the name is taken."""
    path = at.file(check_name(session.name))
    try:
        files.create(path, render(session).encode())
    except FileExistsError:
        raise Usage(
            f"A session called {session.name} exists already ({path})",
            fix="Choose another name with --name, or delete that session first.",
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from error


def write(at: Places, session: Session, text: str = "") -> None:
    """Write the file of a session, in place of the one that is there; as `text`, if there is one
    that says the same.
    """
    path = at.file(check_name(session.name))
    try:
        files.write(path, (text or render(session)).encode())
    except OSError as error:
        raise _unwritable(path, error) from error


def render(session: Session) -> str:
    """Return the session file's text: what is set, and, as comments, what could be."""
    lines = [
        f"# georep session {session.name}. A change counts within a minute.",
        "",
        f"primary: {_quoted(session.primary)}",
        f"secondary: {_quoted(session.secondary)}",
    ]
    for option in options.TABLE.values():
        value = options.value(session.options, option)
        shown = written(option, value)
        prefix = "# " if value == option.default else ""
        lines += [
            "",
            f"# {option.limits.meaning}",
            f"# Takes {option.accepts()}.",
            f"{prefix}{option.name}: {shown}",
        ]
    return "\n".join(lines) + "\n"


def _entries(content: bytes, *, where: str) -> Iterator[tuple[str, str, int]]:
    """Yield key, text and line of each entry, having built no object from the file."""
    try:
        node = yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = error.problem or "it does not parse"
        raise _no_yaml(f"{where}:{line}: this is not YAML: {problem}") from error
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _no_yaml(f"{where}: this is not YAML: {said}") from error
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1 if node else 1
        raise _no_yaml(f"{where}:{line}: a session file is a list of KEY: VALUE lines")
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
            raise _no_yaml(f"{where}:{line}: every line has one key and one plain value")
        if not value.tag.startswith("tag:yaml.org,2002:") or "/" in value.tag:
            raise _no_yaml(f"{where}:{line}: {value.tag} is no plain value")
        empty = value.tag == "tag:yaml.org,2002:null" and value.value in ("~", "null")
        yield key.value, "" if empty else value.value, line


def _secondary(text: str, *, where: str) -> Remote:
    try:
        return parse_secondary(text)
    except Usage as error:
        raise Usage(f"{where}: {error.words}", cause="bad configuration", fix=error.fix) from None


def written(option: Option, value: Value) -> str:
    """Return `value` as it stands in a session file."""
    return _quoted(value) if isinstance(value, str) else option.text(value)


def _quoted(text: str) -> str:
    return yaml.dump(text, default_flow_style=True, width=4096).removesuffix("...\n").rstrip("\n")


def _user_state() -> str:
    return "~/.local/state/georep"


def _no_yaml(words: str) -> Usage:
    return Usage(words, cause="bad configuration", fix="Write KEY: VALUE, one on each line.")


def _no_session(at: Places, name: str) -> Usage:
    known: Mapping[str, None] = dict.fromkeys(names(at))
    if not known:
        return Usage(
            f"There is no session {name}: {at.config}/sessions holds none",
            fix="Make one with georep create, or point --config at the right folder.",
        )
    error = options.unknown(name, known, where=str(at.config / "sessions"))
    return Usage(f"There is no session {name} in {at.config}/sessions", fix=error.fix)


def _unreadable(path: Path, error: OSError) -> Usage:
    return Usage(
        f"{path} cannot be read: {error.strerror}", fix="Run this as root, or choose --config."
    )


def _unwritable(path: Path, error: OSError) -> Usage:
    return Usage(
        f"{path} cannot be written: {error.strerror}", fix="Run this as root, or choose --config."
    )
