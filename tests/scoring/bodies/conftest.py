"""Services with decorated runs, shared by the tests of every kind of body."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scoring.fronts import Front, make_bundle

ARRAYS = """
import numpy as np
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType

def init():
    pass

@input_schema("data", NumpyParameterType(np.zeros((1, 3))))
@input_schema("what", StandardPythonParameterType("sums"))
@output_schema(NumpyParameterType(np.zeros(1)))
def run(data, what="sums"):
    if what == "type":
        return {"type": f"{type(data).__name__} {data.dtype} {data.flags.writeable}"}
    if what == "columns":
        return {"first": data[:, 0], "names": ["a"] * len(data)}
    return {"sums": data.sum(axis=1), "same": data, "ragged": [[1], [2, 3]]}[what]
"""
TABLES = """
import pandas as pd
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType

def init():
    pass

@input_schema("data", PandasParameterType(pd.DataFrame({"size": [1.5], "name": ["a"]})))
def run(data):
    if len(data) == 0:
        return data.dtypes.astype(str).to_dict()
    return pd.DataFrame({"twice": data["size"] * 2, "name": data["name"].str.upper()})
"""
HINTED = """
import numpy as np
import pandas as pd

input_sample = pd.DataFrame({"size": [1.5], "name": ["a"]})

def init():
    pass

def run(data: pd.DataFrame, times: int = 2) -> pd.DataFrame:
    return pd.DataFrame({"many": data["size"] * times, "name": data["name"].str.upper()})
"""
INTEGERS = """
import numpy as np
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType

def init():
    pass

@input_schema("data", NumpyParameterType(np.zeros(1, dtype="int8")))
def run(data):
    return int(data.sum())
"""


def served(folder: pytest.TempPathFactory, script: str, **settings: object) -> Iterator[Front]:
    with Front(make_bundle(folder.mktemp("bodies"), script, **settings)).serve() as front:
        yield front


@pytest.fixture(scope="session")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Takes rows of three floats."""
    yield from served(tmp_path_factory, ARRAYS, maxBodyMb=1)


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Takes tables with the columns size and name."""
    yield from served(tmp_path_factory, TABLES)


@pytest.fixture(scope="session")
def integers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Takes integers from -128 to 127, in batches."""
    yield from served(tmp_path_factory, INTEGERS, maxBatchRows=16, maxQueueWaitMs=20_000)


@pytest.fixture(scope="session")
def hinted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Takes tables with the columns size and name, by its type hints and a sample."""
    yield from served(tmp_path_factory, HINTED)
