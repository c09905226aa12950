"""Keys of georep's own: made here, let in there through the gate, the host's key pinned.

A key is for one place on the secondary, and all are below `keys` in the state. Nothing of the
operator's ~/.ssh is read or written, but by the operator's own ssh, which brings the key there.
"""

import dataclasses
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asyncssh

from engine import config, files, options
from engine.config import Places, Remote, Session
from engine.errors import GeorepError, Stop, Usage
from engine.options import Options
from engine.rpc import gated, hostkeys, login
from engine.rpc.messages import MAGIC
from engine.rpc.route import Route
from engine.secondary import authorized
from engine.session import changing, checks
from engine.session.checks import Check
from engine.session.supervisor import node_name

Tick = Callable[[Check], None]
Accept = Callable[[str, str], bool]
"""Gets a host and the fingerprint of the key that it shows; whether that is the right one."""
_SSH_FAILED = 255
_NOT_FOUND = (126, 127)


@dataclass(frozen=True, slots=True)
class Request:
    """For whom a key is made."""

    route: Route
    """With the key and the known hosts that shall be."""
    place: str
    """The volume or directory that it is for; empty: any of that host."""
    session: Session | None = None
    """Whose options shall name it."""

    @property
    def key(self) -> Path:
        """Return the private key's file."""
        return Path(self.route.key)

    @property
    def engine(self) -> list[str]:
        """Return how the engine is called on the secondary."""
        return shlex.split(self.route.command)


def folder(at: Places) -> Path:
    """Return where a node keeps its keys."""
    return at.state / config.KEYS


def request(at: Places, words: str, settings: Iterable[str] = ()) -> Request:
    """Return what `words` asks for: a session, [USER@]HOST::VOLUME, [USER@]HOST:/PATH or
    [USER@]HOST; Usage when it is none.
    """
    if words in config.names(at):
        session = config.read(at, words)
        if list(settings):
            raise Usage("A session has its options", fix=f"Change them in {at.file(words)}.")
        return _request(at, session, session.volume, session)
    given = options.changed(Options(), settings, where="--set")
    remote, whole = _remote(words)
    return _request(
        at, Session("keys", "", *remote, options=given), remote.volume if whole else "", None
    )


def _remote(words: str) -> tuple[Remote, bool]:
    """Return the far end, and whether a place there was named."""
    for text in (words, f"{words}::any"):
        try:
            return config.parse_secondary(text), text == words
        except Usage:
            continue
    raise Usage(
        f"{words!r} is neither a session of this node nor a place on another host",
        fix="Write the name of a session, or [USER@]HOST::VOLUME.",
    )


def _request(at: Places, session: Session, place: str, owner: Session | None) -> Request:
    route = checks.route(session)
    name = _file(route, place)
    kept = folder(at)
    own = dataclasses.replace(route, key=str(kept / name), known_hosts=str(kept / "known_hosts"))
    return Request(own, place, owner)


def _file(route: Route, place: str) -> str:
    """Return the name of a key's file: of signs that ssh does not take for something else."""
    port = f",{route.port}" if route.port != 22 else ""
    text = f"{route.user}@{route.host}{port}" + (f"::{place}" if place else "")
    return re.sub(r"[^A-Za-z0-9@.,:_-]", lambda sign: f"+{sign[0].encode().hex()}", text)


def taken_up(at: Places, session: Session) -> Session:
    """Return `session` with the key that was made for its place, or its host, unless it has one."""
    if session.options.ssh_key or session.options.known_hosts:
        return session
    for place in (session.volume, ""):
        found = _request(at, session, place, None)
        # Who may not look there has no key there.
        if os.path.isfile(found.route.key):
            return _with(session, found)
    return session


def _with(session: Session, made: Request) -> Session:
    return dataclasses.replace(session, options=_naming(made, session.options))


def _naming(made: Request, old: Options) -> Options:
    values = {"ssh_key": made.route.key, "known_hosts": made.route.known_hosts}
    return options.replaced(old, values)


async def establish(at: Places, wanted: Request, accept: Accept, tick: Tick) -> None:
    """Have a key that gets in and opens nothing else; do only what is not done yet.

    Stop with the next step where that fails; ssh may ask the operator for a password meanwhile.
    """
    with held(at):
        await _prepare(wanted, accept, tick)
        await admit(wanted)
        words = f"The key gets in on {wanted.route.host}, and opens nothing but georep"
        tick(Check("key", True, words))
        if wanted.session is not None:
            await changing.change(at, wanted.session.name, partial(_naming, wanted))


async def admit(wanted: Request) -> None:
    """Have the host let the key in, unless it does; Stop with the next step where that fails."""
    try:
        await prove(wanted.route)
    except GeorepError as error:
        if error.cause not in ("key refused", "key not bound", "refused by the gate"):
            raise
        bring(wanted)
        await prove(wanted.route)


async def prepare(at: Places, wanted: Request, accept: Accept, tick: Tick) -> str:
    """Make the key and pin the host's, and return the line for the operator to put there."""
    with held(at):
        await _prepare(wanted, accept, tick)
        return line(wanted)


