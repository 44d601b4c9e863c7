"""Where a build says what it does."""

from __future__ import annotations

from typing import Any, Protocol


class Progress(Protocol):
    """An operation, as a build sees it."""

    def report(self, text: str, **facts: Any) -> None:
        """Say that a step of the build has ended."""
        ...

    def say(self, line: str) -> None:
        """Pass on a line of its output."""
        ...
