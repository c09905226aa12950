"""One `up` or `down` of a lab at a time."""

import errno
import socket
import time

from engine.errors import Stop

_PATIENCE = 60.0


class Lock:
    """Held from `with` until its end, or until the death of all that inherited it.

    It is a name in the kernel and not a file, so that a kill leaves nothing of it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self) -> int:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._socket.bind(f"\0georep-lab/{self._name}")
                return self._socket.fileno()
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                if time.monotonic() > deadline:
                    self._socket.close()
                    raise Stop(
                        f"Another command is working on the lab {self._name}",
                        fix="Wait for it to end, or end it; then try again.",
                    ) from None
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        self._socket.close()
