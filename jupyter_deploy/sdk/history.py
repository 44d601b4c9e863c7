"""A service's history: every version that served, or should have."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jupyter_deploy.workspace.records import VersionRecord


class Version:
    """One row of a service's history.

    Parameters
    ----------
    record : the recorded version. current : whether it serves now, or served last.
    """

    def __init__(self, record: VersionRecord, current: bool) -> None:
        self.number: int = record.number
        self.models: tuple[str, ...] = record.models
        self.note: str = record.note
        self.served_time: datetime | None = record.served_time
        self.created_time: datetime = record.created_time
        self.error: str | None = record.error
        self.current = current

    def row(self) -> dict[str, Any]:
        """The version as one row of a table."""
        served = self.served_time.astimezone().strftime("%Y-%m-%d %H:%M:%S") if self.served_time else None
        error = (self.error or "").split("\n")[0]
        return {
            "version": self.number, "current": "*" if self.current else "", "how": self.note, "models": self.models,
            "served": served, "error": error,
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"Version({', '.join(f'{name}={value!r}' for name, value in self.row().items())})"
