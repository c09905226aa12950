"""`georep bundle`: what somebody else needs to see who shall help."""

import argparse
import asyncio
import platform
import sys
import time
from pathlib import Path

import msgspec

from engine import config
from engine.config import Places
from engine.errors import GeorepError
from engine.session import bundle, lifecycle
from georep_tui import report, rows


def run(at: Places, args: argparse.Namespace) -> int:
    """Write the bundle and say what is in it."""
    names = [args.name] if args.name else config.names(at)
    if args.name:
        config.read(at, args.name)  # says which sessions there are
    usual = f"georep-{platform.node()}-{time.strftime('%Y%m%d-%H%M%S')}.tar.gz"
    path = Path(args.out or usual)
    size = bundle.write(path, bundle.parts(at, names, _status(at, args.name)))
    sys.stdout.write(
        f"{path} has {rows.size(size)}: versions, status, session files, failures, journals and "
        "logs.\nNo keys and no contents are in it, but names of files are. Look at it before you "
        f"send it: tar tzf {path}\n"
    )
    return 0


def _status(at: Places, name: str | None) -> bytes:
    try:
        state = asyncio.run(lifecycle.status(at, name))
    except GeorepError as error:
        return msgspec.json.encode({"error": error.sentence()})
    return msgspec.json.encode(report.status_plain(state, time.time()))
