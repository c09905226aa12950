"""How a command ends: with its exit code, and without a word where nobody reads any more."""

import contextlib
import os
import sys
from collections.abc import Callable

NOBODY_READS = 141
"""Exit code of a command whose reader has gone: what a shell tells of one that SIGPIPE ended."""


def quietly(run: Callable[[], int]) -> int:
    """Return the exit code of `run`; 141 when nobody reads what it says, 1 when that cannot be
    written.
    """
    try:
        try:
            code = run()
        finally:
            # Also what argparse says before it exits. Else Python tries at its own end, and
            # complains.
            unwritten = _flush()
    except BrokenPipeError:
        _let_go()
        return NOBODY_READS
    except BaseExceptionGroup as errors:
        if errors.subgroup(BrokenPipeError) is None:
            raise
        _let_go()
        return NOBODY_READS
    if unwritten:
        _let_go()
        with contextlib.suppress(OSError):
            os.write(
                2, f"georep: What was to be said could not be written: {unwritten}.\n".encode()
            )
        return code or 1
    return code


def _flush() -> str:
    """Write what is held back; return why that cannot be done."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            return error.strerror or str(error)
    return ""


def _let_go() -> None:
    """Have what is held back and finds no place go nowhere, or it would be tried again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                os.dup2(nowhere, stream.fileno())
        except AttributeError:
            pass  # it was closed before we began
    os.close(nowhere)