async def _prepare(wanted: Request, accept: Accept, tick: Tick) -> None:
    # The host first: a key for one that is not known, or not the right one, would be taken up.
    tick(await pin(wanted, accept))
    tick(make(wanted))


@contextmanager
def held(at: Places) -> Iterator[None]:
    """Hold the folder of the keys; Usage when another one does, or it cannot be written."""
    path = folder(at)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        fix = "Wait for that to end."
        with files.locked(path / "lock", what="Keys are being made already", fix=fix):
            yield
    except OSError as error:
        raise Usage(
            f"{error.filename or path} cannot be used: {error.strerror or error}",
            fix="Run this as root, or choose --state.",
        ) from error


def make(wanted: Request) -> Check:
    """Make the key, unless it is there."""
    if wanted.key.is_file():
        return Check("key made", True, f"The key is there: {wanted.key}")
    made = asyncssh.generate_private_key("ssh-ed25519", comment=f"georep@{node_name()}")
    public = wanted.key.with_name(f"{wanted.key.name}.pub")
    # Only for eyes; it is the private one that says whether there is a key.
    files.write(public, made.export_public_key())
    files.create(wanted.key, made.export_private_key())
    return Check("key made", True, f"A key was made: {wanted.key}")


def line(wanted: Request) -> str:
    """Return the line of authorized_keys for a key that was made."""
    return authorized.line(_public(wanted), wanted.place, wanted.engine)


def _public(wanted: Request) -> str:
    try:
        return asyncssh.read_private_key(wanted.key).export_public_key().decode("ascii")
    except asyncssh.KeyImportError as error:
        raise Stop(
            f"the private key {wanted.key} cannot be used: {error}",
            cause="key unusable",
            fix="Remove it, and say the command again; it makes a new one.",
        ) from error


async def pin(wanted: Request, accept: Accept) -> Check:
    """Note the host's key as the right one, when it is known or `accept` says so; Stop if not."""
    route, file = wanted.route, Path(wanted.route.known_hosts)
    shown = await login.host_key(route)
    known = hostkeys.known(file, route)
    words = f"{route.host} has the key {hostkeys.fingerprint(shown)}"
    if hostkeys.public(shown) in known:
        return Check("host key", True, words)
    fingerprint = hostkeys.fingerprint(shown)
    if not accept(route.host, fingerprint):
        raise hostkeys.unaccepted(route, fingerprint, changed=bool(known))
    hostkeys.pin(file, route, shown)
    return Check("host key", True, f"{words}, as you have accepted")


def bring(wanted: Request) -> None:
    """Have the operator's own ssh put the key there; Stop when it cannot."""
    route = wanted.route
    only = ["--only", wanted.place] if wanted.place else []
    there = shlex.join([*wanted.engine, "authorize", *only, *wanted.engine])
    words = ["ssh", "-p", str(route.port), "-l", route.user, "-oStrictHostKeyChecking=yes"]
    words += [f"-oUserKnownHostsFile={route.known_hosts}", "-oGlobalKnownHostsFile=/dev/null"]
    words += ["-oControlPath=none", f"-oConnectTimeout={int(route.timeout)}", "--", route.host]
    public = _public(wanted)
    try:
        done = subprocess.run([*words, there], input=public.encode(), check=False)
    except OSError as error:
        raise Stop(
            f"ssh cannot be started on this machine: {error.strerror}",
            cause="ssh missing",
            fix="Install it: apt-get install openssh-client",
        ) from error
    where = f"{route.user}@{route.host}"
    if done.returncode == _SSH_FAILED:
        raise Stop(
            f"your own ssh could not log in as {where}, so the key could not be put there",
            cause="key refused",
            fix=f"Try `ssh -p {route.port} {where} true`; or put the line that --print shows into "
            f"the authorized_keys of {route.user} there, and run this again.",
        )
    if done.returncode in _NOT_FOUND:
        raise Stop(
            f"there is no georep on {route.host}: `{route.command}` was not found",
            cause="no agent",
            fix="Install the same version there, or name its full path as agent-command.",
        )
    if done.returncode:
        raise Stop(
            f"{route.host} did not take the key: `{route.command} authorize` failed",
            cause="key refused",
            fix="It says why above; both sides need the same version of georep.",
        )


async def prove(route: Route) -> None:
    """Log in with the key and see that it starts the agent and nothing else; Stop if not."""
    agent = shlex.join([*shlex.split(route.command), "agent"])
    refused, said = await login.run(route, "true", agent)
    if refused.code != gated.REFUSED:
        raise Stop(
            f"the key opens more on {route.host} than georep: `true` could be run with it",
            cause="key not bound",
            fix="It stands in authorized_keys there a second time; remove that line.",
        )
    if not said.out.endswith(MAGIC):
        raise Stop(
            f"the key gets in on {route.host}, but no agent answers",
            cause="refused by the gate",
            fix=f"Try it: ssh -i {route.key} {route.user}@{route.host} {agent}",
            evidence=said.words,
        )
