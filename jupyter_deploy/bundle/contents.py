"""What goes into a bundle, sealed: hashes of contents that lie in the workspace's store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SealedFile:
    """A file whose content is in the workspace's store: its path in the bundle's app folder, SHA-256 and size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class SealedScript:
    """An entry script with its folder.

    Parameters
    ----------
    entry : path of the script in the app folder, with ``/``.
    source_directory : name of the deployed source folder in the app folder, or None for a script alone.
    files : the script, or every file of the source folder.
    """

    entry: str
    source_directory: str | None
    files: tuple[SealedFile, ...]


@dataclass(frozen=True)
class SealedModel:
    """A model's files as registered: id, original basename, files."""

    name: str
    version: int
    files: tuple[SealedFile, ...]

    @property
    def id(self) -> str:
        """``name:version``."""
        return f"{self.name}:{self.version}"
