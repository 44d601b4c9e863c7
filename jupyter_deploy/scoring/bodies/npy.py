"""``application/x-npy``: one array as numpy's own file format, read without unpickling and without trusting the size it declares."""

from __future__ import annotations

import io
import math
from functools import lru_cache
from typing import Any

from ..parameters import ArrayParameter
from ..request import BadInput, Request
from ..script import RunFunction

MEDIA_TYPE = "application/x-npy"
_MOST_HEADER_BYTES = 10_000  # numpy's own limit: a header is read as a Python literal
_MAGIC = b"\x93NUMPY"
_NUMBERS = "biuf"


def read(run: RunFunction, request: Request) -> dict[str, Any]:
    """Return the array in a request for the one parameter of ``run`` that takes an array.

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
    return {run.rows: parameter.fitted(run.rows, _array(request.received))}


def _array(body: bytes | bytearray) -> Any:
    """The array in a body, still the body's own bytes."""
    import numpy as np

    is_first = body[6:8] == b"\x01\x00"
    start = 10 if is_first else 12
    size = int.from_bytes(body[8:start], "little")
    if not body.startswith(_MAGIC):
        raise BadInput(400, "the body is not a file of numpy.save: its first bytes are others")
    if body[6:7] > b"\x02" or size > _MOST_HEADER_BYTES:
        raise BadInput(400, f"the body's header is of version {body[6]} or too long; save it with numpy.save")
    start += size
    try:
        shape, fortran_order, dtype = _header(bytes(body[:start]))
    except Exception as error:  # whatever numpy and Python's literals trip over
        raise BadInput(400, f"the body is not a file of numpy.save: {error}") from error
    if dtype.kind not in _NUMBERS:
        raise BadInput(400, f"the body's array is of type {dtype}, but must be one of numbers")
    there, declared = len(body) - start, math.prod(shape) * dtype.itemsize
    if min(shape, default=1) < 0 or there != declared:
        raise BadInput(400, f"the body declares an array of shape {shape} and {declared} bytes, but holds {there}")
    return np.frombuffer(body, dtype, offset=start).reshape(shape, order="F" if fortran_order else "C")


@lru_cache(maxsize=64)
def _header(head: bytes) -> tuple[tuple[int, ...], bool, Any]:
    """Shape, order and type as a head declares them; kept, because reading one takes as long as a small ``run()``."""
    from numpy.lib import format as npy

    file = io.BytesIO(head)
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    found: tuple[tuple[int, ...], bool, Any] = read(file)
    return found


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
    fortran_order = array.flags.f_contiguous and not array.flags.c_contiguous
    head = _written_header(array.shape, fortran_order, array.dtype)
    return head + np.ascontiguousarray(array.T if fortran_order else array).data


@lru_cache(maxsize=64)
def _written_header(shape: tuple[int, ...], fortran_order: bool, dtype: Any) -> bytes:
    """What numpy.save writes before an array's bytes; kept, because composing it takes longer than copying them."""
    from numpy.lib import format as npy

    file = io.BytesIO()
    described = {"descr": npy.dtype_to_descr(dtype), "fortran_order": fortran_order, "shape": shape}
    npy.write_array_header_1_0(file, described)
    return file.getvalue()
