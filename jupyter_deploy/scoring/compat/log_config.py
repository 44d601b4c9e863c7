"""The classes that the original's ``logging.json`` names; people start theirs from a copy of it."""

from __future__ import annotations

import logging

from ..logs import FORMAT, Formatter


class AMLLogFormatter(Formatter):
    """Formats a line as the server's own are."""

    def __init__(self, fmt: str = FORMAT, datefmt: str | None = None, style: str = "%") -> None:
        super().__init__(fmt, datefmt, style)  # type: ignore[arg-type]  # logging checks it and says which there are


class RootAccessFilter(logging.Filter):
    """Keeps nothing out: requests for the health leave no line here."""
