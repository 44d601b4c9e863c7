"""Two versions of a model side by side: their files, tags, environment and the schema of their input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_deploy.sdk.display import Table, human_size, shown
from jupyter_deploy.sdk.model import Model
from jupyter_deploy.workspace.records import ModelRecord


@dataclass(frozen=True)
class Compared:
    """One thing of two models.

    Parameters
    ----------
    group : what it belongs to. name : what it is. left, right : how it is in each of them; empty where it is not.
    """

    group: str
    name: str
    left: str
    right: str

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.left != self.right

    def row(self) -> dict[str, Any]:
        """It as one row of a table."""
        return {**vars(self), "differs": self.differs}


def compare(left: Model, right: Model) -> Table[Compared]:
    """Put two models side by side.

    Example
    -------
    >>> [row.name for row in compare(older, newer) if row.differs]  # doctest: +SKIP
    ['version', 'model.pkl']
    """
    return Table(_compared(left.record, right.record))


def _compared(left: ModelRecord, right: ModelRecord) -> Iterator[Compared]:
    of_left, of_right = _facts(left), _facts(right)
    for group in of_left:
        held, other = of_left[group], of_right[group]
        for name in [*held, *(name for name in other if name not in held)]:
            yield Compared(group, name, shown(held.get(name)), shown(other.get(name)))


def _facts(record: ModelRecord) -> dict[str, Mapping[str, Any]]:
    return {
        "model": {
            "name": record.name, "version": record.version, "framework": record.framework, "framework version": record.framework_version,
            "size": human_size(record.size), "created": record.created_time.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            "created by": record.created_by, "description": record.description, "run": record.run_id, "experiment": record.experiment_name,
        },
        "files": {file.path: f"{human_size(file.size)}, SHA-256 {file.sha256}" for file in record.files},
        "tags": record.tags,
        "properties": record.properties,
        "environment": {"Python": record.python, **record.packages},
        "schema": _schema(record.sample),
    }  # fmt: skip


def _schema(sample: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The names and types of an input's columns, as far as a sample tells them."""
    if sample is None:
        return {}
    if sample["kind"] == "pandas":
        return {"kind": "table", **{f"column {name}": kind for name, kind in sample["columns"].items()}}
    first = sample["rows"][0] if sample["rows"] else []
    columns = len(first) if isinstance(first, list) else 1
    return {"kind": "array", "type": sample["dtype"], "columns": columns}
