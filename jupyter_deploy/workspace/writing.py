"""Says what keeps a workspace's files from being written: a full disk, or one that may only be read."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from jupyter_deploy.errors import WorkspaceError

_FREE_SPACE = "Free some space there, then run the same again."
_MAKE_WRITABLE = "Make it writable for you, or name another workspace."
_REMEDIES = {
    errno.ENOSPC: _FREE_SPACE,
    errno.EDQUOT: _FREE_SPACE,
    errno.EROFS: _MAKE_WRITABLE,
    errno.EACCES: _MAKE_WRITABLE,
    errno.EPERM: _MAKE_WRITABLE,
}


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says while something is written into what happened and what to do.

    Parameters
    ----------
    path : the file or folder of the workspace that is written, for the message.

    Raises
    ------
    WorkspaceError : the disk is full, or it or the folder may not be written; other errors pass as they are.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _REMEDIES:
            raise
        raise WorkspaceError(f"{path} cannot be written: {error.strerror}", remedy=_REMEDIES[error.errno]) from error
