"""Files that others replace while a service runs."""

from __future__ import annotations

from pathlib import Path


class WatchedFile:
    """A file that may be replaced.

    Parameters
    ----------
    path : where it is.

    Attributes
    ----------
    name : of the file.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        self._seen: tuple[int, int] | None = None

    def read(self) -> str:
        """Read its text; OSError or ValueError where that cannot be done."""
        self._seen = self._stamp()
        return self._path.read_text(encoding="utf-8")

    def has_changed(self) -> bool:
        """Whether it is another file than was read last."""
        return self._stamp() not in (self._seen, None)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_ino
