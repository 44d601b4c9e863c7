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
    global model
    path = Model.get_model_path("{name}")
{load}


{schema}def run(data):
{read}    return {answer}
'''
_WIDTH = 100


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
    sample = record.sample
    made, needed = _sample_code(sample) if sample else ("", ("import json", "import numpy as np"))
    return _SCRIPT.format(
        model=record.id,
        name=record.name,
        imports=_import_block({*needed, *loading.imports, "from jupyter_deploy import Model"}),
        sample=f"SAMPLE = {made}\n\n" if made else "",
        load="\n".join(f"    {line}" for line in loading.load),
        schema=f'@input_schema("data", {_parameter_type(sample)}(SAMPLE))\n' if sample else "",
        read="" if sample else '    data = np.array(json.loads(data)["data"])\n',
        answer=loading.answer,
    )


def _import_block(lines: Iterable[str]) -> str:
    """Imports in their usual order: the standard library, then the rest, each sorted."""
    standard = sorted(line for line in lines if line in ("import json", "import pickle"))
    others = sorted((line for line in lines if line not in standard), key=lambda line: (line[0] == "f", line))
    return "\n".join([*standard, *([""] if standard else []), *others])


def _parameter_type(sample: Mapping[str, Any]) -> str:
    return "PandasParameterType" if sample["kind"] == "pandas" else "NumpyParameterType"


def _sample_code(sample: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The first row of a sample as code, and the imports of what describes it."""
    kind = sample["kind"]
    needed = (
        "import pandas as pd" if kind == "pandas" else "import numpy as np",
        f"from inference_schema.parameter_types.{kind}_parameter_type import {_parameter_type(sample)}",
        "from inference_schema.schema_decorators import input_schema",
    )
    if kind == "numpy":
        rows = pformat(sample["rows"][:1], width=_WIDTH, compact=True)
        return f"np.array(\n{_indented(rows)},\n    dtype={sample['dtype']!r},\n)", needed
    columns = zip(sample["columns"].items(), sample["rows"][0], strict=True)
    series = (f"    {name!r}: pd.Series([{value!r}], dtype={dtype!r}),\n" for (name, dtype), value in columns)
    return "pd.DataFrame({\n" + "".join(series) + "})", needed


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
