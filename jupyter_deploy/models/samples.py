"""Samples of a model's input: a few rows of an array or a table, kept as plain data with their types, never as a pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import UserError

ROWS = 3
"""How many rows are kept: enough to see what they look like."""
_MAX_BYTES = 1024 * 1024
_KINDS = "biufUSM"  # numpy's letters for truths, numbers, texts and times


def sample_document(value: Any) -> dict[str, Any]:
    """Make the plain form of a sample.

    Parameters
    ----------
    value : a pandas DataFrame, a numpy array, a list (of lists) of numbers or texts, or the path of a file: ``.csv`` with
        names in its first line, or ``.json`` with such a list.

    Returns
    -------
    ``{"kind": "numpy", "dtype", "rows"}`` or ``{"kind": "pandas", "columns": {name: dtype}, "rows"}``, with the first rows.

    Raises
    ------
    UserError : it is something else, or holds what has no plain form.

    Example
    -------
    >>> sample_document([[1.5, 2.0]])
    {'kind': 'numpy', 'dtype': 'float64', 'rows': [[1.5, 2.0]]}
    """
    if isinstance(value, (str, Path)):
        value = _read(Path(value).expanduser())
    is_table = hasattr(value, "columns") and hasattr(value, "to_json")
    document = _of_table(value) if is_table else _of_array(value)
    if len(json.dumps(document)) > _MAX_BYTES:
        raise UserError(
            f"{ROWS} rows of the sample take more than {_MAX_BYTES // 1024} kB",
            remedy="give a smaller one: it describes the input, it does not hold the data",
        )
    return document


def _read(path: Path) -> Any:
    try:
        if path.suffix.lower() == ".csv":
            import pandas

            return pandas.read_csv(path, nrows=ROWS)
        if path.suffix.lower() == ".json":
            return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"the sample {path} cannot be read: {error}", remedy="name a file that exists") from None
    raise UserError(f"the sample {path} is neither .csv nor .json", remedy="save some rows as one of the two")


def _of_table(table: Any) -> dict[str, Any]:
    names = list(table.columns)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise UserError(
            f"the sample's columns are {names!r}; a sample needs a different text for each",
            remedy="rename them: sample.columns = sample.columns.map(str)",
        )
    rows = json.loads(table.head(ROWS).to_json(orient="values", date_format="iso", default_handler=_refuse))
    _refuse_empty(rows)
    return {"kind": "pandas", "columns": {name: str(table[name].dtype) for name in names}, "rows": rows}


def _of_array(value: Any) -> dict[str, Any]:
    import numpy as np

    try:
        array = np.asarray(value)
    except ValueError as error:
        raise UserError(f"the sample is no array: {error}", remedy="give rows of equal length") from None
    if array.dtype.kind not in _KINDS or array.ndim == 0:
        raise UserError(
            f"a sample of {type(value).__name__} ({array.dtype}) has no plain form",
            remedy="give a DataFrame, an array or a list of rows, of numbers or texts",
        )
    first = array[:ROWS]
    _refuse_empty(first)
    if array.dtype.kind == "M":
        return {"kind": "numpy", "dtype": array.dtype.str, "rows": first.astype(str).tolist()}
    return {"kind": "numpy", "dtype": str(array.dtype), "rows": _without_nan(first.tolist())}


def _without_nan(value: Any) -> Any:
    """The same with None where there is no number: JSON has no other word for it."""
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and value - value != 0 else value


def _refuse_empty(rows: Any) -> None:
    if len(rows) == 0:
        raise UserError("the sample is empty", remedy="give at least one row")


def _refuse(value: object) -> Any:
    raise UserError(
        f"the sample holds a {type(value).__name__}, which has no plain form",
        remedy="give columns of numbers, texts and times only",
    )
