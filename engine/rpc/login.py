"""Logging in on the secondary. Every fault of the way is told apart here, with the next step."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import asyncssh

from engine.errors import Retry, Stop
from engine.rpc.route import Route


async def connect(route: Route) -> asyncssh.SSHClientConnection:
    """Log in; GeorepError with a cause when that fails."""
    files = route.known_hosts_files()
    try:
        known = asyncssh.read_known_hosts(files) if files else asyncssh.import_known_hosts("")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Stop(
            f"{' '.join(files)}, where the hosts' keys are, cannot be read: {why}",
            cause="host key unknown",
            fix="georep keys, for this session or secondary, shows the host's key, asks, and notes "
            "it; or name another file as known-hosts.",
        ) from error
    with _explained(route, known):
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


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a command on the other side."""

    code: int | None
    out: bytes
    words: str


async def run(route: Route, *commands: str) -> list[Said]:
    """Log in, run each command without input, and return what they said; GeorepError when the
    host does not let us in, or does not answer.
    """
    found: list[Said] = []
    async with await connect(route) as connection:
        for command in commands:
            try:
                async with asyncio.timeout(route.timeout):
                    done = await connection.run(
                        command, check=False, stdin=asyncssh.DEVNULL, encoding=None
                    )
            except (TimeoutError, OSError, asyncssh.Error) as error:
                raise Retry(
                    f"{route.host} let us in and then did not answer",
                    cause="host unreachable",
                    fix=f"Try it: ssh -p {route.port} {route.user}@{route.host} {command}",
                    evidence=str(error),
                ) from error
            words = _raw(done.stderr).decode("utf-8", "replace").strip()
            found.append(Said(done.exit_status, _raw(done.stdout), words))
    return found


def _raw(said: bytes | str | None) -> bytes:
    return said if isinstance(said, bytes) else b""


async def host_key(route: Route) -> asyncssh.SSHKey:
    """Return the key that the host shows to whoever asks; Retry when it cannot be reached."""
    with _explained(route, asyncssh.import_known_hosts("")):
        async with asyncio.timeout(route.timeout):
            key = await asyncssh.get_server_host_key(route.host, route.port, config=None)
    if key is None:
        raise Retry(
            f"{route.host} shows no host key",
            cause="host unreachable",
            fix=f"See whether sshd runs there: ssh -p {route.port} {route.host}",
        )
    return key


@contextmanager
def _explained(route: Route, known: asyncssh.SSHKnownHosts) -> Iterator[None]:
    where = f"{route.user}@{route.host} port {route.port}"
    try:
        yield
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
                fix="If the host was set up anew, accept the new one, as it shows it itself: "
                f"georep keys {route.user}@{route.host}::VOLUME, or with keys of your own "
                f"ssh-keygen -R {route.host}. If it was not, somebody may be in between.",
                evidence=str(error),
            ) from error
        raise Stop(
            f"the host key of {route.host} is not known here",
            cause="host key unknown",
            fix=f"Look at its fingerprint and accept it once: georep keys {route.user}@"
            f"{route.host}::VOLUME, or with keys of your own ssh -p {route.port} "
            f"{route.user}@{route.host} true",
            evidence=str(error),
        ) from error
    except asyncssh.PermissionDenied as error:
        raise Stop(
            f"{where} does not accept our key",
            cause="key refused",
            fix=f"Make one that opens nothing else: georep keys {route.user}@{route.host}::VOLUME; "
            f"or put yours there: ssh-copy-id -p {route.port} {route.user}@{route.host}, and name "
            "it as ssh-key.",
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


def _resolves(host: str) -> bool:
    try:
        socket.gethostbyname(host)
    except OSError:
        return False
    return True


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
