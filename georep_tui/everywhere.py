"""Commands that are said once and done on several nodes: `georep --pool pause NAME`."""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence

from engine import feed, moments, names
from engine.config import Places
from engine.errors import GeorepError, Usage
from engine.session.supervisor import node_name
from engine.state import State
from georep_tui import attention, calling, holders, report, together
from georep_tui.hosts import HERE, Host
from georep_tui.running import Commands
from georep_tui.together import Answer

_HERE_ONLY = ("replay", "demo", "lab", "explain")
_ONCE = ("verify", "resend", "reconcile", "quarantine")
"""What looks at whole volumes: the first node that has the session does it for all."""
_MAKING = ("create", "adopt", "keys")
"""What a node that refuses ends, for the others would refuse it, too."""
_NAMELESS = ("create", "adopt", "keys", "list")
PATIENCE, LONGEST = 60.0, 600.0
"""Seconds after which a node that is asked something is given up; and where it must mount first."""


def check(args: argparse.Namespace) -> None:
    """Raise Usage for what cannot be said to other nodes."""
    if args.command in _HERE_ONLY:
        raise Usage(
            f"georep {args.command} is for this machine alone",
            fix="Say it without --host and --pool.",
        )


def run(hosts: Sequence[Host], at: Places, args: argparse.Namespace, words: Sequence[str]) -> int:
    """Have a command done on each host that has the session, and say what each said; return 0 when
    all did it, else the code of the first that did not.
    """
    if args.command == "status":
        return _status(hosts, at, args)
    doing, away = list(hosts), list[GeorepError]()
    if args.command not in _NAMELESS and args.name is not None:
        commands = Commands({host.name: host for host in hosts}.__getitem__)
        doing, away = asyncio.run(holders.of(commands, hosts, args.name))
        for why in away:
            sys.stderr.write(f"georep: {names.verbatim(why.sentence())}\n")
        if not doing and not away:
            raise Usage(f"None of these nodes has a session {args.name}")
    if _asks(args):
        return _asked(doing, args, words) or (1 if away else 0)
    said, codes = _settled(args, list(words)), list[int]()
    for host in doing[: 1 if args.command in _ONCE else None]:
        codes.append(_said(host, said, as_json=getattr(args, "json", False)))
        if codes[-1] and args.command in _MAKING:
            break
    if getattr(args, "objects", None) and 0 in codes:
        codes = [0]  # a failure is of one node, and the others say that they have none such
    return next(filter(None, codes), 1 if away else 0)


def _asks(args: argparse.Namespace) -> bool:
    """Return whether a command changes nothing, so that all nodes can be asked at the same time."""
    match args.command:
        case "list" | "doctor" | "events":
            return True
        case "failures" | "checkpoint":
            return args.act in (None, "list")
        case "config":
            return args.what in ("list", "get")
        case _:
            return False


def _asked(hosts: Sequence[Host], args: argparse.Namespace, words: Sequence[str]) -> int:
    """Ask all nodes at the same time; return the code of the first that does not say 0."""
    as_json = getattr(args, "json", False)

    def late(host: Host) -> None:
        sys.stderr.write(f"georep: {host.name or HERE} has not answered yet\n")

    def write(answer: Answer) -> None:
        _tell(answer, as_json=as_json)

    patience = LONGEST if args.command == "doctor" else PATIENCE
    asking = together.ask(hosts, words, patience=patience, write=write, late=late)
    return next((answer.code for answer in asyncio.run(asking) if answer.code), 0)


def _tell(answer: Answer, *, as_json: bool) -> None:
    """Write what a node said below its name, or as one line of JSON."""
    lines = answer.err.decode(errors="replace").splitlines()
    if answer.trouble is not None:
        lines = [f"georep: {answer.host.told(answer.trouble)}"]
    if as_json:
        told = {"node": answer.host.name or node_name(), "code": answer.code}
        _write(json.dumps({**told, "said": _read(answer.out)}))
    else:
        _write(f"─ {answer.host.name or HERE} ─")
        for line in answer.out.decode(errors="replace").splitlines():
            _write(names.verbatim(line))
    sys.stderr.write("".join(f"{names.verbatim(line)}\n" for line in lines))


def _settled(args: argparse.Namespace, words: list[str]) -> list[str]:
    """Return the words with what each node would take for something else: now is one moment."""
    if args.command == "checkpoint" and args.act == "set":
        label = [f"--label={args.label}"] if args.label else []
        moment = moments.parse(args.time, time.time())
        return ["checkpoint", args.name, "set", str(moment), *label]
    return words


def _said(host: Host, words: Sequence[str], *, as_json: bool) -> int:
    """Have one node do it; what it says stands below the node's name as it comes."""
    if not as_json:
        _write(f"─ {host.name or HERE} ─")
    try:
        done = subprocess.run(
            host.argv("georep", *words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if as_json else None,
            stderr=subprocess.PIPE,
            check=False,
        )
    except OSError as error:
        raise host.unstarted(error) from error
    lines = done.stderr.decode(errors="replace").splitlines()
    if host.unreached(done.returncode):
        lines = [f"georep: {host.trouble(done.returncode, done.stderr).sentence()}"]
    sys.stderr.write("".join(f"{names.verbatim(line)}\n" for line in lines))
    if as_json:
        told = {"node": host.name or node_name(), "code": done.returncode}
        _write(json.dumps({**told, "said": _read(done.stdout)}))
    return 1 if host.unreached(done.returncode) else done.returncode


def _read(said: bytes) -> object:
    """Return what JSON says: one document, or a list of those on each line."""
    text = said.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        with contextlib.suppress(ValueError):
            return [json.loads(line) for line in text.splitlines()]
    return text


def _status(hosts: Sequence[Host], at: Places, args: argparse.Namespace) -> int:
    """Say how a session is, or all, as their engines tell together; 1 also when one does not."""
    state, silent = asyncio.run(_picture(hosts, at))
    for words in silent:
        sys.stderr.write(f"georep: {names.verbatim(words)}\n")
    if args.name is not None:
        if args.name not in state.sessions and not silent:
            raise Usage(f"None of these nodes has a session {args.name}")
        state.sessions = {name: each for name, each in state.sessions.items() if name == args.name}
    (report.status_json if args.json else report.status)(state, time.time())
    return 1 if silent or attention.count(state) else 0


async def _picture(hosts: Sequence[Host], at: Places) -> tuple[State, list[str]]:
    """Return what the engines of these nodes say together, and why others say nothing."""
    state = State()

    async def look(host: Host) -> str:
        try:
            await feed.picture(calling.dial(host) if host.name else at.socket, into=state)
        except GeorepError as error:
            return host.told(error)
        return ""

    return state, list(filter(None, await asyncio.gather(*map(look, hosts))))


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
