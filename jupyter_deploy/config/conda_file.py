"""A conda environment file as a plain record; what its entries mean here is not decided in this module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_deploy.config.files import read_document
from jupyter_deploy.config.options import unknown_key
from jupyter_deploy.config.texts import without_credentials
from jupyter_deploy.errors import ConfigError

KEYS = ("name", "channels", "dependencies", "prefix", "variables")

_TOKEN = re.compile(r"/t/[^/\s]+")


@dataclass(frozen=True)
class CondaFile:
    """What a conda environment file says, entry by entry.

    Parameters
    ----------
    conda : the entries under ``dependencies``, as written ("numpy=1.26").
    pip : the entries under ``pip:``, as written.
    channels : without the credentials that their addresses may hold.
    variables : environment variables to set.
    name, prefix : of the conda environment; mean nothing outside of conda.
    """

    conda: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    prefix: str = ""

    @classmethod
    def from_file(cls, path: str | Path) -> CondaFile:
        """Read a file; ConfigError where it is no conda environment file."""
        return cls.from_document(read_document(path, "conda file"), Path(path).name)

    @classmethod
    def from_document(cls, document: Mapping[str, Any], where: str) -> CondaFile:
        """Read what a YAML reader made of a file.

        Parameters
        ----------
        where : the file's name, for errors.

        Raises
        ------
        ConfigError : a key that conda does not have, or a value of another form; lists all of them.
        """
        reader = _Reader()
        reader.problems += [unknown_key(str(key), KEYS, "a conda file") for key in document if key not in KEYS]
        conda, pip = reader.dependencies(document.get("dependencies"))
        found = cls(
            conda=conda,
            pip=pip,
            channels=tuple(map(_public, reader.texts(document.get("channels"), "channels"))),
            variables=reader.variables(document.get("variables")),
            name=str(document.get("name") or ""),
            prefix=str(document.get("prefix") or ""),
        )
        if reader.problems:
            raise ConfigError(reader.problems, where)
        return found

    def to_document(self) -> dict[str, Any]:
        """The record as a document that conda reads, without what is empty."""
        dependencies = [*self.conda, *([{"pip": list(self.pip)}] if self.pip else [])]
        whole = {
            "name": self.name, "channels": list(self.channels), "dependencies": dependencies, "prefix": self.prefix,
            "variables": dict(self.variables),
        }  # fmt: skip
        return {key: value for key, value in whole.items() if value}


class _Reader:
    """Reads the parts of a document and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def dependencies(self, found: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The entries for conda and those for pip."""
        conda: list[str] = []
        pip: list[str] = []
        for item in self._list(found, "dependencies"):
            if not isinstance(item, Mapping):
                conda += self.texts([item], "dependencies")
            elif set(item) == {"pip"}:
                pip += self.texts(item["pip"], "pip")
            else:
                self.problems.append(f"dependencies: {dict(item)!r} is neither an entry ('name=1.2') nor a list 'pip:'")
        return tuple(conda), tuple(pip)

    def texts(self, found: Any, what: str) -> tuple[str, ...]:
        """A list of texts, without the spaces around them."""
        items = self._list(found, what)
        self.problems += [f"{what}: {item!r} is no text" for item in items if not isinstance(item, str)]
        return tuple(item.strip() for item in items if isinstance(item, str))

    def variables(self, found: Any) -> dict[str, str]:
        """A mapping of texts to texts; numbers become texts."""
        if not isinstance(found or {}, Mapping):
            self.problems.append(f"variables is {found!r}; it takes names and their values")
            return {}
        values: dict[str, str] = {}
        for name, value in (found or {}).items():
            if isinstance(value, bool) or not isinstance(value, (str, int, float)):
                self.problems.append(f"variables: {name} is {value!r}; write it as a text, in quotes")
            values[str(name)] = str(value)
        return values

    def _list(self, found: Any, what: str) -> list[Any]:
        if found is None:
            return []
        if isinstance(found, list):
            return found
        self.problems.append(f"{what} is {found!r}; it takes a list, each entry on a line that begins with '-'")
        return []


def _public(channel: str) -> str:
    return _TOKEN.sub("/t/***", without_credentials(channel))
