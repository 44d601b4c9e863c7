"""Finds models by the original's filters: names, ids, tags, properties (azureml-v1 1.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jupyter_deploy.engine.models import find_model
from jupyter_deploy.errors import ConfigError, ModelNotFound, UserError
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.workspace.records import ModelRecord

Filter = Iterable[str | Sequence[str]]


def filters(items: Filter | None) -> tuple[str | tuple[str, str], ...]:
    """Read the original's filter lists: items are ``"key"`` or ``["key", "value"]``."""
    if items is None:
        return ()
    if isinstance(items, (str, Mapping)):
        raise UserError(
            f"a filter is a list of keys or [key, value] pairs, not {items!r}", remedy='write tags=[["area", "test"]]'
        )
    found: list[str | tuple[str, str]] = []
    for item in items:
        if isinstance(item, str):
            found.append(item)
        elif len(item) == 2:
            found.append((item[0], item[1]))
        else:
            raise UserError(f"a filter's item is a key or a [key, value] pair, not {item!r}")
    return tuple(found)


def check_page(page_count: int, limit: int | None) -> None:
    """Refuse a page of another size than the original's, and a limit that is no positive number; UserError."""
    if not 20 <= page_count <= 255:
        raise UserError(f"page_count is {page_count!r}; it takes 20 to 255")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise UserError(f"limit is {limit!r}; it takes a whole number from 1", remedy="leave it out to list all")


def read_limit(text: str) -> int | None:
    """Read how many to list: a number, or None for ``all``; ConfigError where it is neither."""
    if text == "all":
        return None
    if not (text.isdecimal() and int(text)):
        raise ConfigError([f"{text!r} is no number from 1, nor 'all'"])
    return int(text)


def look_up(
    workspace: Workspace,
    name: str | None,
    model_id: str | None,
    tags: Filter | None,
    properties: Filter | None,
    version: int | None,
    run_id: str | None,
    framework: str | None,
) -> ModelRecord:
    """The newest version that fits, or the one that is named.

    Raises
    ------
    ModelNotFound : none does.
    """
    if model_id is None and name is None:
        raise UserError("neither name nor id is given", remedy='write Model(ws, "name") or Model(ws, id="name:1")')
    if model_id is not None:
        return find_model(workspace.folder, model_id)
    found = workspace.folder.models.list(
        name=name, tags=filters(tags), properties=filters(properties), run_id=run_id, framework=framework,
        limit=None if version else 1,
    )  # fmt: skip
    fitting = [record for record in found if not version or record.version == version]
    if fitting:
        return fitting[0]
    if any((tags, properties, run_id, framework)):
        raise ModelNotFound(f"no version of '{name}' fits the filters", remedy="list the models to see what there is")
    return find_model(workspace.folder, f"{name}:{version}" if version else str(name))
