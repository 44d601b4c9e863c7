"""``application/x-npy``: one array as numpy's own file format, read without unpickling and without trusting the size it declares."""

from __future__ import annotations

import io
import math
from typing import Any

from ..parameters import ArrayParameter
from ..request import BadInput
from ..script import RunFunction

MEDIA_TYPE = "application/x-npy"
_MOST_HEADER_BYTES = 10_000  # numpy's own limit: a header is read as a Python literal
_NUMBERS = "biuf"


def read(run: RunFunction, body: bytes) -> dict[str, Any]:
    """Return the array in a body for the one parameter of ``run`` that takes an array.

    Raises
    ------
    BadInput : ``run`` takes no such array (415), or the body is not one that fits (400).
    """
    parameter = run.sampled.get(run.rows or "")
    if not isinstance(parameter, ArrayParameter) or run.rows is None:
        text = (
            f"{MEDIA_TYPE} needs a run() with one array of numbers that @input_schema describes by a sample; send JSON"
        )
        raise BadInput(415, text)
    return {run.rows: parameter.fitted(run.rows, _array(body))}


def _array(body: bytes) -> Any:
    """The array in a body, still the body's own bytes."""
    import numpy as np
    from numpy.lib import format as npy

    file = io.BytesIO(body)
    try:
        version = npy.read_magic(file)
        size = int.from_bytes(body[8:10] if version == (1, 0) else body[8:12], "little")
        if version > (2, 0) or size > _MOST_HEADER_BYTES:
            raise BadInput(400, f"the body's header is of version {version[0]} or too long; save it with numpy.save")
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran_order, dtype = header(file)
    except BadInput:
        raise
    except Exception as error:  # whatever numpy and Python's literals trip over
        raise BadInput(400, f"the body is not a file of numpy.save: {error}") from error
    if dtype.kind not in _NUMBERS:
        raise BadInput(400, f"the body's array is of type {dtype}, but must be one of numbers")
    there, declared = len(body) - file.tell(), math.prod(shape) * dtype.itemsize
    if min(shape, default=1) < 0 or there != declared:
        raise BadInput(400, f"the body declares an array of shape {shape} and {declared} bytes, but holds {there}")
    return np.frombuffer(body, dtype, offset=file.tell()).reshape(shape, order="F" if fortran_order else "C")


def write(value: Any) -> bytes:
    """Return an array, or what can be made one, as bytes.

    Raises
    ------
    TypeError : it is no array of numbers.
    """
    import numpy as np

    array = np.asarray(value)
    if array.dtype.kind not in _NUMBERS:
        raise TypeError(f"it is no array of numbers but of {array.dtype}")
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()
