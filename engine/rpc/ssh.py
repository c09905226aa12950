"""The agent at the far end of one ssh connection.

Whatever ends it is told apart here, once, with what the far side said and the next step.
"""

import asyncio
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import asyncssh

from engine import __version__
from engine.errors import Disconnected, GeorepError, Reject, Retry, Stop
from engine.gluster import urls
from engine.rpc import gated
from engine.rpc.channel import Channel
from engine.rpc.line import Line
from engine.rpc.login import connect
from engine.rpc.messages import PROTOCOL, Hello, Welcome
from engine.rpc.route import Route

_ENDING = 100
"""Seconds beyond the primary's patience that an older agent, cut off from us, may take to end."""
_HEARD = 64 << 10
"""Most of the agent's stderr that is kept, in bytes."""
_GSYNCD = "in restricted SSH session is not allowed"
"""What gsyncd's forced command says of all that is not gsyncd's."""


@dataclass(slots=True)
class Agent:
    """A connected agent."""

    channel: Channel
    welcome: Welcome
    host: str


@asynccontextmanager
async def agent(
    route: Route,
    *,
    session: str,
    volume: str,
    worker: str = "",
    primary: str = "",
    secondary: str = "",
) -> AsyncIterator[Agent]:
    """Connect, start the agent and have it open `volume`, or the directory of that path, as the
    secondary of the volume with the uuid `primary`; GeorepError with a cause when that fails.

    `secondary`: the uuid that the volume must have there; empty for any.

    While the body runs a lost connection cancels it and is raised as Disconnected, with the agent's
    last words.
    """
    connection = await connect(route)
    async with connection:
        command = shlex.join([*shlex.split(route.command), "agent"])
        process = await connection.create_process(command, encoding=None)
        heard = bytearray()
        lost: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(_listen(process, heard))
                line = Line(process.stdout, process.stdin, silence=route.silence)
                serving = group.create_task(line.serve())
                hello = Hello(
                    protocol=PROTOCOL,
                    version=__version__,
                    session=session,
                    worker=worker,
                    volume=volume,
                    primary=primary,
                    secondary=secondary,
                    silence=route.silence,
                    log_level=route.log_level,
                    users=route.scope.users,
                    acls=route.scope.acls,
                )
                welcome = await _greet(line, route, hello)
                yield Agent(Channel(line.call), welcome, route.host)
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
            with suppress(TimeoutError, asyncssh.Error):
                async with asyncio.timeout(2):
                    await process.wait_closed()
                    # Its last words may have come with its end, when nobody listened any more.
                    await _listen(process, heard)
            raise _explain(lost, route, line, process.exit_status, bytes(heard)) from None


async def _greet(line: Line, route: Route, hello: Hello) -> Welcome:
    try:
        async with asyncio.timeout(route.timeout + route.silence + _ENDING):
            welcome = await line.greet(hello)
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
    error: GeorepError, route: Route, line: Line, status: int | None, heard: bytes
) -> GeorepError:
    """Say what an ended agent means: its exit status and last words tell more than the lost
    connection.
    """
    said = heard.decode("utf-8", "replace").strip() or line.noise.strip()
    if not isinstance(error, Disconnected):
        return error
    if status == gated.REFUSED:
        return Stop(
            f"the key of this session may not start `{route.command} agent` on {route.host}",
            cause="refused by the gate",
            fix="Bind it anew, by the name of the session, or, before it is created, of its place: "
            f"georep keys {route.user}@{route.host}::VOLUME",
            evidence=said,
        )
    if _GSYNCD in said:
        return Stop(
            f"the key opens nothing but gsyncd on {route.host}",
            cause="key of gsyncd's",
            fix="Make one of georep's own beside it, gsyncd's stays as it is: georep keys "
            f"{route.user}@{route.host}::VOLUME",
            evidence=said,
        )
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
    if not line.greeted and status is not None:
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
    said. What ssh says of the way is ours, too.
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
    broken = [_broken(error) for error in flat if isinstance(error, asyncssh.Error)]
    strange = [error for error in flat if not isinstance(error, GeorepError | asyncssh.Error)]
    return (telling or strange or broken or ours)[0]


def _broken(error: asyncssh.Error) -> Disconnected:
    words = f"the connection to the secondary broke: {error.reason or type(error).__name__}"
    return Disconnected(words, cause="connection lost")
