"""Arrays and tables for parameters that a sample describes: from JSON what the decorator would do, for arrays in a fraction of its time.

Only what is certain is done here. Everything else (another shape, text among numbers, a date) is left to the decorator, whose errors name
what is wrong. ``inference_schema`` does not look at an array that it is given, so that shape and type are checked here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .request import BadInput

_LARGE = 4096
_KEPT = 4 * 1024 * 1024
"""Bytes of the largest body whose parser is kept: about three times as many stay in its buffers."""
_STRUCTURE = b'[]{},"'
_OTHERS = bytes(set(range(256)) - set(_STRUCTURE))


@dataclass(frozen=True)
class ArrayParameter:
    """A parameter of ``run`` that takes an array of numbers.

    Attributes
    ----------
    dtype : of the sample, which the array will have.
    shape : of the sample; the first dimension may differ.
    """

    dtype: Any
    shape: tuple[int, ...]

    def from_list(self, value: Any) -> Any:
        """Return the array that a list of numbers is; the list itself where that is for the decorator to say."""
        import numpy as np

        if type(value) is not list:
            return value
        try:
            array = np.array(value, dtype=self.dtype)
        except Exception:  # whatever numpy trips over, the decorator tells it better
            return value
        return array if array.ndim == len(self.shape) and array.shape[1:] == self.shape[1:] else value

    def fitted(self, name: str, array: Any) -> Any:
        """Return an array of numbers in the sample's type, that may be written to: a copy where it is not that already.

        Raises
        ------
        BadInput : its shape or type does not fit, or a number is out of the type's range.
        """
        import numpy as np

        if array.ndim != len(self.shape) or array.shape[1:] != self.shape[1:]:
            wanted = ("n", *self.shape[1:])
            raise BadInput(
                400, _misfit(name, f"its shape is {array.shape}, but must be ({', '.join(map(str, wanted))})")
            )
        if not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise BadInput(400, _misfit(name, f"it is of type {array.dtype}, but must be of {self.dtype}"))
        if array.dtype == self.dtype and array.flags.carray:
            return array
        with np.errstate(over="ignore"):  # a number beyond a shorter float's range is infinite there
            fitted = array.astype(self.dtype, order="C")
        if self.dtype.kind in "iu" and not np.can_cast(array.dtype, self.dtype) and (fitted != array).any():
            raise BadInput(400, _misfit(name, f"a number is out of the range of {self.dtype}"))
        return fitted


@dataclass(frozen=True)
class TableParameter:
    """A parameter of ``run`` that takes a DataFrame.

    Attributes
    ----------
    kind : ``inference_schema``'s or that of a type hint, which converts.
    """

    kind: Any

    @property
    def sample(self) -> Any:
        """The table that describes the parameter, in a decorator or beside a type hint."""
        return self.kind.sample_input if hasattr(self.kind, "sample_input") else self.kind.sample

    def from_list(self, value: Any) -> Any:
        """Return the table that a list or object is; the value itself where that is for the decorator to say."""
        try:
            return self.kind.deserialize_input(value)
        except Exception:  # whatever pandas trips over, the decorator meets it again and tells it
            return value

    def fitted(self, name: str, frame: Any) -> Any:
        """Return a table with the sample's columns, in its order and types.

        Raises
        ------
        BadInput : columns are missing or unknown, or do not convert.
        """
        sample = self.sample
        frame = frame.rename(columns={str(column): column for column in sample.columns})
        if getattr(self.kind, "enforce_shape", True):
            missing = ", ".join(repr(column) for column in sample.columns if column not in frame.columns)
            unknown = ", ".join(repr(column) for column in frame.columns if column not in sample.columns)
            if missing or unknown:
                reason = f"without column {missing}" if missing else f"with the unknown column {unknown}"
                raise BadInput(400, _misfit(name, reason))
            frame = frame[list(sample.columns)]
        if not getattr(self.kind, "enforce_column_type", True):
            return frame
        try:
            return frame.astype({column: kind for column, kind in sample.dtypes.items() if column in frame.columns})
        except (ValueError, TypeError) as error:
            raise BadInput(400, _misfit(name, str(error))) from error


def _misfit(name: str, reason: str) -> str:
    return f"{name!r} does not fit the sample: {reason}"


def find(run: Callable[..., Any]) -> dict[str, ArrayParameter | TableParameter]:
    """Return the parameters of a decorated ``run`` that take arrays of numbers or tables, by name."""
    found: dict[str, ArrayParameter | TableParameter] = {}
    wrapped: Any = run
    while hasattr(wrapped, "__wrapped__"):
        enclosed = _enclosed(getattr(wrapped, "_self_wrapper", None))
        parameter = _parameter(enclosed.get("param_type"))
        if parameter is not None and enclosed.get("convert_to_provided_type") is True:
            found[enclosed["param_name"]] = parameter
        wrapped = wrapped.__wrapped__
    return found


def _enclosed(wrapper: Any) -> dict[str, Any]:
    """The values that a decorator's inner function has taken along."""
    code, cells = getattr(wrapper, "__code__", None), getattr(wrapper, "__closure__", None)
    return (
        {name: cell.cell_contents for name, cell in zip(code.co_freevars, cells, strict=True)} if code and cells else {}
    )


def _parameter(kind: Any) -> ArrayParameter | TableParameter | None:
    if type(kind).__name__ == "PandasParameterType":
        return TableParameter(kind)
    if type(kind).__name__ != "NumpyParameterType" or not (kind.enforce_column_type and kind.enforce_shape):
        return None
    sample = kind.sample_input
    return ArrayParameter(sample.dtype, sample.shape) if sample.dtype.kind in "fiu" and sample.ndim else None


def read_rows(body: bytes, name: str, parameter: ArrayParameter | TableParameter) -> Any:
    """Read ``{"name": [[…], …]}`` with a table of floats straight into an array; None where the body is anything else.

    The numbers are read by simdjson, which flattens them; that they stand in rows of the right length is seen by comparing the body's
    brackets, commas and quotes with those of such a table.
    """
    if len(body) < _LARGE or not isinstance(parameter, ArrayParameter):
        return None
    if len(parameter.shape) != 2 or parameter.dtype.str != "<f8":
        return None
    try:
        import numpy as np

        parser = _parser(len(body))
    except ImportError:  # it speeds things up, and that is all
        return None
    columns = parameter.shape[1]
    structure = body.translate(None, _OTHERS)
    row = b"[" + b"," * (columns - 1) + b"]"
    count, rest = divmod(len(structure) - len(b'{""[]}') + 1, len(row) + 1)
    if rest or not columns or structure != b'{""[' + b",".join([row] * count) + b"]}":
        return None
    try:
        document: Any = parser.parse(body)
        numbers = document[name].as_buffer(of_type="d")
        return np.frombuffer(numbers, dtype=parameter.dtype).reshape(count, columns).copy()
    except (
        ValueError,
        KeyError,
        TypeError,
        RuntimeError,
    ):  # another name, a number too large, text or true among the numbers
        return None


_thread = threading.local()


def _parser(size: int) -> Any:
    """The thread's parser, whose buffers are in memory already: fresh ones cost more than the parsing."""
    import simdjson

    if size > _KEPT:
        return simdjson.Parser()
    if not hasattr(_thread, "parser"):
        _thread.parser = simdjson.Parser()
    return _thread.parser
