"""A full disk, in one sentence."""

from __future__ import annotations

import errno
import os
import shutil

FULL = (errno.ENOSPC, errno.EDQUOT)


def no_room(error: BaseException) -> str:
    """What to say of an error that a full disk made; empty for any other."""
    if isinstance(error, shutil.Error):  # copying a folder: (from, to, why) for each file that failed
        if any(os.strerror(number) in str(error) for number in FULL):
            return "the disk is full, and files cannot be copied: make room and try again"
        return ""
    if not isinstance(error, OSError) or error.errno not in FULL:
        return ""
    where = f", and {error.filename} cannot be written" if error.filename else ""
    return f"the disk is full{where}: make room on the disk of the state (--state) and try again"
