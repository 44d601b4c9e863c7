"""Reads back what services have kept of their requests; how it is written is the scoring server's affair (``collect.py`` there)."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from jupyter_deploy.engine.places import collected_folder
from jupyter_deploy.engine.services import ServiceView
from jupyter_deploy.errors import SystemProblem
from jupyter_deploy.workspace.folder import WorkspaceFolder

if TYPE_CHECKING:
    import pandas

COLUMNS = ("time", "request_id", "version", "input_type", "input", "output_type", "output")
_BINARY = "data:;base64,"


def read(folder: WorkspaceFolder, view: ServiceView, designation: str | None = None) -> pandas.DataFrame:
    """Read what a service has kept, oldest first.

    Parameters
    ----------
    view : the service. designation : what its script's collectors of this designation have kept, instead of its requests.

    Raises
    ------
    SystemProblem : a place that fsspec cannot reach from here.
    """
    import pandas as pd

    name = view.record.name
    pattern = (
        f"{name}/calls/*/*/*/*" if designation is None else f"modeldata/*/*/*/{name}/*/*/{designation}/*/*/*/*.csv"
    )
    place = view.settings.get("collectUrl") or str(collected_folder(folder))
    tables = [_table(path, data, as_text=designation is None) for path, data in _files(place, pattern)]
    table: pandas.DataFrame = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    if designation is not None:
        return table
    table = table.reindex(columns=list(COLUMNS))
    table["time"] = pd.to_datetime(table["time"], utc=True, format="ISO8601")
    for column in ("input", "output"):
        table[column] = pd.Series([_value(text) for text in table[column]], index=table.index, dtype=object)
    ordered: pandas.DataFrame = table.sort_values("time", ignore_index=True, kind="stable")
    return ordered


def _files(place: str, pattern: str) -> Iterator[tuple[str, bytes]]:
    parts = urlsplit(place)
    if "://" not in place or parts.scheme == "file":
        root = Path(unquote(parts.path) if parts.scheme == "file" else place)
        for path in sorted(root.glob(pattern)):
            yield path.name, path.read_bytes()
        return
    try:
        filesystem, root_path = import_module("fsspec").core.url_to_fs(place)
        paths = sorted(filesystem.glob(f"{str(root_path).rstrip('/')}/{pattern}"))
    except Exception as error:  # a filesystem's package may raise anything
        raise SystemProblem(
            f"{place} cannot be read from here: {type(error).__name__}: {error}",
            remedy="install the package that fsspec names, and give it its credentials as in the service",
        ) from error
    for path in paths:
        yield path, filesystem.cat_file(path)


def _table(path: str, data: bytes, *, as_text: bool) -> pandas.DataFrame:
    import pandas as pd

    if path.endswith(".parquet"):
        return pd.read_parquet(io.BytesIO(data))
    whole = data[: data.rfind(b"\n") + 1]  # the last line may still be being written
    return pd.read_csv(io.BytesIO(whole), dtype=str if as_text else None, keep_default_na=False)


def _value(text: str) -> Any:
    """A body as it was: the value that its JSON says, bytes where it was no text, else the text."""
    if text.startswith(_BINARY):
        return base64.b64decode(text[len(_BINARY) :])
    try:
        return json.loads(text)
    except ValueError:
        return text
