"""Lines of gsyncd's logs as tests write them, in the words of today and of older releases."""

from collections.abc import Iterable

from georep_tui.replay import gsyncd_lines
from georep_tui.replay.gsyncd_events import Interpreter, Origin
from georep_tui.replay.notes import AnyTold

BEGIN = 1795424261.0
"""2026-11-23 08:57:41 UTC."""
ORIGIN = Origin("pvol_sec_svol", "pvol", "sec::svol", "gfs1")
WORKER = "gfs1:/bricks/b1"


def line(seconds: int, label: str, message: str, *, level: str = "I") -> bytes:
    """Return one line of a log, so many seconds after its begin."""
    minute, second = divmod(41 + seconds, 60)
    stamp = f"2026-11-23 {8 + (57 + minute) // 60:02}:{(57 + minute) % 60:02}:{second:02}.0"
    return f"[{stamp}] {level} [module({label}):1:function] Class: {message}\n".encode()


def old(message: str) -> str:
    """Return a message in the format of before 8.0."""
    words, _, rest = message.partition(" [{")
    said = gsyncd_lines.fields(f" [{{{rest}" if rest else "")
    return "\t".join([words, *(f"{key}={value}" for key, value in said.items())])


def tell(lines: Iterable[bytes], *, origin: Origin = ORIGIN) -> list[AnyTold]:
    """Return what a log tells."""
    interpreter, found = Interpreter(), list[AnyTold]()
    for _, value in gsyncd_lines.read(enumerate(lines)):
        found += interpreter.take(origin, value, BEGIN)
    return found
