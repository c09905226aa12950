"""The way to the secondary: one ssh connection, the agent on it, and the same way for movers' ssh
children.

Every fault of the way is told apart here, once, with what the far side said and the next step.
"""

import asyncio
import os
import shlex
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from engine import __version__
from engine.errors import Disconnected, GeorepError, Reject, Retry, Stop
from engine.gluster import urls
from engine.rpc.channel import Channel
from engine.rpc.messages import PROTOCOL, Hello, Welcome

_HEARD = 64 << 10
"""Most of the agent's stderr that is kept, in bytes."""


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach one node of the secondary."""

    host: str
    user: str = "root"
    port: int = 22
    key: str = ""
    """Private key file; empty: those of ~/.ssh."""
    known_hosts: str = ""
    """Empty: ~/.ssh/known_hosts and the system's."""
    command: str = "georep-engine"
    """The engine on the far side; words, split as a shell would."""
    timeout: float = 60
    silence: int = 120
    """Seconds without a word after which either side counts the other as gone."""
    log_level: str = "INFO"

    def known_hosts_files(self) -> list[str]:
        """Return the files that say which host keys are right."""
        if self.known_hosts:
            return [self.known_hosts]
        usual = [os.path.expanduser("~/.ssh/known_hosts"), "/etc/ssh/ssh_known_hosts"]
        return [path for path in usual if os.path.exists(path)]

    def openssh(self, *, control: tuple[str, str] = ("no", "none")) -> list[str]:
        """Return the command line of an OpenSSH client that goes the same way, without the host.

        `control`: whether it opens a connection for others, and the socket of the shared one.
        """
        master, path = control
        words = ["ssh", "-p", str(self.port), "-l", self.user, "-oBatchMode=yes"]
        words += [
            "-oStrictHostKeyChecking=yes",
            f"-oControlPath={path}",
            f"-oControlMaster={master}",
        ]
        words += [f"-oConnectTimeout={int(self.timeout)}", "-oServerAliveInterval=15"]
        if self.known_hosts:
            words += [f"-oUserKnownHostsFile={self.known_hosts}"]
        if self.key:
            words += ["-i", self.key, "-oIdentitiesOnly=yes"]
        return words


@dataclass(slots=True)
class Agent:
    """A connected agent."""

    channel: Channel
    welcome: Welcome
    host: str


@asynccontextmanager
async def agent(
    route: Route, *, session: str, volume: str, worker: str = "", primary: str = ""
) -> AsyncIterator[Agent]:
    """Connect, start the agent and have it open `volume`, or the directory of that path, as the
    secondary of the volume with the uuid `primary`; GeorepError with a cause when that fails.

    While the body runs a lost connection cancels it and is raised as Disconnected, with the agent's
    last words.
    """
    connection = await _connect(route)
    async with connection:
        command = shlex.join([*shlex.split(route.command), "agent"])
        process = await connection.create_process(command, encoding=None)
        heard = bytearray()
        lost: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(_listen(process, heard))
                channel = Channel(process.stdout, process.stdin, silence=route.silence)
                serving = group.create_task(channel.serve())
                hello = Hello(
                    protocol=PROTOCOL,
                    version=__version__,
                    session=session,
                    worker=worker,
                    volume=volume,
                    primary=primary,
                    silence=route.silence,
                    log_level=route.log_level,
                )
                welcome = await _greet(channel, route, hello)
                yield Agent(channel, welcome, route.host)
                serving.cancel()
                listening.cancel()
        except BaseExceptionGroup as errors:
            # The group wraps whatever comes out of the body, too: hand that on as it was.
            lost = _one(errors)
        finally:
            process.close()
        if not isinstance(lost, GeorepError | None):
            raise lost
        if lost is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await process.wait_closed()
            raise _explain(lost, route, channel, process.exit_status, bytes(heard)) from None


