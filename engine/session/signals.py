"""SIGTERM and SIGINT as a polite wish to end."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def handled(stop: Callable[[str], None]) -> Iterator[None]:
    """Call `stop` with the reason when one of them comes, inside the `with`."""
    loop = asyncio.get_running_loop()
    asked = (signal.SIGTERM, signal.SIGINT)
    for each in asked:
        loop.add_signal_handler(each, stop, f"the engine got {each.name}")
    try:
        yield
    finally:
        for each in asked:
            loop.remove_signal_handler(each)
