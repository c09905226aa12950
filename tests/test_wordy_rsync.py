"""A mover that says more than a pipe holds: all of it is read, and its end is kept."""

import asyncio
import sys
from pathlib import Path

from engine.item import Gfid
from engine.movers import rsync
from engine.rpc.route import Route

WORDY = f"""#!{sys.executable}
import sys
for number in range(20_000):
    print(f"rsync: [sender] {{number}}: what is the matter with one file", file=sys.stderr)
asked = sys.stdin.buffer.read().count(b"\\0")
print("x" * 300_000)
print(f"Number of regular files transferred: {{asked}}")
print("the last word", file=sys.stderr)
sys.exit(23)
"""
"""Says more than a megabyte before it reads a name, and much before it ends."""


async def test_an_rsync_with_much_to_say_hangs_nobody(tmp_path: Path) -> None:
    program = tmp_path / "rsync"
    program.write_text(WORDY)
    program.chmod(0o755)
    asked = [Gfid(f"{number:08x}-0000-4000-8000-000000000000") for number in range(10_000)]
    async with asyncio.timeout(60):
        job = await rsync.run(
            *(Route(host="h"), b"/here", b"/there", asked),
            shell=["ssh"],
            program=str(program),
            options="",
        )
    assert (job.code, job.asked) == (23, 10_000)
    assert job.words.endswith("the last word")
    assert len(job.words) <= 1 << 20
