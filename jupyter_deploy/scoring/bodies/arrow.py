"""``application/vnd.apache.arrow.stream``: a table as an Arrow IPC stream, for services whose environment has pyarrow.

pyarrow is not added to anybody's environment for it (150 MB); a service has it where its script or its environment names it.
"""

from __future__ import annotations

from typing import Any

from ..parameters import ArrayParameter
from ..request import BadInput, Request
from ..script import RunFunction
from . import arrow_messages

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
_COMPRESSED = (
    "the body's Arrow buffers are compressed, and could be of any size; write them without compression, and send the"
    " whole with Content-Encoding: gzip"
)
OLDEST = (14, 0, 1)
"""Earlier versions of pyarrow can be made to run code by what they read."""


def read(run: RunFunction, request: Request) -> dict[str, Any]:
    """Return the table in a request for the one parameter of ``run`` that takes an array or a table.

    Raises
    ------
    BadInput : this service cannot read it (415), or it does not fit (400).
    """
    if run.rows is None:
        text = f"{MEDIA_TYPE} needs a run() with one array or table that @input_schema describes by a sample; send JSON"
        raise BadInput(415, text)
    try:
        pa = _pyarrow()
    except ImportError as error:
        raise BadInput(415, f"{MEDIA_TYPE} cannot be read here: {error}") from error
    parameter = run.sampled[run.rows]
    try:
        table = _table(pa, request.body)
        if isinstance(parameter, ArrayParameter):
            return {run.rows: parameter.fitted(run.rows, _array(pa, table, len(parameter.shape)))}
        return {run.rows: parameter.fitted(run.rows, table.to_pandas())}
    except BadInput:
        raise
    except Exception as error:  # Arrow's and pandas' own of many kinds, down to names of columns that are no text
        raise BadInput(400, f"the body is not an Arrow stream: {error}") from error


def _table(pa: Any, body: bytes) -> Any:
    if arrow_messages.are_compressed(body):
        raise BadInput(415, _COMPRESSED)
    alone = pa.ipc.IpcReadOptions(use_threads=False)  # more threads than the slots would be nobody's gain
    with pa.ipc.open_stream(body, options=alone) as reader:
        table = reader.read_all().replace_schema_metadata(None)  # pandas' own part of it is for files of one's own
    table.validate(full=True)
    if table.num_rows * max(1, table.num_columns) > 8 * len(body):  # a cell takes a bit at least
        raise BadInput(400, f"the body declares {table.num_rows} rows, more than its bytes can hold")
    return table


def _array(pa: Any, table: Any, dimensions: int) -> Any:
    import numpy as np

    numbers = (pa.types.is_floating, pa.types.is_integer, pa.types.is_boolean)
    wrong = [field.name for field in table.schema if not any(fits(field.type) for fits in numbers)]
    if wrong or dimensions > 2:
        reason = f"the column {wrong[0]!r} is not of numbers" if wrong else "a table has two dimensions"
        raise BadInput(400, f"the body does not fit the sample: {reason}")
    columns = [column.to_numpy() for column in table.columns]
    if dimensions == 1 and len(columns) == 1:
        return np.asarray(columns[0])
    return np.stack(columns).T if columns else np.empty((table.num_rows, 0))


def write(value: Any) -> bytes:
    """Return a table, or what can be made one, as a stream; columns without names are called ``output``, or ``output_0`` and so on.

    Raises
    ------
    TypeError, ImportError : that cannot be done.
    """
    pa = _pyarrow()
    table = _table_of(pa, value)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _table_of(pa: Any, value: Any) -> Any:
    import numpy as np

    if hasattr(value, "columns") and hasattr(value, "iloc"):
        return pa.Table.from_pandas(value, preserve_index=False)
    if isinstance(value, dict):
        return pa.table({str(name): pa.array(column) for name, column in value.items()})
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return pa.Table.from_pylist(value)
    array = np.asarray(value)
    if array.ndim == 1 and array.dtype.kind in "biufU":
        return pa.table({"output": array})
    if array.ndim == 2 and array.dtype.kind in "biuf":
        return pa.table({f"output_{index}": array[:, index] for index in range(array.shape[1])})
    raise TypeError("it is no table")


def _pyarrow() -> Any:
    """pyarrow, imported on use.

    Raises
    ------
    ImportError : it is not there, or too old to read what strangers send.
    """
    try:
        import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]  # it has types in some versions
        import pyarrow.ipc  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        text = "its environment has no pyarrow; name pyarrow in it and deploy again"
        raise ImportError(text) from None
    if tuple(int(part) for part in pa.__version__.split(".")[:3] if part.isdigit()) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise ImportError(
            f"its environment has pyarrow {pa.__version__}; name pyarrow>={oldest} in it and deploy again"
        )
    return pa
