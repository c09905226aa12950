"""What georep's commands say to a console: who was put aside in `home`, and what keys would do."""

import json

from scripted import NOW

from engine.plan import records
from engine.plan.steps import Step, Told
from georep_tui.running import Commands

GIVEN, KEPT = "6f0c2d1e-9a34-4d0e-8b21-5c1f7e0a9d44", "b1d7a3f0-02cc-4f7a-9f50-aa8e4a1c6e90"
IN_THE_WAY = records.IN_THE_WAY.format(gfid=GIVEN)
ASIDE: list[dict[str, object]] = [
    {
        "item": "2026-05-01.b1d7a3f0-02cc-4f7a-9f50-aa8e4a1c6e90",
        "gfid": KEPT,
        "kind": "file",
        "where": "quarantine",
        "day": "2026-05-01",
        "at": NOW - 700,
        "path": "/users/kate/mail/inbox.mbox",
        "size": 2 << 20,
        "mtime": int((NOW - 90000) * 10**9),
        "why": IN_THE_WAY,
        "worker": "gfs3:/bricks/b2",
    },
    {
        "item": "2026-04-30.0c7d2b9a-53f1-4c8e-9d04-3e2f1a5b6c7d",
        "gfid": "0c7d2b9a-53f1-4c8e-9d04-3e2f1a5b6c7d",
        "kind": "directory",
        "where": "quarantine",
        "day": "2026-04-30",
        "at": None,
        "path": None,
        "size": 4096,
        "mtime": int((NOW - 180000) * 10**9),
        "why": None,
        "worker": None,
    },
    {
        "item": "9d8c7b6a-1111-4222-8333-444455556666",
        "gfid": "9d8c7b6a-1111-4222-8333-444455556666",
        "kind": "file",
        "where": "limbo",
        "day": None,
        "at": NOW - 4,
        "path": "/users/kate/.cache/bad\\xffname",
        "size": 311,
        "mtime": int((NOW - 500) * 10**9),
        "why": "its directory was removed on the primary, which does not have it",
        "worker": "gfs1:/bricks/b3",
    },
]
"""Who was put aside in `home`, as `georep quarantine home list --json` tells of it."""
STEP = Step(
    gfid=GIVEN,
    name="users/kate/mail/inbox.mbox",
    primary=f"file {GIVEN} of 18874368 bytes, mtime 2026-05-01 09:11:11",
    secondary=f"file {KEPT} of 2097152 bytes, mtime 2026-04-30 11:04:31",
    does=(
        "move the secondary's file b1d7a3f0… aside, in quarantine when nobody speaks of it",
        f"make file {GIVEN} at /users/kate/mail/inbox.mbox",
        "send its content, 18874368 bytes, where that differs",
    ),
)
"""What F would do about a failure of `home`."""


AGAIN = tuple(
    Step(
        gfid=gfid,
        name=name,
        primary=f"file {gfid} of 9 bytes",
        secondary=f"file {gfid} of {size} bytes; content",
        does=(
            "send its content, 9 bytes, whatever the sizes and times say",
            "give it the owner, mode, xattrs and times of the primary's",
            "compare both sides again, to the last byte",
        ),
    )
    for gfid, name, size in ((GIVEN, "/a/[/b", 8), (KEPT, r"/bad\xff", 9))
)
"""What sending again would do of what a comparison has found."""


class Acts(Commands):
    """Stands for commands on a node: says who was put aside, and what steps would do."""

    def __init__(self) -> None:
        super().__init__(lambda node: ())
        self.asked: list[tuple[str, ...]] = []
        self.objects = [dict(each) for each in ASIDE]
        self.steps_told: list[list[Told]] = []
        """What is told of steps, one list for each time that it is asked."""

    async def said(self, node: str, *words: str) -> bytes:
        self.asked.append((node, *words))
        return json.dumps(self.objects).encode()

    async def steps(self, node: str, *words: str) -> list[Told]:
        self.asked.append((node, *words))
        return self.steps_told.pop(0)
