"""What a lab remembers of itself between two commands."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from engine.lab.shape import Shape


@dataclass(frozen=True, slots=True)
class Record:
    """The lab as it was made."""

    shape: Shape
    formed: bool
    """Whether `up` came to its end; what is not formed is thrown away by the next command."""
    holders: dict[str, tuple[int, int]] = field(default_factory=dict)
    """For each host the process that keeps it, and when that began."""


def save(path: Path, record: Record) -> None:
    """Write `record` so that a reader finds the old one or the new one, never half of it."""
    new = path.with_suffix(".new")
    text = {
        "shape": record.shape.to_dict(),
        "formed": record.formed,
        "holders": record.holders,
    }
    new.write_text(json.dumps(text, indent=1) + "\n")
    os.replace(new, path)


def load(path: Path) -> Record | None:
    """Return the record at `path`, or None when there is none that can be read."""
    try:
        found = json.loads(path.read_text())
        holders = {host: (int(pid), int(began)) for host, (pid, began) in found["holders"].items()}
        return Record(Shape.from_dict(found["shape"]), bool(found["formed"]), holders)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
