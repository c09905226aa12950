"""What was measured, as it stands in the JSON file; kept after every run, so an end loses none."""

import os
from pathlib import Path

import msgspec

from engine.errors import Usage


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One rival in one round of one workload."""

    rival: str
    round: int
    values: dict[str, float]
    """By measure; sizes in bytes, times in seconds."""
    unfinished: str = ""
    """What was missing when it was given up; its times are then at least what they say."""


class Measured(msgspec.Struct, kw_only=True):
    """All runs of one workload, from one lab."""

    name: str
    at: float
    """Seconds since the epoch."""
    scale: float
    busy: float = 0.0
    """The machine's load average before."""
    machine: dict[str, str]
    runs: list[Run] = []


class Results(msgspec.Struct, kw_only=True):
    """Workloads by name, each as it was measured last."""

    workloads: dict[str, Measured] = {}


def load(path: Path) -> Results:
    """Return what `path` holds; nothing when there is no such file. Usage when it is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Results)
    except FileNotFoundError:
        return Results()
    except msgspec.DecodeError as error:
        raise Usage(
            f"{path} holds no results of `make bench`: {error}", fix="Remove it, and measure again."
        ) from error


def save(path: Path, results: Results) -> None:
    """Write `results` in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")
    os.replace(fresh, path)
