"""`georep-engine agent`: serves one worker over stdin and stdout on a node of the secondary.

It opens the volume or the directory that it is told to (`engine.secondary.opened`), answers calls
with a pool of threads, and ends when its input ends or the primary has been silent for too long.
"""

import os
import select
import socket
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from engine import __version__, keeping
from engine.errors import GeorepError, Retry, Stop, Usage
from engine.item import AnyAnswer, AnyItem, Item, Refused
from engine.rpc.frames import Unframer, frame
from engine.rpc.messages import (
    MAGIC,
    PROTOCOL,
    AnyMessage,
    AnyQuestion,
    Applied,
    Apply,
    Failed,
    Hello,
    Ping,
    Pong,
    Sorry,
    Welcome,
)
from engine.secondary.apply import apply
from engine.secondary.busy import Busy
from engine.secondary.opened import Opened, opened
from engine.secondary.questions import Questions
from engine.secondary.target import Target

THREADS = 12
"""Calls under way on the mount at the same time; the FUSE client serves them in parallel."""
_LEAST_PATIENCE = 60.0
"""Seconds that one item may take whatever the primary's patience is."""
_GRACE = 60.0
"""Seconds that what is under way has to end in when the agent ends: longer than a client waits for
a brick that hangs, for one that is killed before leaves directories half moved.
"""
_CLAIMED_AFTER = 80.0
"""Seconds beyond the primary's patience that an older agent has to end in."""
_WORD = 1.0
"""Seconds between two words to a primary that waits with us."""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until the primary is done; return the exit code."""
    only = _only(argv or ())
    pipe = _Pipe(sys.stdin.fileno(), sys.stdout.fileno())
    # Whatever a library prints must not get between the frames.
    sys.stdout = sys.stderr
    pipe.send_raw(MAGIC)
    hello = pipe.receive(60)
    if not isinstance(hello, Hello):
        return 1
    try:
        return _serve(pipe, hello, only)
    except GeorepError as error:
        pipe.send(
            Sorry(cause=error.cause, words=error.words, fix=error.fix, evidence=error.evidence)
        )
        return 1


def _only(argv: Sequence[str]) -> str:
    """Return the one volume or directory that may be opened; empty for any. All else that it needs
    comes with Hello.
    """
    match list(argv):
        case []:
            return ""
        case ["--only", place]:
            return place
        case _:
            raise Usage("agent takes nothing but --only PLACE", fix="It is started by a primary.")


def _serve(pipe: "_Pipe", hello: Hello, only: str) -> int:
    if (hello.protocol, hello.version) != (PROTOCOL, __version__):
        raise Stop(
            f"the primary runs georep {hello.version}, the secondary {__version__}",
            cause="version mismatch",
            fix="Install the same version of georep on both sides.",
        )
    if only not in ("", hello.volume):
        raise Stop(
            f"this key is for {only} on the secondary, not for {hello.volume}",
            cause="refused by the gate",
            fix="Make one for it, on the primary: georep keys.",
        )
    with opened(hello) as there:
        if hello.worker:
            claim(there.target, hello, pipe)
        space = os.statvfs(there.root)
        pipe.send(
            Welcome(
                protocol=PROTOCOL,
                version=__version__,
                host=socket.gethostname(),
                pid=os.getpid(),
                volume_uuid=there.uuid,
                mount=there.far,
                total_bytes=space.f_blocks * space.f_frsize,
                free_bytes=space.f_bavail * space.f_frsize,
                total_inodes=space.f_files,
                free_inodes=space.f_favail,
                read_only=there.read_only,
                node=there.node,
                nodes=there.nodes,
                root=os.geteuid() == 0,
                owner=there.owner,
            )
        )
        return Server(there, pipe).run(hello.silence)


def claim(target: Target, hello: Hello, pipe: "_Pipe") -> None:
    """Wait until no older agent of the worker is at work; Retry when it does not end.

    The primary hears of us meanwhile, so that it gets to know what it is that holds us up.
    """
    deadline = time.monotonic() + hello.silence + _CLAIMED_AFTER
    while not target.claim(f"{hello.session} {hello.worker}", _WORD):
        if time.monotonic() > deadline:
            raise Retry(
                "an older agent of the same worker still runs",
                cause="agent still running",
                fix="It ends by itself when it has heard nothing for secondary-timeout; else see "
                "which node runs it: pgrep -af georep-engine",
            )
        pipe.send(Pong())


class Server:
    """Answers calls; a call's items run in parallel, and so do calls."""

    def __init__(self, there: Opened, pipe: "_Pipe") -> None:
        self._there, self._target, self._pipe = there, there.target, pipe
        self._questions = Questions(there.target, there.root, there.options, there.bricks)
        # Root need not own what it links.
        self._lent = self._questions.lent if os.geteuid() else None
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="mount")
        self._busy = Busy()

    def run(self, silence: int) -> int:
        """Serve until the input ends (0), or the primary is silent or the secondary gone (1)."""
        try:
            while not (trouble := self._trouble(silence)):
                message = self._pipe.receive(silence or None)
                if message is not None:
                    self.take(message)
                elif self._pipe.ended:
                    return 0
                else:
                    _say(f"nothing heard from the primary for {silence} s; ending")
                    return 1
            self._part(trouble)
            return 1
        finally:
            self._end()

    def _part(self, trouble: str) -> None:
        """Say why we end, to the log, and to the primary if it listens."""
        _say(trouble)
        sorry = Sorry(
            cause="secondary given up",
            words=f"the agent gave up: {trouble}",
            fix="A new agent opens it anew, by itself.",
            evidence="",
        )
        # Who does not read must not keep us from ending.
        telling = threading.Thread(target=self._pipe.send, args=(sorry,), daemon=True)
        telling.start()
        telling.join(_WORD)

    def _trouble(self, silence: int) -> str:
        patience = max(silence, _LEAST_PATIENCE)
        if silence and self._busy.longest() > patience:
            return f"a call of the secondary's mount has not ended for {patience:.0f} s"
        return self._there.trouble()

    def _end(self) -> None:
        """Wait for what is under way. What hangs in a mount ends when its client does: until then
        nobody else gets the claim and the locks that are held here.
        """
        self._pool.shutdown(wait=False, cancel_futures=True)
        if not self._busy.ended(_GRACE):
            _say(f"what is under way has not ended for {_GRACE:.0f} s; the mounts are given up")
            self._there.abandon()
            if not self._busy.ended(_GRACE):
                # Its threads would be waited for.
                os._exit(1)
        self._pool.shutdown()

    def take(self, message: AnyMessage) -> None:
        """Start to serve one message."""
        match message:
            case Ping():
                self._pipe.send(Pong())
            case Apply(id=number, items=items):
                _Batch(self, number, items).start(self._pool)
            case _ if isinstance(message, AnyQuestion):
                self._pool.submit(self._answer, message)
            case _:
                _say(f"unexpected message {type(message).__name__}")

    def _answer(self, question: AnyQuestion) -> None:
        try:
            with self._busy.question():
                self._pipe.send(self._questions.answer(question))
        except Exception as error:  # also an answer that fits in no frame: nobody may wait for ever
            words = f"{type(error).__name__}: {error}"
            self._pipe.send(Failed(id=question.id, cause="unanswered", words=words))
            _say(f"question {type(question).__name__}: {words}")

    def _kept(self, item: AnyItem) -> AnyItem:
        """Return what of an item can be kept here."""
        owner = self._there.owner
        return keeping.item(item, owner) if owner and isinstance(item, Item) else item

    def apply_to(self, batch: "_Batch", index: int) -> None:
        """Make one item of a batch so; the last one sends the answers."""
        item = batch.items[index]
        try:
            with self._busy.item():
                batch.answers[index] = apply(self._target, self._kept(item), self._lent)
        except Exception as error:  # a bug in one item must not take the others with it
            words = f"{type(error).__name__}: {error}"
            batch.answers[index] = Refused(gfid=item.gfid, doing="apply", errno=0, words=words)
            _say(f"item {item.gfid}: {words}")
        if batch.one_less():
            answers = tuple(answer for answer in batch.answers if answer is not None)
            with self._busy.question():  # a primary that does not read takes its time, too
                self._pipe.send(Applied(id=batch.number, answers=answers))


