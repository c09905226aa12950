"""Every mover of one session, ready to be given files."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from engine.config import Session
from engine.item import Gfid
from engine.movers import rsync, stream
from engine.movers.job import Job, Mover
from engine.movers.pace import Bucket
from engine.rpc.route import Route
from engine.rpc.shared import Shared


@dataclass(frozen=True, slots=True)
class Ways:
    """How contents get from a mount here to the agent's."""

    route: Route
    far: bytes
    """The agent's mount: file G is `.gfid/G` below it."""
    rsync_command: str = "rsync"
    rsync_options: str = ""
    shared: Shared | None = None
    """The connection of small jobs; None: each has its own."""
    bucket: Bucket | None = None
    """What keeps ssh to a limit; None: nothing does."""
    rsync_ssh_options: tuple[str, ...] = ()
    """More words for the ssh of rsync."""

    @classmethod
    def of(
        cls, session: Session, route: Route, far: bytes, bucket: Bucket, shared: Shared | None
    ) -> "Ways":
        """Return the movers as `session` has them, at the pace of `bucket`."""
        options = session.options
        rsync_options = options.rsync_command, options.rsync_options
        words = tuple(shlex.split(options.rsync_ssh_options))
        return cls(route, far, *rsync_options, shared, bucket, words)

    async def run(self, mover: Mover, mount: bytes, files: Sequence[Gfid], size: int) -> Job:
        """Have `mover` move the content of `files` below `mount`, about `size` bytes; Stop when it
        cannot start.
        """
        pace = () if self.bucket is None else self.bucket.words()
        match mover:
            case Mover.RSYNC:
                # Who joins a connection that is open already has no say in how it is made.
                own = self.rsync_ssh_options
                shell = [*pace, *(self.route.openssh() if own else self._openssh(size)), *own]
                return await rsync.run(
                    *(self.route, mount, self.far, files),
                    shell=shell,
                    program=self.rsync_command,
                    options=self.rsync_options,
                )
            case Mover.STREAM:
                shell = [*pace, *self._openssh(size)]
                return await stream.run(*(self.route, mount, self.far, files), shell=shell)

    def _openssh(self, size: int) -> list[str]:
        return self.route.openssh() if self.shared is None else self.shared.openssh(size)


def usual(mover: Mover, code: int) -> bool:
    """Whether the mover got as far as it could, so that each file can be looked at."""
    return code in (rsync.USUAL if mover is Mover.RSYNC else stream.USUAL)
