"""What nothing in a workspace uses any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_deploy.sdk.display import human_size

if TYPE_CHECKING:
    from jupyter_deploy.engine.prune import Unused


class UnusedItem:
    """One row of what :meth:`Workspace.prune` and :meth:`LocalWebservice.prune` list.

    Parameters
    ----------
    unused : as the engine found it.

    Attributes
    ----------
    kind : "bundle", "file", "wheel", "operation", "leftover", "environment" or "image". what : what it is, in one line.
    size : bytes of the disk that freeing it gives back. is_freed : whether it is gone.
    """

    def __init__(self, unused: Unused) -> None:
        self.kind: str = unused.kind
        self.what: str = unused.what
        self.size: int = unused.size
        self.is_freed: bool = unused.is_freed

    def row(self) -> dict[str, Any]:
        """The item as one row of a table."""
        return {"kind": self.kind, "what": self.what, "size": human_size(self.size), "freed": self.is_freed}

    def serialize(self) -> dict[str, Any]:
        """The item as a JSON document."""
        return {"kind": self.kind, "what": self.what, "bytes": self.size, "freed": self.is_freed}

    def __repr__(self) -> str:
        return f"UnusedItem(kind={self.kind!r}, what={self.what!r}, size={self.size}, is_freed={self.is_freed})"
