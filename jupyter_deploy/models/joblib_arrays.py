"""How many bytes joblib writes behind an array's description, which stands in the middle of its pickles.

Joblib replaces each array by a ``NumpyArrayWrapper`` and writes the array's bytes right behind the instruction that
completes it. The rules here are narrower than numpy's own: what is not plainly understood is not understood at all,
because a wrong length would hide instructions.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from jupyter_deploy.models.pickle_values import GlobalName, Made

FIELDS = frozenset({"shape", "dtype", "numpy_array_alignment_bytes"})
"""The parts of an array's description that decide how long it is."""

WRAPPER = GlobalName("joblib.numpy_pickle", "NumpyArrayWrapper")
"""What joblib puts in an array's place."""

_DTYPE = GlobalName("numpy", "dtype")
_TYPE_CODE = re.compile(r"([biufcmMOSUV])(\d+)")
_MAX_ALIGNMENT = 16  # bytes up to this are no instructions, so pickle.load fails on them
_HAS_OBJECTS = 0x01


@dataclass(frozen=True)
class Layout:
    """What stands behind an array's description.

    Attributes
    ----------
    holds_objects : another pickle; otherwise the array's elements.
    alignment : a byte with the length of a padding, at most this, and the padding come first; None: neither is there.
    size : of the elements, in bytes.
    """

    holds_objects: bool
    alignment: int | None
    size: int


def is_array(value: Made) -> bool:
    """Whether this becomes an array's description, however it is made."""
    arguments = value.arguments if isinstance(value.arguments, tuple) else ()
    return value.callable == WRAPPER or WRAPPER in arguments


def is_dtype(value: Made) -> bool:
    """Whether this becomes a type of array elements."""
    return value.callable == _DTYPE


def layout(array: Made) -> Layout | None:
    """What stands behind a description, or None where that is not certain."""
    state = array.state
    if not isinstance(state, dict):
        return None
    shape, alignment = state.get("shape"), state.get("numpy_array_alignment_bytes")
    element = _element(state.get("dtype"))
    if (
        element is None
        or not isinstance(shape, tuple)
        or not all(type(length) is int and length >= 0 for length in shape)
    ):
        return None
    if alignment is not None and not (type(alignment) is int and 0 <= alignment <= _MAX_ALIGNMENT):
        return None
    size, holds_objects = element
    return Layout(holds_objects, alignment, math.prod(shape) * size)


def _element(dtype: object) -> tuple[int, bool] | None:
    """Bytes of one element and whether it refers to objects, or None where that is not certain."""
    if not isinstance(dtype, Made) or not is_dtype(dtype) or not isinstance(dtype.arguments, tuple):
        return None
    code = dtype.arguments[0] if dtype.arguments else None
    match = _TYPE_CODE.fullmatch(code) if isinstance(code, str) else None
    if match is None:
        return None
    kind, size = match[1], int(match[2]) * (4 if match[1] == "U" else 1)
    stated_size, flags = _stated(dtype.state)
    holds_objects = bool(flags & _HAS_OBJECTS)
    if stated_size not in (-1, size) or (kind != "V" and holds_objects != (kind == "O")):
        return None
    return size, holds_objects


def _stated(state: object) -> tuple[int, int]:
    """Size (-1: the type's own) and flags in the state of a dtype; (-2, 0) where it has none that is plain."""
    # (version, byte order, subarray, names, fields, size, alignment, flags[, metadata])
    if isinstance(state, tuple) and len(state) >= 8 and type(state[5]) is int and type(state[7]) is int:
        return state[5], state[7]
    return -2, 0
