"""Every mover of one session, ready to be given files."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.config import Session
from engine.item import Gfid
from engine.movers import rsync, stream
from engine.movers.job import Job, Mover
from engine.movers.pace import Bucket
from engine.rpc.ssh import Route


@dataclass(frozen=True, slots=True)
class Ways:
    """How contents get from a mount here to the agent's."""

    route: Route
    far: bytes
    """The agent's mount: file G is `.gfid/G` below it."""
    rsync_command: str = "rsync"
    rsync_options: str = ""
    pace: tuple[str, ...] = ()
    """Words before ssh that keep it to a limit."""

    @classmethod
    def of(cls, session: Session, route: Route, far: bytes, bucket: Bucket) -> "Ways":
        """Return the movers as `session` has them, at the pace of `bucket`."""
        options = session.options
        return cls(route, far, options.rsync_command, options.rsync_options, bucket.words())

    async def run(self, mover: Mover, mount: bytes, files: Sequence[Gfid]) -> Job:
        """Have `mover` move the content of `files` below `mount`; Stop when it cannot start."""
        match mover:
            case Mover.RSYNC:
                return await rsync.run(
                    *(self.route, mount, self.far, files),
                    shell=self._shell(),
                    program=self.rsync_command,
                    options=self.rsync_options,
                )
            case Mover.STREAM:
                return await stream.run(*(self.route, mount, self.far, files), shell=self._shell())

    def _shell(self) -> list[str]:
        return [*self.pace, *self.route.openssh()]


def usual(mover: Mover, code: int) -> bool:
    """Whether the mover got as far as it could, so that each file can be looked at."""
    return code in (rsync.USUAL if mover is Mover.RSYNC else stream.USUAL)