async def _connect(route: Route) -> asyncssh.SSHClientConnection:
    files = route.known_hosts_files()
    where = f"{route.user}@{route.host} port {route.port}"
    try:
        known = asyncssh.read_known_hosts(files) if files else asyncssh.import_known_hosts("")
    except (OSError, ValueError) as error:
        raise Stop(
            f"the known hosts file cannot be read: {error}",
            cause="host key unknown",
            fix=f"Put the host's key into a file of its own and name it as known-hosts: "
            f"ssh-keyscan {route.host}",
        ) from error
    try:
        async with asyncio.timeout(route.timeout):
            return await asyncssh.connect(
                route.host,
                route.port,
                username=route.user,
                client_keys=[route.key] if route.key else (),
                known_hosts=known,
                config=None,
                agent_path=None,
                password_auth=False,
                kbdint_auth=False,
                encryption_algs=["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr"],
                keepalive_interval=15,
                keepalive_count_max=3,
                compression_algs=None,
            )
    except TimeoutError as error:
        raise Retry(
            f"{where} did not answer within {route.timeout:.0f} s",
            cause="host unreachable",
            fix=f"See whether the host is up and the port open: ssh -p {route.port} {route.host}",
        ) from error
    except asyncssh.HostKeyNotVerifiable as error:
        address = socket.gethostbyname(route.host) if _resolves(route.host) else ""
        changed = any(known.match(route.host, address, route.port or 22)[:2])
        if changed:
            raise Stop(
                f"the host key of {route.host} is not the one that is known",
                cause="host key changed",
                fix="If the host was set up anew, replace its key: "
                f"ssh-keygen -R {route.host}, then ssh-keyscan {route.host} (compare the "
                "fingerprint on the host itself). If it was not, somebody may be in between.",
                evidence=str(error),
            ) from error
        raise Stop(
            f"the host key of {route.host} is not known here",
            cause="host key unknown",
            fix=f"Look at its fingerprint and accept it once: ssh -p {route.port} "
            f"{route.user}@{route.host} true",
            evidence=str(error),
        ) from error
    except asyncssh.PermissionDenied as error:
        raise Stop(
            f"{where} does not accept our key",
            cause="key refused",
            fix=f"Put the public key there: ssh-copy-id -p {route.port} "
            f"{route.user}@{route.host}, or name another key as ssh-key.",
            evidence=str(error),
        ) from error
    except (asyncssh.KeyImportError, FileNotFoundError, PermissionError) as error:
        raise Stop(
            f"the private key {route.key or 'in ~/.ssh'} cannot be used: {error}",
            cause="key unusable",
            fix="Name a readable private key without a passphrase as ssh-key.",
        ) from error
    except socket.gaierror as error:
        raise Stop(
            f"the host name {route.host} is not known",
            cause="host unknown",
            fix="Check the spelling, DNS and /etc/hosts.",
            evidence=str(error),
        ) from error
    except (OSError, asyncssh.Error) as error:
        raise Retry(
            f"{where} cannot be reached: {_words(error)}",
            cause="host unreachable",
            fix=f"See whether sshd runs there: ssh -p {route.port} {route.user}@{route.host} true",
            evidence=str(error),
        ) from error


async def _greet(channel: Channel, route: Route, hello: Hello) -> Welcome:
    try:
        # An older agent of this worker, cut off from us, may have to end first.
        async with asyncio.timeout(route.timeout + route.silence + 30):
            welcome = await channel.greet(hello)
    except Reject as error:
        raise Reject(
            f"{route.host} says: {error.words}",
            cause=error.cause,
            fix=f"On {route.host}: {error.fix}" if error.fix else "",
            evidence=error.evidence,
        ) from error
    except TimeoutError as error:
        raise _late(route, hello.volume) from error
    if (welcome.protocol, welcome.version) != (PROTOCOL, __version__):
        raise Stop(
            f"the secondary runs georep {welcome.version}, this node {__version__}",
            cause="version mismatch",
            fix="Install the same version of georep on both sides.",
        )
    return welcome


def _late(route: Route, volume: str) -> Retry:
    if urls.is_directory(volume):
        return Retry(
            f"the agent on {route.host} did not open the directory {volume} in time",
            cause="directory hangs",
            fix=f"See there whether its disk answers: ls {volume}",
        )
    return Retry(
        f"the agent on {route.host} did not mount volume {volume} in time",
        cause="mount failed",
        fix=f"See which bricks are down there: gluster volume status {volume}",
    )


async def _listen(process: asyncssh.SSHClientProcess[bytes], heard: bytearray) -> None:
    while data := await process.stderr.read(1 << 14):
        heard += data
        del heard[:-_HEARD]


def _explain(
    error: GeorepError, route: Route, channel: Channel, status: int | None, heard: bytes
) -> GeorepError:
    """Say what an ended agent means: its exit status and last words tell more than the lost
    connection.
    """
    said = heard.decode("utf-8", "replace").strip() or channel.noise.strip()
    if not isinstance(error, Disconnected):
        return error
    if status in (126, 127):
        return Stop(
            f"there is no georep agent on {route.host}: `{route.command}` was not found",
            cause="no agent",
            fix=f"Install georep there (pip install georep-tui), or name its full path as "
            f"agent-command. Try: ssh {route.user}@{route.host} {route.command} --version",
            evidence=said,
        )
    if status == 2 and "usage" in said:
        return Stop(
            f"the georep on {route.host} does not know the command `agent`",
            cause="version mismatch",
            fix="Install the same version of georep on both sides.",
            evidence=said,
        )
    if not channel.greeted and status is not None:
        return Stop(
            f"what `{route.command}` answers on {route.host} is not a georep agent",
            cause="no agent",
            fix="Set agent-command to the full path of georep-engine there.",
            evidence=said,
        )
    return Disconnected(
        f"{error.words} ({route.host})",
        cause=error.cause,
        fix=error.fix or "The worker connects again by itself.",
        evidence=said,
    )


def _one(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the most telling of several errors: one of ours first, and of those what the agent
    said.
    """
    flat: list[BaseException] = []
    stack: list[BaseException] = [errors]
    while stack:
        error = stack.pop()
        if isinstance(error, BaseExceptionGroup):
            stack.extend(error.exceptions)
        else:
            flat.append(error)
    ours = [error for error in flat if isinstance(error, GeorepError)]
    telling = [error for error in ours if not isinstance(error, Disconnected)]
    strange = [error for error in flat if not isinstance(error, GeorepError)]
    return (telling or strange or ours)[0]


def _resolves(host: str) -> bool:
    try:
        socket.gethostbyname(host)
    except OSError:
        return False
    return True


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def key_exists(route: Route) -> bool:
    """Whether the named private key is there to read; true when none is named."""
    return not route.key or Path(route.key).is_file()
