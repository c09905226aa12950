"""Failures in a file: one JSON object on a line, with what each means. Never over another file."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from engine import failures as meanings
from engine import files
from engine.errors import Usage
from engine.events import EntryFailed

FIX = "Give another name."


def name(session: str, at: float) -> str:
    """Return what the file is called when nobody says otherwise."""
    return f"georep-failures-{session}-{int(at)}.jsonl"


def place(typed: str) -> Path:
    """Return the file that an operator names; raise Usage when it cannot be one."""
    if not typed.strip() or "\0" in typed:
        raise Usage("That is no name of a file", fix=FIX)
    path = Path(os.path.abspath(os.path.expanduser(typed.strip())))
    if not path.parent.is_dir():
        raise Usage(f"There is no folder {path.parent}", fix=FIX)
    return path


def write(typed: str, failures: Iterable[EntryFailed]) -> Path:
    """Write them to a file that was not there, mode 0600, whole or not at all; return where it is.

    Blocks. Raises Usage when it cannot be.
    """
    path, fix = place(typed), FIX
    try:
        files.create(path, b"".join(_line(failure) for failure in failures))
    except FileExistsError:
        raise Usage(f"{path} exists already", fix=fix) from None
    except OSError as error:
        raise Usage(f"{path} cannot be written: {error.strerror or error}", fix=fix) from error
    return path


def _line(failure: EntryFailed) -> bytes:
    meant = meanings.meaning(failure.kind)
    told = {**msgspec.structs.asdict(failure), "meaning": meant.words, "fix": meant.fix}
    return json.dumps(told).encode() + b"\n"
