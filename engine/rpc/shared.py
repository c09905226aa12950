"""One OpenSSH connection that stays open, so that small jobs need not log in each time.

Large jobs have a connection each: one would share its window, and its one thread that encrypts,
among them all. Where the shared one is not up, ssh logs in as always.
"""

import asyncio
import contextlib
import os
from pathlib import Path

from engine.gluster.mount import RUN
from engine.rpc.route import Route

SMALL = 8 << 20
"""Bytes of a job up to which a login counts: it takes as long as some MiB."""
_NAME = "ssh-"
_PAUSE, _LONGEST = 1.0, 60.0
"""Seconds before it is opened again, at first and at most."""


class Shared:
    """The connection of one worker; it is open while `keep` runs."""

    def __init__(self, route: Route, folder: Path = RUN) -> None:
        """`folder` is ours alone, and its path short: a socket's may have 108 bytes."""
        self._route, self._folder = route, folder
        self._socket = folder / f"{_NAME}{os.getpid()}"

    def openssh(self, size: int) -> list[str]:
        """Return an OpenSSH client's command line, without the host, for a job of `size` bytes."""
        if size > SMALL or not self._socket.exists():
            return self._route.openssh()
        return self._route.openssh(control=("no", str(self._socket)))

    async def keep(self) -> None:
        """Keep it open until cancelled. That it cannot be opened is nobody's fault here: whoever
        logs in will say so.
        """
        clean(self._folder)
        pause = _PAUSE
        try:
            while True:
                began = asyncio.get_running_loop().time()
                with contextlib.suppress(OSError):
                    await self._open()
                long = asyncio.get_running_loop().time() - began > _LONGEST
                pause = _PAUSE if long else min(2 * pause, _LONGEST)
                await asyncio.sleep(pause)
        finally:
            self._socket.unlink(missing_ok=True)

    async def _open(self) -> None:
        """Have it open until it ends."""
        self._socket.unlink(missing_ok=True)
        words = self._route.openssh(control=("yes", str(self._socket)))
        process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "TERM", *words, "-N", "--", self._route.host),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


def clean(folder: Path) -> None:
    """Remove the sockets of workers that are no more."""
    with contextlib.suppress(FileNotFoundError):
        for path in folder.glob(f"{_NAME}*"):
            pid = path.name.removeprefix(_NAME)
            if pid.isdigit() and not Path("/proc", pid).exists():
                path.unlink(missing_ok=True)
