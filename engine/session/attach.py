"""Hands on, between stdin and stdout and the socket of this node's engine, what both sides say: so
that a console elsewhere hears it, through ssh.
"""

import os
import socket
import threading
from contextlib import suppress

from engine import feed
from engine.config import Places

_PORTION = 1 << 16


def run(at: Places) -> int:
    """Greet, and hand on until either side ends; return 0. Retry when no engine answers."""
    with socket.socket(socket.AF_UNIX) as engine:
        try:
            with feed.address(at.socket) as short:
                engine.connect(short)
        except OSError as error:
            raise feed.silent(at.socket, error) from error
        os.write(1, feed.GREETING + b"\n")
        threading.Thread(target=_ask, args=(engine,), daemon=True).start()
        with suppress(ConnectionError):
            while portion := engine.recv(_PORTION):
                _write(portion)
    return 0


def _ask(engine: socket.socket) -> None:
    """Hand on what is asked; its end is the end of all."""
    with suppress(OSError):
        while portion := os.read(0, _PORTION):
            engine.sendall(portion)
        engine.shutdown(socket.SHUT_RDWR)


def _write(portion: bytes) -> None:
    while portion:
        portion = portion[os.write(1, portion) :]
