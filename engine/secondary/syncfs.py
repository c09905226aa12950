"""Bring what was written on one file system to its disk: a call that Python's os does not have."""

import ctypes
import os


def syncfs(file: int) -> None:
    """Wait until everything written on the file system of the open `file` is on its disk.

    OSError, EIO and others, also for what failed in the background since `file` was opened.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syncfs(file):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
