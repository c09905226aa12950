"""A replay's story in lines: for people, and as JSON for programs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from engine import failures as meanings
from georep_tui import rows
from georep_tui.replay.digest import Digest, Group
from georep_tui.replay.entries import Entry, Tally, What
from georep_tui.replay.story import Story
from georep_tui.rows import Line

_MARKS: dict[str, str] = {
    "active": "ok",
    "faulty": "bad",
    "passive": "idle",
    "starting": "busy",
    "paused": "warn",
    "stopped": "idle",
    "stalled": "warn",
}
_MEANINGS: dict[What, str] = {
    What.CONFLICT: "warn",
    What.GIVEN_UP: "bad",
    What.CHECKPOINT: "ok",
    What.SESSION: "accent",
}
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Read:
    """What was read for a story."""

    files: int
    lines: int
    strange: int


def summary(story: Story, digest: Digest, read: Read, width: int) -> list[Line]:
    """Return the whole story for people."""
    entries = digest.finish()
    lines: list[Line] = [*_head(story, read)]
    names = sorted({session for session, _ in story.tallies} | set(story.known))
    for name in names:
        ours = [entry for entry in entries if entry.session in (name, "")]
        lines += [(), ((rows.rule(_title(story, name), width), "strong"),)]
        lines += _happened(ours, story, width)
        lines += [(), ((rows.rule("workers", width), "idle"),)]
        lines += _workers({w: t for (s, w), t in story.tallies.items() if s == name}, width)
        groups = [group for (session, *_), group in digest.groups.items() if session == name]
        lines += _groups(groups, story, width)
    nobodys = [group for (session, *_), group in digest.groups.items() if not session]
    lines += _groups(nobodys, story, width)
    if digest.dropped:
        words = f"{rows.grouped(digest.dropped)} more are not listed; --json tells all"
        lines += [(), ((words, "idle"),)]
    return lines


def _head(story: Story, read: Read) -> Iterable[Line]:
    took = rows.duration(story.end - story.begin)
    yield ((f"{rows.stamp(story.begin)} to {rows.stamp(story.end)} UTC, {took}", "strong"),)
    lines = f"{rows.many(read.lines, 'line')} in {rows.many(read.files, 'file')}"
    strange = f"{rows.grouped(read.strange)} not understood" if read.strange else "all understood"
    yield ((f"{lines}, {strange}", "idle"),)


def _title(story: Story, name: str) -> str:
    known = story.known.get(name)
    return f"{name} → {known.secondary}" if known and known.secondary else name


def _happened(entries: Sequence[Entry], story: Story, width: int) -> Iterable[Line]:
    days = story.end - story.begin >= DAY
    place = min(40, max((len(rows.plain(entry.place)) for entry in entries), default=0))
    for entry in entries:
        when = rows.short_stamp(entry.at) if days else rows.clock(entry.at)
        words = rows.plain(entry.words)
        if entry.until:
            last = rows.clock(entry.until)
            words += f" until {last} ({rows.duration(entry.until - entry.at)})"
        head = f" {when}  {rows.fit_brick(entry.place, place)}  "
        meaning = _MARKS.get(entry.words, _MEANINGS.get(entry.what, ""))
        indent = " " * len(head)
        cause = f"{words} · {entry.cause}" if entry.cause else words
        room = max(20, width - len(head))
        first, *rest = rows.wrap(cause, room, lines=4) or [""]
        yield ((head, "idle"), (first, meaning))
        yield from (((indent, ""), (part, meaning)) for part in rest)
        if entry.fix:
            fix = rows.wrap(f"→ {entry.fix}", room, lines=2)
            yield from (((indent, ""), (part, "accent")) for part in fix)


def _workers(tallies: dict[str, Tally], width: int) -> Iterable[Line]:
    place = min(40, max((len(rows.plain(worker)) for worker in tallies), default=5))
    head = (
        f" {'BRICK':{place}}  {'ACTIVE':>8} {'FAULTY':>8} {'STALLED':>8} {'STARTS':>6}"
        f" {'FAULTS':>6} {'BATCH':>5} {'ENTRY':>6} {'FILES':>6} {'SENT':>7} {'FAIL':>5}"
    )
    yield ((head, "head"),)
    for worker, each in sorted(tallies.items()):
        text = (
            f" {rows.fit_brick(worker, place)}  {_long(each.seconds['active']):>8}"
            f" {_long(each.seconds['faulty']):>8} {_long(each.stalled):>8} {each.starts:>6}"
            f" {each.faults.total():>6} {rows.number(each.batches):>5}"
            f" {rows.number(each.entries):>6} {rows.number(each.files):>6}"
            f" {rows.size(each.bytes or None):>7} {rows.number(each.failures.total()):>5}"
        )
        yield ((text, ""),)
    for words, meaning in _sums(list(tallies.values())):
        yield ((f" {words}", meaning),)


def _long(seconds: float) -> str:
    return rows.lag(seconds) if seconds >= 0.5 else "·"


def _sums(tallies: Sequence[Tally]) -> Iterable[tuple[str, str]]:
    """Say what all workers of a session come to, where there is something to say."""
    causes = Counter[str]()
    for each in tallies:
        causes.update(each.faults)
    for cause, count in causes.most_common():
        yield f"faulty {rows.many(count, 'time')}: {cause}", "bad"
    met, settled = sum(each.met for each in tallies), sum(each.settled for each in tallies)
    if met:
        words = "all settled" if met == settled else f"{settled} settled, {met - settled} not"
        mismatches = rows.many(met, "gfid mismatch", "gfid mismatches")
        yield f"conflicts: {mismatches}, {words}", "warn" if met == settled else "bad"
    if given := sum(each.given_up for each in tallies):
        slices = rows.many(given, "slice")
        yield f"content given up in {slices}: not sent until it is written to again", "bad"
    if bad := sum(each.bad_jobs for each in tallies):
        yield f"{rows.many(bad, 'transfer')} did not end with 0", "warn"
    if mended := sum(each.mended for each in tallies):
        yield f"{rows.many(mended, 'object')} that had failed came right, or ended", "ok"
    points = sorted({point for each in tallies for point in each.checkpoints})
    for point in points:
        count = sum(point in each.checkpoints for each in tallies)
        yield f"checkpoint {point}: reached on {rows.many(count, 'brick')}", "ok"


def _groups(groups: Sequence[Group], story: Story, width: int) -> Iterable[Line]:
    titles = {
        What.FAILURE: "what failed",
        What.REMARK: "remarks",
        What.STRANGE: "lines that are not understood",
    }
    for what, title in titles.items():
        ours = [group for group in groups if group.first.what is what]
        if not ours:
            continue
        yield ()
        yield ((rows.rule(title, width), "idle"),)
        for group in sorted(ours, key=lambda group: -group.count):
            yield _group(group, width)
            kind = group.first.words.partition(":")[0]
            if what is What.FAILURE and kind in meanings.MEANINGS:
                yield ((f"          {meanings.meaning(kind).words}", "idle"),)


def _group(group: Group, width: int) -> Line:
    first = group.first
    times = (
        f"×{rows.grouped(group.count)}, last {rows.clock(group.last)} " if group.count > 1 else ""
    )
    head = f" {rows.clock(first.at)}  {rows.plain(first.place)}  {times}"
    words = rows.fit(rows.plain(first.words), max(20, width - len(head))).rstrip()
    return ((head, "idle"), (words, "bad" if first.what is What.FAILURE else ""))


def entry_json(entry: Entry) -> dict[str, object]:
    """Return one entry as JSON has it."""
    return {"type": "entry", **msgspec.to_builtins(entry)}


def totals_json(story: Story, read: Read) -> list[dict[str, object]]:
    """Return what it comes to: a line for each worker, one for all."""
    workers: list[dict[str, object]] = [
        {"type": "worker", "session": session, "worker": worker, **_tally(tally)}
        for (session, worker), tally in sorted(story.tallies.items())
    ]
    totals: dict[str, object] = {
        "type": "replay",
        "begin": story.begin,
        "end": story.end,
        "files": read.files,
        "lines": read.lines,
        "not_understood": read.strange,
        "strange": dict(story.strange.most_common()),
    }
    return [*workers, totals]


def _tally(tally: Tally) -> dict[str, object]:
    found = msgspec.to_builtins(tally)
    return {name: value for name, value in found.items() if name not in ("since", "status")}
