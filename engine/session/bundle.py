"""What somebody else needs to see who shall help with a session: one file, and no secrets in it.

Names of files are in it, since failures and events tell them; keys and contents are not.
"""

import os
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path

import msgspec

from engine import __version__, config, feed, programs
from engine.config import Places
from engine.errors import GeorepError, Usage
from engine.gluster import volume
from engine.session import ledger

JOURNAL = 64 << 20
"""Bytes of journals of each session that are taken, the newest."""
LOG = 4 << 20
"""Bytes of the end of each log that are taken."""
_SECRET = re.compile(
    rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)"
    rb"|(?P<before>(?i:\b(?:password|passwd|passphrase|secret|token)[\"']?\s*[=:]\s*[\"']?))"
    rb"[^\s\"',;]+",
    re.DOTALL,
)
_HIDDEN = b"[left out: a secret]"
_PROGRAMS = ("glusterfs", "rsync", "ssh", "tar")
_PATIENCE = 20.0

Part = tuple[str, bytes]
"""A name in the bundle, and what stands there."""


def parts(at: Places, names: Sequence[str], status: bytes) -> Iterator[Part]:
    """Yield everything that goes in, each part read when it is asked for. Blocks.

    What cannot be had is there as the sentence that says why.
    """
    yield "versions.txt", _versions()
    yield "status.json", status
    for name in names:
        yield from _session(at, name)


def write(path: Path, found: Iterator[Part]) -> int:
    """Write a gzipped tar file at `path`, mode 0600, whole or not at all; return its bytes.

    Usage when something is there, or it cannot be written.
    """
    top = f"georep-{platform.node()}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz") as archive:
                    for name, data in found:
                        _add(archive, f"{top}/{name}", without_secrets(data))
                size = file.tell()
            # A link never replaces.
            os.link(temporary, path)
        finally:
            os.unlink(temporary)
    except FileExistsError:
        raise Usage(f"{path} is there already", fix="Choose another name with --out.") from None
    except OSError as error:
        raise Usage(
            f"{path} cannot be written: {error.strerror or error}",
            fix="Choose another place with --out.",
        ) from error
    return size


def without_secrets(data: bytes) -> bytes:
    """Return `data` with private keys, and what is called a password, left out."""
    return _SECRET.sub(_hide, data)


def _hide(found: re.Match[bytes]) -> bytes:
    return (found["before"] or b"") + _HIDDEN


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(data), 0o600, int(time.time())
    archive.addfile(entry, BytesIO(data))


def _versions() -> bytes:
    lines = [f"georep {__version__}", f"Python {sys.version.split()[0]}"]
    lines += [f"{name} {_version(name) or 'not found'}" for name in _PROGRAMS]
    lines.append(f"kernel {platform.release()} on {platform.machine()}")
    with suppress(OSError):
        lines.append(platform.freedesktop_os_release().get("PRETTY_NAME", ""))
    with open("/proc/uptime", encoding="ascii") as uptime:
        lines.append(f"up for {float(uptime.read().split()[0]) / 3600:.1f} h")
    return "".join(f"{line}\n" for line in lines).encode()


def _version(program: str) -> str:
    # ssh knows only -V, and says it on stderr.
    if program != "ssh":
        return programs.version(program)
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(["ssh", "-V"], capture_output=True, check=False, timeout=10)
        return (done.stderr or done.stdout).decode("utf-8", "replace").strip()
    return ""


def _session(at: Places, name: str) -> Iterator[Part]:
    yield f"{name}/session.yaml", _or_why(at.file(name).read_bytes)
    yield f"{name}/failures.json", _or_why(partial(_failures, at, name))
    for words in ("info", "status"):
        yield f"{name}/volume-{words}.txt", _or_why(partial(_volume, at, name, words))
    left = JOURNAL
    for path in reversed(feed.files(at.of(name) / "journal")):
        if left <= 0:
            break
        data = _or_why(path.read_bytes)
        left -= len(data)
        yield f"{name}/journal/{path.name}", data
    with suppress(OSError):
        for path in sorted((at.of(name) / "log").iterdir()):
            if path.is_file() and not path.is_symlink():
                yield f"{name}/log/{path.name}", _or_why(partial(_end, path))


def _failures(at: Places, name: str) -> bytes:
    return msgspec.json.encode(ledger.failures(at.ledger(name)))


def _volume(at: Places, name: str, words: str) -> bytes:
    primary = config.read(at, name).primary
    return volume.command(("volume", words, primary), _PATIENCE)[2].encode("utf-8", "replace")


def _end(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LOG))
        return file.read(LOG)


def _or_why(read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except GeorepError as error:
        return f"{error.sentence()}\n".encode("utf-8", "replace")
    except OSError as error:
        return f"{error}\n".encode("utf-8", "surrogateescape")
