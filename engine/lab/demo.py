"""`georep demo`: a lab, engines, a workload, and the proof that both sides are equal.

`run` is all of it without a screen. A console opens on the same parts: `staged` makes the lab and
the session, `running` has engines and workload at work and says where the engines' sockets are,
`Running.finish` ends the workload, waits for the secondary and compares.
"""

import asyncio
import contextlib
import json
import math
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from engine.errors import Stop
from engine.lab import compare
from engine.lab.hosts import until
from engine.lab.lab import Lab
from engine.lab.shape import PRIMARY, SECONDARY, Shape
from engine.lab.watch import Report, Watch, line, passed, troubles

SESSION = "demo"
SHAPE = Shape(rollover=3, gsyncd=False)
PATIENCE = 300.0
"""Seconds that the secondary may need, from the end of the workload, to have everything."""
_SHOWN = 20
"""Differences that are listed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether both volumes are the same in the end, in words."""

    equal: bool
    words: str


@dataclass(slots=True)
class Running:
    """Engines and a workload at work in a lab."""

    lab: Lab
    sockets: tuple[Path, ...]
    """Where each node's engine tells what it does; the paths are good on this machine itself."""
    engines: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    """By host."""
    workload: subprocess.Popen[bytes] | None = None

    def check(self) -> None:
        """Raise Stop when an engine, or the workload, has ended by itself."""
        for host, engine in self.engines.items():
            if engine.poll() is not None:
                raise Stop(
                    f"The engine on {host} ended with {engine.returncode}",
                    cause="engine ended",
                    fix=f"Its last words are in {log(self.lab, host)}.",
                    evidence=_tail(log(self.lab, host)),
                )
        if self.workload is not None and self.workload.poll() is not None:
            raise Stop(f"The workload ended with {self.workload.returncode}")

    def listen(self) -> bool:
        """Return whether every engine can be spoken to."""
        self.check()
        return all(socket.exists() for socket in self.sockets)

    def finish(self, report: Report) -> Verdict:
        """End the workload, wait until the secondary has everything, compare both volumes."""
        if self.workload is not None:
            _end(self.workload)
            self.workload = None
        if not self._goes_on():
            return Verdict(False, f"Session {SESSION} was deleted, so nothing is compared.")
        report("The workload has ended; waiting until the secondary has everything.")
        self.lab.heal(PRIMARY)
        began = time.monotonic()
        # Positions are whole seconds; the next one is certainly later than the last change.
        asyncio.run(self._await_passed(math.ceil(time.time())))
        report(f"Every brick is through, {time.monotonic() - began:.1f} s later. Comparing.")
        primary, secondary = compare.both(self.lab)
        found = compare.diff(primary, secondary)
        if not found:
            count = len(primary) - 1
            words = f"Both volumes are equal: {count} objects, each the same in every respect."
            return Verdict(True, words)
        for difference in found[:_SHOWN]:
            report(f"  {difference}")
        return Verdict(False, f"The volumes are NOT equal: {len(found)} differences.")

    def _goes_on(self) -> bool:
        """Have the session run again where somebody let it rest; False when somebody deleted it."""
        for host in self.lab.shape.primary_hosts:
            said = json.loads(self.lab.run(host, ["georep", "list", "--json"]).stdout)
            wanted = {each["session"]: each["wanted"] for each in said}.get(SESSION)
            if wanted is None:
                return False
            if wanted != "started":
                verb = "resume" if wanted == "paused" else "start"
                self.lab.run(host, ["georep", verb, SESSION])
        return True

    async def _await_passed(self, moment: float) -> None:
        async with Watch(self.sockets) as watch:
            await watch.until(
                "every brick is replicated",
                lambda state: passed(state, SESSION, moment, self.lab.shape),
                patience=PATIENCE,
            )


def run(seconds: float, *, keep: bool = False, report: Report) -> int:
    """Show replication for `seconds`; return 0 when both volumes were equal in the end.

    Takes everything down again, also on Ctrl-C and SIGTERM, unless it shall be kept. Call it in the
    main thread.
    """
    with sigterm_as_interrupt(), staged(report, keep=keep) as lab, running(lab, report) as now:
        asyncio.run(_show(now, seconds, report))
        verdict = now.finish(report)
        report(verdict.words)
        return 0 if verdict.equal else 1


@contextlib.contextmanager
def staged(report: Report, *, keep: bool = False) -> Iterator[Lab]:
    """Make a lab with a session that is not started; take it down at the end unless kept."""
    lab = Lab(f"demo-{os.getpid()}")
    report(f"Making two sites on this machine, the lab {lab.name} …")
    try:
        lab.up(SHAPE)
        for host in SHAPE.primary_hosts:
            to = f"root@{SHAPE.secondary_hosts[0]}::{SECONDARY}"
            lab.run(host, ["georep", "create", PRIMARY, to, "--name", SESSION])
        report(f"Session {SESSION}: {PRIMARY} on {', '.join(SHAPE.primary_hosts)} → {to}.")
        yield lab
    finally:
        if keep:
            report(f"The lab stays. Enter: georep lab exec prim1 --name {lab.name} bash")
            report(f"Remove it: georep lab down --name {lab.name}")
        else:
            with _undisturbed():
                report("Taking everything down …")
                lab.down()


@contextlib.contextmanager
def running(lab: Lab, report: Report) -> Iterator[Running]:
    """Have an engine on each node of the primary, the session started, and a workload."""
    hosts = lab.shape.primary_hosts
    now = Running(lab, tuple(lab.place.state(host) / "engine.sock" for host in hosts))
    try:
        for host in hosts:
            now.engines[host] = start_engine(lab, host)
        until("the engines", now.listen)
        for host in hosts:
            lab.run(host, ["georep", "start", SESSION])
        folder = lab.mount(PRIMARY, hosts[0])
        argv = ["python", "-m", "engine.lab.gentle", folder]
        now.workload = subprocess.Popen(
            lab.exec_argv(hosts[0], argv), stdout=subprocess.DEVNULL, start_new_session=True
        )
        report(f"Engines run on {', '.join(hosts)}; somebody works in {PRIMARY}.")
        yield now
    finally:
        with _undisturbed():
            for process in (now.workload, *now.engines.values()):
                if process is not None:
                    _end(process)


def start_engine(lab: Lab, host: str) -> subprocess.Popen[bytes]:
    """Start `georep-engine run` on `host`; it outlives Ctrl-C, and its words go to `log`."""
    with log(lab, host).open("ab") as file:
        return subprocess.Popen(
            lab.exec_argv(host, ["georep-engine", "run"]),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def log(lab: Lab, host: str) -> Path:
    """Return where the engine on `host` writes what it has to say."""
    return lab.place.host(host) / "engine.log"


async def _show(now: Running, seconds: float, report: Report) -> None:
    began, known = time.monotonic(), ""
    async with Watch(now.sockets) as watch:
        while (spent := time.monotonic() - began) < seconds:
            now.check()
            minutes, rest = divmod(int(spent), 60)
            report(f"{minutes:02}:{rest:02}  {line(watch.state, time.time())}")
            if (said := troubles(watch.state)) != known:
                known = said
                for words in said.splitlines():
                    report(f"       {words}")
            await asyncio.sleep(min(1.0, seconds - spent))


def _end(process: subprocess.Popen[bytes], patience: float = 30) -> None:
    """End a process: politely, then by force."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM unwind what has been put up, like Ctrl-C does; in the main thread."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-10:])


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep a second Ctrl-C from leaving half of everything behind."""
    both = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in both]
    try:
        yield
    finally:
        for number, handler in zip(both, before, strict=True):
            signal.signal(number, handler)
