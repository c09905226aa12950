"""What the numbers were measured on; nothing that would name the machine."""

import os
import platform
import re
import subprocess
from pathlib import Path

import engine
from bench.sites import DELAY, SHAPE
from engine.lab.place import DEFAULT_ROOT

_VERSIONS = {
    "GlusterFS": ("glusterfs", "--version"),
    "rsync": ("rsync", "--version"),
    "OpenSSH": ("ssh", "-V"),
    "tar": ("tar", "--version"),
}
_NUMBER = re.compile(r"\d+(\.\d+)+\S*")


def describe() -> dict[str, str]:
    """Return the machine's parts, and the versions of what runs."""
    parts = {
        "Processor": f"{os.cpu_count()} cores, {_processor()}",
        "Memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "Kernel": platform.release(),
        "File system": _file_system(),
        "Volumes": f"{SHAPE.bricks} bricks → {SHAPE.secondary_bricks} bricks, no replicas, "
        f"a slice every {SHAPE.rollover} s",
        "Relay": f"{2000 * DELAY:.0f} ms there and back, where it says so",
        "georep": engine.__version__,
        "Python": platform.python_version(),
    }
    return parts | {name: _version(argv) for name, argv in _VERSIONS.items()}


def busy() -> float:
    """Return the load average of the last minute: what others do here disturbs what is measured."""
    return os.getloadavg()[0]


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _file_system() -> str:
    folder = next(p for p in (DEFAULT_ROOT, *DEFAULT_ROOT.parents) if p.exists())
    argv = ["findmnt", "-n", "-o", "FSTYPE", "-T", str(folder)]
    said = subprocess.run(argv, capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def _version(argv: tuple[str, ...]) -> str:
    said = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = _NUMBER.search(said.stdout + said.stderr)
    return found[0].rstrip(",") if found else "unknown"
