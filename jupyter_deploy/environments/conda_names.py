"""Looks conda's names up in the reviewed table ``conda_names.yml``: nothing is taken for something else by guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_deploy.environments.lock import normal


@dataclass(frozen=True)
class CondaOnly:
    """A package that PyPI does not have: what it means for a service, and what to do."""

    means: str
    remedy: str


def pypi_name(name: str) -> str | None:
    """What pip calls a package of conda, with the extras and the marker it needs; None where the table has no word for it.

    Examples
    --------
    >>> pypi_name("pytorch")
    'torch'
    """
    table = _table()
    found: str | None = table["renamed"].get(name)
    return found or (normal(name) if normal(name) in table["same"] else None)


def conda_only(name: str) -> CondaOnly | None:
    """What a package is that exists in conda alone; None for any other."""
    groups: list[Mapping[str, Any]] = _table()["conda_only"]
    for group in groups:
        if any(fnmatchcase(name, pattern) for pattern in group["names"]):
            return CondaOnly(group["means"], group["remedy"])
    return None


@cache
def _table() -> Mapping[str, Any]:
    import yaml

    table = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    groups = [{**group, "names": group["names"].split()} for group in table["conda_only"]]
    return {**table, "same": frozenset(table["same"].split()), "conda_only": groups}
