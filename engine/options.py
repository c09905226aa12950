"""What can be set for a session: one table of names, types, defaults, limits and meanings."""

import dataclasses
import difflib
import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from engine.bandwidth import parse_rate, parse_timetable
from engine.errors import Usage

Value = int | str
T = TypeVar("T", int, str)


@dataclass(frozen=True, slots=True)
class Limits:
    """What an option accepts, and the words for it."""

    meaning: str
    unit: str = ""
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()
    shell: bool = False
    """The text is split into words as a shell would."""
    path: bool = False
    check: Callable[[str], object] | None = None
    """Raises ValueError for what is not accepted; `takes` then says what is."""
    takes: str = ""
    live: bool = False
    """A running worker takes it up; anything else asks for a restart of the session."""


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
    )
    bandwidth: str = _option(
        "0",
        "Most bytes a second, of all bricks of this node together, for small and large files; "
        "0: no limit.",
        check=parse_rate,
        takes="bytes per second, at least 16k, as in 500k, 20m or 1g",
    )
    bandwidth_timetable: str = _option(
        "",
        "Another limit at some times of the day, by this node's clock.",
        check=parse_timetable,
        takes="times that do not overlap, each with its limit, as in 08:00-18:00 5m, 22:00-06:00 0",
    )
    log_level: str = _option(
        "info",
        "How much the developer's log says.",
        choices=("error", "warning", "info", "debug"),
    )


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table."""

    field: str
    default: Value
    limits: Limits

    @property
    def name(self) -> str:
        """The option as it is written in a session file."""
        return self.field.replace("_", "-")

    def accepts(self) -> str:
        """Say which values are accepted, in words."""
        if self.limits.choices:
            return "one of " + ", ".join(self.limits.choices)
        if isinstance(self.default, int):
            unit = f" {self.limits.unit}" if self.limits.unit else ""
            return f"a whole number from {self.limits.low} to {self.limits.high}{unit}"
        if self.limits.takes:
            return self.limits.takes
        if self.limits.path:
            return "an absolute path, or one that begins with ~/"
        return "text in one line" + (", quoted as for a shell" if self.limits.shell else "")

    def parse(self, text: str) -> Value:
        """Return the value that `text` stands for; raise ValueError when it is not acceptable."""
        if isinstance(self.default, int):
            # Plain digits only: YAML would read 010 as eight and 1:30 as ninety.
            if not re.fullmatch(r"0|[1-9][0-9]{0,17}", text):
                raise ValueError(text)
            number = int(text)
            if not self.limits.low <= number <= self.limits.high:
                raise ValueError(text)
            return number
        if not text.isprintable() or (self.limits.choices and text not in self.limits.choices):
            raise ValueError(text)
        if not text and self.default:
            raise ValueError(text)
        if self.limits.check:
            self.limits.check(text)
        if self.limits.shell:
            shlex.split(text)
        if self.limits.path and text:
            text = os.path.expanduser(text)
            if not os.path.isabs(text):
                raise ValueError(text)
        return text

    def refuse(self, text: str, *, where: str) -> Usage:
        """Return the error for a value that is not accepted."""
        return Usage(
            f"{where}: {self.name} cannot be {text!r}",
            cause="bad configuration",
            fix=f"It takes {self.accepts()}; the default is {str(self.default)!r}.",
        )


def _row(field: "dataclasses.Field[Value]") -> Option:
    limits = field.metadata["limits"]
    assert isinstance(limits, Limits)
    assert isinstance(field.default, int | str)
    return Option(field.name, field.default, limits)


TABLE: Mapping[str, Option] = {
    row.name: row for row in (_row(field) for field in dataclasses.fields(Options))
}
"""Every option by its written name, in the order of the documentation."""


def changed(options: Options, settings: Iterable[str], *, where: str) -> Options:
    """Return `options` with each NAME=VALUE of `settings` set; raise Usage for a bad one."""
    values: dict[str, Value] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise Usage(f"{where}: {setting!r} sets nothing", fix="Write it as NAME=VALUE.")
        option = TABLE.get(name)
        if option is None:
            raise unknown(name, TABLE, where=where)
        try:
            values[option.field] = option.parse(text)
        except ValueError:
            raise option.refuse(text, where=where) from None
    return replaced(options, values)


def replaced(options: Options, values: Mapping[str, Value]) -> Options:
    """Return `options` with the fields of `values`, which `Option.parse` made."""
    return dataclasses.replace(options, **values)  # type: ignore[arg-type]  # parse keeps the type


def unknown(name: str, known: Iterable[str], *, where: str) -> Usage:
    """Return the error for a name that is none of `known`, with the nearest one."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    fix = f"Did you mean {close[0]}?" if close else "Known are: " + ", ".join(known) + "."
    return Usage(f"{where}: {name!r} is not known", cause="bad configuration", fix=fix)