class _Batch:
    """The items of one Apply and the answers so far."""

    def __init__(self, server: Server, number: int, items: Sequence[AnyItem]) -> None:
        self.server, self.number, self.items = server, number, items
        self.answers: list[AnyAnswer | None] = [None] * len(items)
        self._left = len(items)
        self._guard = threading.Lock()

    def start(self, pool: ThreadPoolExecutor) -> None:
        if not self.items:
            self.server._pipe.send(Applied(id=self.number, answers=()))
        for index in range(len(self.items)):
            pool.submit(self.server.apply_to, self, index)

    def one_less(self) -> bool:
        with self._guard:
            self._left -= 1
            return self._left == 0


class _Pipe:
    """Frames over two descriptors; sending is safe from any thread."""

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._unframer = Unframer()
        self._waiting: list[AnyMessage] = []
        self._guard = threading.Lock()
        self.ended = False

    def receive(self, timeout: float | None) -> AnyMessage | None:
        """Return the next message; None when the input ended or nothing came within `timeout`
        seconds.
        """
        while not self._waiting:
            ready, _, _ = select.select([self._source], [], [], timeout)
            if not ready:
                return None
            data = os.read(self._source, 1 << 20)
            if not data:
                self.ended = True
                return None
            self._waiting.extend(self._unframer.feed(data))
        return self._waiting.pop(0)

    def send(self, message: AnyMessage) -> None:
        self.send_raw(frame(message))

    def send_raw(self, data: bytes) -> None:
        held = memoryview(data)
        with self._guard:
            try:
                while held:
                    held = held[os.write(self._sink, held) :]
            except BrokenPipeError:
                self.ended = True


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()
