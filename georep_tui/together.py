"""Several nodes asked at the same time: their answers in the order of the nodes, and none of them
held for long by one that is silent.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.errors import GeorepError, Retry
from georep_tui.hosts import HERE, Host
from georep_tui.running import end

SLOW = 5.0
"""Seconds that an answer waits for those of nodes before it."""


class Answer(NamedTuple):
    """What a command said on one node."""

    host: Host
    code: int
    out: bytes = b""
    err: bytes = b""
    trouble: GeorepError | None = None
    """Why there is no answer."""


async def ask(
    hosts: Sequence[Host],
    words: Sequence[str],
    *,
    patience: float,
    write: Callable[[Answer], None],
    late: Callable[[Host], None],
) -> list[Answer]:
    """Have a command that changes nothing run on all of them; return the answers in their order.

    `write` takes each answer as soon as those before it are there, or have let it wait for SLOW
    seconds; `late` hears once of who did. Who has said nothing for `patience` seconds is given up.
    """
    loop = asyncio.get_running_loop()
    ready: dict[int, float] = {}
    waited: set[int] = set()

    async def answer(at: int, host: Host) -> Answer:
        found = await _answer(host, words, patience)
        ready[at] = loop.time()
        return found

    tasks = [asyncio.create_task(answer(at, host)) for at, host in enumerate(hosts)]
    left = list(range(len(hosts)))
    try:
        while left:
            held = [at for at in left if at in ready]
            due = min((ready[at] for at in held), default=loop.time()) + SLOW
            if held and (held[0] == left[0] or loop.time() >= due):
                for at in left[: left.index(held[0])]:
                    if at not in waited:
                        waited.add(at)
                        late(hosts[at])
                write(tasks[held[0]].result())
                left.remove(held[0])
                continue
            away = [tasks[at] for at in left if at not in ready]
            wait = due - loop.time() if held else None
            await asyncio.wait(away, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()


async def _answer(host: Host, words: Sequence[str], patience: float) -> Answer:
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *host.argv("georep", *words), stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
    except OSError as error:
        return Answer(host, 1, trouble=host.unstarted(error))
    try:
        async with asyncio.timeout(patience):
            out, err = await process.communicate()
    except TimeoutError:
        return Answer(host, 1, trouble=silent(host, patience))
    finally:
        if process.returncode is None:
            await end(process)
    code = process.returncode or 0
    trouble = host.trouble(code, err) if host.unreached(code) else None
    return Answer(host, 1 if trouble else code, out, err, trouble)


def silent(host: Host, seconds: float) -> Retry:
    """Return what is told of a node that does not answer."""
    hand = f"ssh {host.name} georep list" if host.name else "georep list"
    return Retry(
        f"{host.name or HERE} has not answered for {seconds:.0f} s",
        fix=f"See what hangs there: {hand}",
    )
