"""RPC frames without I/O: feed bytes in, take messages out.

A frame is a 4-byte big-endian length and that many bytes of MessagePack.
"""

import struct
from collections.abc import Iterator

import msgspec

from engine.errors import Stop
from engine.rpc.messages import MAGIC, AnyMessage

_HEAD = struct.Struct(">I")
LIMIT = 16 << 20
"""Longest frame accepted, in bytes."""
NOISE = 64 << 10
"""Most bytes a login shell may print before the agent's first word."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(AnyMessage).decode


class BadFrame(Stop):
    """The other side does not speak our protocol."""

    def __init__(self, words: str) -> None:
        super().__init__(
            f"the other side sent what is no georep message: {words}",
            cause="protocol",
            fix="Install the same version of georep on both sides.",
        )


def frame(message: AnyMessage) -> bytes:
    """Return `message` as one frame; BadFrame when it is longer than the other side accepts."""
    body = _encode(message)
    if len(body) > LIMIT:
        raise BadFrame(f"a message of {len(body)} bytes does not fit in a frame of {LIMIT}")
    return _HEAD.pack(len(body)) + body


class Unframer:
    """Collects bytes in any split and yields whole messages."""

    def __init__(self, *, after_magic: bool = False) -> None:
        """With `after_magic`, everything before the agent's magic line is kept as `noise`."""
        self._held = bytearray()
        self._quiet = not after_magic
        self.noise = b""

    @property
    def greeted(self) -> bool:
        """Whether the magic line has come, where one is expected."""
        return self._quiet

    def feed(self, data: bytes) -> Iterator[AnyMessage]:
        """Add `data`; yield each message it completes."""
        self._held += data
        if not self._quiet and not self._skip_noise():
            return
        while len(self._held) >= _HEAD.size:
            (size,) = _HEAD.unpack_from(self._held)
            if size > LIMIT:
                raise BadFrame(f"a frame of {size} bytes")
            end = _HEAD.size + size
            if len(self._held) < end:
                return
            body = bytes(self._held[_HEAD.size : end])
            del self._held[:end]
            try:
                message = _decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise BadFrame(str(error)) from error
            yield message

    def _skip_noise(self) -> bool:
        at = self._held.find(MAGIC)
        if at < 0:
            if len(self._held) > NOISE:
                raise BadFrame(f"{NOISE} bytes without a greeting")
            self.noise = bytes(self._held)
            return False
        self.noise = bytes(self._held[:at])
        del self._held[: at + len(MAGIC)]
        self._quiet = True
        return True
