"""What a framework's module answers, and what it may look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_HEAD = 64 * 1024


@dataclass(frozen=True)
class Detected:
    """What wrote a model.

    Attributes
    ----------
    framework : one of ``frameworks.NAMES``, or None where it is not known.
    version : of the framework, where the files say it.
    """

    framework: str | None
    version: str | None = None


def read_head(path: Path, size: int = _HEAD) -> bytes:
    """A file's first bytes."""
    with path.open("rb") as file:
        return file.read(size)


def read_tail(path: Path, size: int = _HEAD) -> bytes:
    """A file's last bytes."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - size))
        return file.read()
