"""`georep keys`: a key of georep's own, with what is asked of whoever types the command."""

import argparse
import asyncio
import sys

from engine.config import Places
from engine.session import keys, opening
from engine.session.keys import Accept, Request
from georep_tui import checking


def run(at: Places, args: argparse.Namespace) -> int:
    """Have a key that gets in and opens nothing but georep; 0, or an error with the next step."""

    def accept(host: str, fingerprint: str) -> bool:
        if args.accept:
            return fingerprint in args.accept
        return checking.agree(
            f"{host} shows the host key {fingerprint}\n"
            "On that host, this shows its own: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\n"
            "Are they the same?"
        )

    wanted = keys.request(at, args.target, args.settings)
    if args.print:
        _tell(asyncio.run(keys.prepare(at, wanted, accept, checking.tick_aside)))
        return 0
    asyncio.run(_establish(at, wanted, accept))
    if wanted.session is not None:
        _tell(f"Session {wanted.session.name} uses it.")
    else:
        _tell("georep create takes it up by itself. Elsewhere it is named by")
        _tell(f"    --set ssh-key={wanted.route.key} --set known-hosts={wanted.route.known_hosts}")
    return 0


async def _establish(at: Places, wanted: Request, accept: Accept) -> None:
    await keys.establish(at, wanted, accept, checking.tick)
    await opening.spread(at, wanted, accept, checking.tick)


def _tell(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
