"""A mount that is told positions of other nodes: only clients with pid -1 are."""

from engine.gluster import params
from engine.gluster.mount import Mount
from engine.session.task import Task


class Teller:
    """The mount of one worker, made when it is needed first."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._mount: Mount | None = None

    def root(self) -> bytes:
        """Return where it is. Blocks."""
        if self._mount is None:
            task, options = self._task, self._task.session.options
            mount = Mount(
                task.volume.name,
                label=f"{task.session.name}-standby",
                log=task.state / "log" / "mount-standby.log",
                privileged=True,
                params=params.words(options.gluster_params),
            )
            mount.start(options.connection_timeout)
            self._mount = mount
        return self._mount.root

    def close(self) -> None:
        """End it, if it was made."""
        if self._mount is not None:
            self._mount.stop()
