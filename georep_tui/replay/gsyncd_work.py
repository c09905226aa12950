"""What a worker of gsyncd tells of its work, message by message. Pure."""

import re
from collections.abc import Callable, Iterator

from engine.events import BatchDone, Crawl, JobFinished, WorkerProgressed
from georep_tui.replay import gsyncd_failed
from georep_tui.replay.gsyncd_life import (
    Counter,
    Fields,
    Life,
    crawl_changed,
    decimal,
    number,
    position,
    works,
)
from georep_tui.replay.gsyncd_lines import Line
from georep_tui.replay.notes import (
    AnyTold,
    CheckpointPassed,
    ConflictEnded,
    ConflictMet,
    SlicesTold,
)

_MODES = {
    "xsync": Crawl.HYBRID,
    "history_changelog": Crawl.HISTORY,
    "live_changelog": Crawl.CHANGELOG,
}
_ENTRIES = ("UNL", "RMD", "CRE", "MKN", "MKD", "REN", "LIN", "SYM")
_RSYNC = {
    "files": re.compile(r"files transferred: ([\d,]+)"),
    "size": re.compile(r"Total file size: ([\d,]+)"),
    "moved": re.compile(r"Total transferred file size: ([\d,]+)"),
    "literal": re.compile(r"Literal data: ([\d,]+)"),
    "matched": re.compile(r"Matched data: ([\d,]+)"),
    "sent": re.compile(r"Total bytes sent: ([\d,]+)"),
}


def entries_made(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Count the entries of a batch."""
    counts = {name: number(said.get(name)) for name in _ENTRIES}
    life.batch.entries += sum(counts.values())
    life.batch.removed += counts["UNL"] + counts["RMD"]
    life.batch.directories += counts["MKD"] + counts["RMD"]
    yield from ()


def rsync_told(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Keep what rsync told of its job until the job's end is logged."""
    data = said.get("data", "")
    found = {name: match for name, each in _RSYNC.items() if (match := each.search(data))}
    life.rsync.append({name: number(match[1].replace(",", "")) for name, match in found.items()})
    yield from ()


def job_finished(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Tell of a job; whether what it sent is whole, gsyncd never looked."""
    told = life.rsync.popleft() if life.rsync else {}
    asked, code = number(said.get("num_files")), number(said.get("return_code"))
    sent, size = told.get("sent", 0), told.get("size", 0)
    life.batch.files += asked
    life.batch.bytes += told.get("moved", 0)
    yield life.tell(
        JobFinished,
        line.at,
        mover="rsync" if told else "mover",
        job=number(said.get("job")),
        asked=asked,
        moved=0 if code else asked,
        short=0,
        size=size,
        sent=sent,
        matched=told.get("matched", 0),
        literal=told.get("literal", 0),
        speedup=size / sent if sent else 0.0,
        seconds=decimal(said.get("duration")),
        code=code,
        words=f"{told['files']} files had to be sent" if "files" in told else "",
    )


def batch_done(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Tell of a batch, and where the position is then."""
    crawl, done = _MODES.get(said.get("mode", ""), Crawl.NONE), life.batch
    yield from works(life, line, crawl)
    count = 0 if crawl is Crawl.HYBRID else number(said.get("num_changelogs"))
    last = number(said.get("changelog_end"))
    life.batch = Counter()
    life.slices += count
    life.entries += done.entries
    life.files += done.files
    life.bytes += done.bytes
    life.removed += done.removed
    yield life.tell(
        BatchDone,
        line.at,
        slices=count,
        records=0,
        entries=done.entries,
        files=done.files,
        bytes=done.bytes,
        removed=done.removed,
        seconds=decimal(said.get("duration")),
        rounds=1,
    )
    if count:
        first = number(said.get("changelog_start"))
        directories = done.directories
        yield life.tell(
            SlicesTold, line.at, first=first, last=last, count=count, directories=directories
        )
    yield life.tell(
        WorkerProgressed,
        line.at,
        slices=life.slices,
        records=0,
        entries=life.entries,
        files=life.files,
        bytes=life.bytes,
        removed=life.removed,
    )
    yield from position(life, line, said, last=last if count else 0)


def conflict_met(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Tell of names that others hold on the secondary."""
    life.conflict = number(said.get("count"))
    yield life.tell(ConflictMet, line.at, count=life.conflict)


def conflict_settled(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Tell that all conflicts were settled."""
    yield from _conflict_ended(life, line, settled=True, words="all entries were made then")


def conflict_left(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Tell that conflicts could not be settled."""
    left = said.get("failures", "")
    words = f"given up with {left} entries failing" if left else "given up"
    yield from _conflict_ended(life, line, settled=False, words=words)


def _conflict_ended(life: Life, line: Line, *, settled: bool, words: str) -> Iterator[AnyTold]:
    if life.conflict:
        count, life.conflict = life.conflict, 0
        yield life.tell(ConflictEnded, line.at, count=count, settled=settled, words=words)


def checkpoint_passed(life: Life, line: Line, said: Fields) -> Iterator[AnyTold]:
    """Tell of a checkpoint."""
    yield life.tell(CheckpointPassed, line.at, checkpoint=said.get("checkpoint_time", ""))


Handler = Callable[[Life, Line, Fields], Iterator[AnyTold]]
WORK: dict[str, Handler] = {
    "Crawl Status Change": crawl_changed,
    "starting history crawl": position,
    "finished history crawl": position,
    "starting hybrid crawl": position,
    "finished hybrid crawl": position,
    "secondary's time": position,
    "Entry Time Taken": entries_made,
    "rsync performance": rsync_told,
    "Sync Time Taken": job_finished,
    "Batch Completed": batch_done,
    "Entry ops failed with gfid mismatch": conflict_met,
    "Successfully fixed all entry ops with gfid mismatch": conflict_settled,
    "No more gfid mismatches can be fixed": conflict_left,
    "ENTRY FAILED": gsyncd_failed.entry,
    "META FAILED": gsyncd_failed.entry,
    "SYNC Error": gsyncd_failed.content,
    "changelogs could not be processed completely - moving on...": gsyncd_failed.given_up,
    "Checkpoint completed": checkpoint_passed,
}
"""What a worker says, and what is told of it."""
