"""What is loaded together, in a fresh interpreter: the import linter cannot see it."""

import pkgutil
import subprocess
import sys

import pytest

import engine

SCREEN = {"textual", "rich", "georep_tui"}
HEAVY = {"asyncssh", "yaml", "asyncio"}


def loaded(*modules: str) -> set[str]:
    """Return the top names of everything that importing these modules brings."""
    code = "import importlib, sys\n"
    code += "for name in sys.argv[1:]: importlib.import_module(name)\n"
    code += "print(*{name.partition('.')[0] for name in sys.modules})"
    argv = [sys.executable, "-c", code, *modules]
    said = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    return set(said.stdout.split())


def test_the_engine_has_no_screen() -> None:
    found = pkgutil.walk_packages(engine.__path__, "engine.")
    names = [each.name for each in found if not each.name.endswith("__main__")]
    assert len(names) > 50
    assert not loaded(*names) & SCREEN


@pytest.mark.parametrize("module", ["engine.secondary.agent", "engine.__main__"])
def test_what_starts_on_every_connection_is_light(module: str) -> None:
    assert not loaded(module) & (HEAVY | SCREEN)


@pytest.mark.parametrize("module", ["georep_tui.cli"])
def test_the_command_waits_for_no_screen(module: str) -> None:
    assert not loaded(module) & {"textual", "rich", "asyncio", "asyncssh"}


@pytest.mark.parametrize("module", ["engine.session.lifecycle", "georep_tui.report"])
def test_a_command_that_looks_at_no_secondary_needs_no_ssh(module: str) -> None:
    assert "asyncssh" not in loaded(module)
