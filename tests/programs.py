"""Nodes that are programs of this machine: a few lines of Python for all of them."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from georep_tui import hosts
from georep_tui.hosts import Host


def stand_in(monkeypatch: pytest.MonkeyPatch, source: str, folder: Path) -> None:
    """Have each host run `source`, which finds `folder`, the host's name and what is said to it
    among its arguments.
    """

    def begin(name: str, argv: Sequence[str]) -> list[str]:
        return [sys.executable, "-c", source, str(folder), name, *argv]

    def there(name: str, places: Sequence[str] = ()) -> Host:
        return Host(name, partial(begin, name), tuple(places))

    monkeypatch.setattr(hosts, "there", there)
