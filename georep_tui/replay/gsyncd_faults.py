"""Why a worker of gsyncd ended, from what was logged before. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from georep_tui.replay import gsyncd_lines
from georep_tui.replay.gsyncd_lines import Line

WINDOW = 120.0
"""Seconds before an end in which its reason is looked for."""
TOGETHER = 2.0
"""Seconds within which two lines tell of one event."""
EVIDENCE = 4
"""Lines of evidence that are kept."""


class Fault(NamedTuple):
    """Why a worker ended."""

    cause: str
    words: str
    fix: str
    evidence: str = ""


_SSH: tuple[tuple[str, str, str], ...] = (
    ("Permission denied", "key refused", "Make and push the session's keys again."),
    (
        "Host key verification failed",
        "host key changed",
        "Compare the secondary's host key with the one in known_hosts.",
    ),
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "host key changed",
        "Compare the secondary's host key with the one in known_hosts.",
    ),
    ("Could not resolve", "host unknown", "Check the spelling, DNS and /etc/hosts."),
    ("Connection refused", "host unreachable", "See that sshd runs there and the port is open."),
    ("No route to host", "host unreachable", "See that the host is up and the port is open."),
    ("timed out", "host unreachable", "See that the host is up and the port is open."),
    ("No such file or directory", "no agent", "See that gsyncd is installed on the secondary."),
    ("command not found", "no agent", "See that gsyncd is installed on the secondary."),
)
"""What ssh, or the shell behind it, says; the cause; the next step."""


def explain(near: Sequence[Line], far: Sequence[Line], died: str, *, silent: bool) -> Fault:
    """Return why a worker ended.

    `near` are the errors of the worker, `far` those of its process on the secondary, both since it
    was started; `died` is what the monitor said of its end, or empty; `silent`: the log of the
    secondary is here, and says nothing of the end.
    """
    evidence = _evidence(near, far)
    for line in reversed(far):
        if line.words.startswith("Gluster Mount process exited"):
            return _mount(far_side=True, error=_error(line), evidence=evidence)
    for line in reversed(near):
        if (fault := _of(line, near, evidence, silent=silent)) is not None:
            return fault
    if died.startswith("Worker not confirmed"):
        return Fault(
            "start-up hung",
            "The worker was not connected and mounted in time, and was killed",
            "Look at ssh to the secondary and at both volumes: gluster volume status.",
            evidence,
        )
    words = died or "The worker ended"
    return Fault("ended silently", f"{words}, without a word why", _DMESG, evidence)


_DMESG = "Look at dmesg for the out-of-memory killer, and whether somebody killed it."


def _of(line: Line, near: Sequence[Line], evidence: str, *, silent: bool) -> Fault | None:
    """Return the fault that one line tells of; None when others must tell."""
    words = line.words
    if words.startswith("Gluster Mount process exited"):
        return _mount(far_side=_asked(line, near), error=_error(line), evidence=evidence)
    if words.startswith("FAIL:"):
        return _bug(line, evidence)
    if words.startswith('Getting "Input/Output error"'):
        fix = "gluster volume heal VOLUME info, and gluster volume status, on both sides."
        return Fault("I/O error", "A brick is down, or there is a split brain", fix, evidence)
    if words.startswith("The above directory failed to sync"):
        return Fault(
            "directory failed",
            "A directory could not be made on the secondary, and nothing goes on before it is",
            "See the entry that failed just before, and mend that name on the secondary.",
            evidence,
        )
    if words.startswith("Meta-volume is not mounted"):
        fix = "Mount the meta volume, gluster_shared_storage, on this node."
        return Fault("meta volume not mounted", "The meta volume is not mounted", fix, evidence)
    if words.endswith(("register failed", "Crawl failed", "crawl failed")):
        said = f"{words}: {_error(line)}"
        return Fault("changelog", said, "See changes-BRICK.log beside the log.", evidence)
    if words.startswith(("connection to peer is broken", "command returned error")):
        return _child(near, evidence, silent=silent)
    if words.startswith(('getting "No such file', "If `gsec_create")):
        fix = "See that gsyncd is where the session's remote-gsyncd says."
        return Fault("no agent", "There is no gsyncd on the secondary where one is called", fix)
    return None


def _mount(*, far_side: bool, error: str, evidence: str) -> Fault:
    side = "secondary" if far_side else "primary"
    return Fault(
        f"{side} mount lost",
        f"The mount of the {side} volume went away ({error or 'no reason given'})",
        f"See that the {side} volume is started and its bricks are up: gluster volume status.",
        evidence,
    )


def _asked(line: Line, near: Sequence[Line]) -> bool:
    """Return whether it was a call to the far side that failed."""
    return any(
        each.words.startswith("call failed") and 0 <= line.at - each.at < TOGETHER for each in near
    )


def _bug(line: Line, evidence: str) -> Fault:
    last = next((text for raw in reversed(line.raw[1:]) if (text := _said(raw))), "")
    if last.startswith("UnicodeDecodeError"):
        return Fault(
            "name that is not UTF-8",
            f"A name that is not UTF-8 stands in a changelog, which gsyncd cannot read: {last}",
            "It meets that slice at each start, and cannot go on. Replicate with georep.",
            evidence,
        )
    return Fault(
        "fault of its own",
        last or "It ended with a fault of its own",
        "The traceback in its log says where; it goes on by itself if that was a single event.",
        evidence,
    )


def _child(near: Sequence[Line], evidence: str, *, silent: bool) -> Fault:
    """Return why a program that the worker had started ended: ssh mostly."""
    told = [line for line in near if line.words.startswith("command returned error")]
    code = _error(told[-1]) if told else ""
    program = gsyncd_lines.fields(told[-1].rest).get("cmd", "").partition(" ")[0] if told else ""
    if program and not program.endswith("ssh"):
        words = f"{program} ended with exit {code}"
        return Fault("mover failed", words, "Its own words stand below.", evidence)
    for line in near:
        for says, cause, fix in _SSH:
            if line.words.startswith("ssh>") and says in line.words:
                return Fault(cause, line.words.removeprefix("ssh> "), fix, evidence)
    ended = f"ssh to it ended with exit {code}" if code else "ssh to it ended"
    if silent:
        words = f"The process on the secondary was killed, or its host was: {ended}, and its log "
        fix = "Who killed it? Look at dmesg there, and at the host's own log."
        return Fault("far side killed", f"{words}has no word of it", fix, evidence)
    return Fault(
        "connection lost",
        f"The process on the secondary is gone: {ended}",
        "See its log on the secondary, at this time, and whether the host or the network was away.",
        evidence,
    )


def _error(line: Line) -> str:
    return gsyncd_lines.fields(line.rest).get("error", "")


def _evidence(near: Sequence[Line], far: Sequence[Line]) -> str:
    """Return what was logged, in its own words, without the long command lines."""
    lines = [_short(line) for line in near[-EVIDENCE:]]
    lines += [f"secondary: {_short(line)}" for line in far[-EVIDENCE:]]
    return "; ".join(dict.fromkeys(lines))


def _short(line: Line) -> str:
    words = line.words.rstrip(": ")
    if error := _error(line):
        words += f" ({error})"
    if len(line.raw) > 1 and (last := _said(line.raw[-1])):
        words += f": {last}"
    return words


def _said(raw: bytes) -> str:
    return gsyncd_lines.text(raw).strip()
