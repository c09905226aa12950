"""What users removed and GlusterFS keeps in its trash (features.trash), on one brick.

The brick moves a file there by itself: the xattrs go on telling its old name, and no changelog
tells the new one, which is PATH_OF_OLD_DIRECTORY/NAME_TIME below the trash. So it is found by its
inode. The trash itself is found by its gfid, for it can be renamed at any time
(features.trash-dir). Checked by experiment with GlusterFS 10.3. All calls block.
"""

import os
from collections.abc import Iterator

from engine.gluster import gfid as gfids
from engine.gluster import objects


class Trash:
    """The trash of one brick as it is when it is first asked for; for a few looks, no longer."""

    def __init__(self, brick: bytes) -> None:
        """`brick`: its root."""
        self._root = brick + b"/" + gfids.handle(objects.TRASH)
        self._inodes: frozenset[int] | None = None

    def holds(self, inode: int) -> bool:
        """Whether the file with this inode number is in it."""
        if self._inodes is None:
            self._inodes = frozenset(_inodes(self._root))
        return inode in self._inodes


def _inodes(folder: bytes) -> Iterator[int]:
    """Yield the inodes of what is no directory, in `folder` and below; nothing if it is not there.

    Directories that users made have their like in it, of any depth.
    """
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        yield entry.inode()
        except (FileNotFoundError, NotADirectoryError):
            continue
