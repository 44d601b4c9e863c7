"""Writes the entry script of a model that is deployed without one: plain code that its user can read, change and take over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pprint import pformat
from typing import Any

from jupyter_deploy.models import frameworks
from jupyter_deploy.workspace.records import ModelRecord

_SCRIPT = '''\
"""Answers with {model}."""

{imports}

{sample}
def init():
    global {names}
    path = {path}
{load}


{schema}def run(data):
{ask}
'''
_WIDTH = 100
_LINE = 88
_STANDARD = ("import json", "import pickle", "from pathlib import Path")
_TYPES = {
    "numpy": "NumpyParameterType",
    "pandas": "PandasParameterType",
    "standard_py": "StandardPythonParameterType",
}


def write_script(record: ModelRecord) -> str:
    """Write the entry script for one model.

    With a sample the input is described by it and comes as that kind of value, ``{"data": …}``; without one the same
    is read as an array.

    Raises
    ------
    UserError : no script can be written for what the model is; it says why and what to do.

    Example
    -------
    >>> print(write_script(record))  # doctest: +SKIP
    \"\"\"Answers with diabetes:1.\"\"\"
    …
    def init():
        global model
        path = Model.get_model_path("diabetes")
        model = skops.io.load(path, trusted=[])
    """
    loading = frameworks.loading(record)
    sample, inner = record.sample, frameworks.inner_path(record)
    made, needed = _sample_code(sample) if sample else ("", ("import json",))
    read, more = _reading(sample, loading.takes_arrays)
    path = f'Model.get_model_path("{record.name}")'
    imports = {*needed, *more, *loading.imports, "from jupyter_deploy import Model"}
    if inner:
        imports.add("from pathlib import Path")
    return _SCRIPT.format(
        model=record.id,
        names=loading.names,
        path=f"Path({path}, {inner!r})" if inner else path,
        imports="\n".join([*loading.first, *([""] if loading.first else []), _import_block(imports)]),
        sample=f"SAMPLE = {made}\n\n" if made else "",
        load=_indented("\n".join(loading.load)),
        schema=f'@input_schema("data", {_TYPES[_kind(sample)]}(SAMPLE))\n' if sample else "",
        ask=_indented("\n".join([*read, *loading.ask, f"return {loading.answer}"])),
    )


def _reading(sample: Mapping[str, Any] | None, takes_arrays: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The statements that read the input, and their imports; what a sample describes comes as that."""
    if sample is None:
        return (
            (('data = np.array(json.loads(data)["data"])',), ("import numpy as np",))
            if takes_arrays
            else (('data = json.loads(data)["data"]',), ())
        )
    if _kind(sample) == "standard_py" and takes_arrays:
        return ("data = np.array(data)",), ("import numpy as np",)
    return (), ()


def _import_block(lines: Iterable[str]) -> str:
    """Imports in their usual order: the standard library, then the rest, each sorted."""
    standard = sorted(line for line in lines if line in _STANDARD)
    others = sorted((line for line in lines if line not in standard), key=lambda line: (line[0] == "f", line))
    return "\n".join([*standard, *([""] if standard else []), *others])


def _kind(sample: Mapping[str, Any]) -> str:
    """The kind of schema; texts are described as plain lists, since an array cuts off what is longer than its sample."""
    return "standard_py" if sample.get("dtype", "").startswith(("<U", "|S")) else str(sample["kind"])


def _sample_code(sample: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The first row of a sample as code, and the imports of what describes it."""
    kind = _kind(sample)
    needed = (
        _import_of(f"inference_schema.parameter_types.{kind}_parameter_type", _TYPES[kind]),
        "from inference_schema.schema_decorators import input_schema",
    )
    if kind == "standard_py":
        return pformat(sample["rows"][:1], width=_WIDTH, compact=True), needed
    if kind == "numpy":
        rows = pformat(sample["rows"][:1], width=_WIDTH, compact=True)
        return f"np.array(\n{_indented(rows)},\n    dtype={sample['dtype']!r},\n)", ("import numpy as np", *needed)
    columns = zip(sample["columns"].items(), sample["rows"][0], strict=True)
    series = (f"    {name!r}: pd.Series([{value!r}], dtype={dtype!r}),\n" for (name, dtype), value in columns)
    return "pd.DataFrame({\n" + "".join(series) + "})", ("import pandas as pd", *needed)


def _import_of(module: str, name: str) -> str:
    """An import in one line, or in several where that is too long for what formats code."""
    line = f"from {module} import {name}"
    return line if len(line) <= _LINE else f"from {module} import (\n    {name},\n)"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
