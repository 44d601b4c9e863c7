"""Arrays, tables and pydantic's models as type hints; numpy, pandas and pydantic are imported by the script, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .kinds import Misfit, json_name

_NUMBERS: Mapping[str, dict[str, Any]] = {
    "b": {"type": "boolean"},
    "i": {"type": "integer", "format": "int64"},
    "u": {"type": "integer", "format": "int64"},
    "f": {"type": "number", "format": "double"},
    "M": {"type": "string", "format": "date-time"},
    "U": {"type": "string"},
    "S": {"type": "string"},
    "T": {"type": "string"},
}


@dataclass(frozen=True)
class Array:
    """A numpy array.

    Attributes
    ----------
    dtype : of its items; None for what numpy makes of them.
    shape : the sample's, whose first dimension may differ; None without a sample.
    example : the sample as lists.
    """

    dtype: Any
    shape: tuple[int, ...] | None
    example: Any = None

    def read(self, value: Any, place: str) -> Any:
        """Return a list as an array; an array (a default, or read already) as it is."""
        import numpy as np

        if isinstance(value, np.ndarray):
            return value
        if not isinstance(value, list):
            raise Misfit(place, f"is {json_name(value)}, but must be an array")
        try:
            array = np.array(value, dtype=self.dtype)
            if array.dtype.kind in "iu" and self.dtype is not None and not _is_whole(value, array):
                raise ValueError
        except (ValueError, TypeError, OverflowError):
            raise self._misfit(value, place) from None
        if array.dtype == object and self.dtype is None:
            raise Misfit(place, "has items of several types")
        if self.shape is not None and (array.ndim != len(self.shape) or array.shape[1:] != self.shape[1:]):
            raise Misfit(place, f"has {_form(array.shape)}, but must have {_form(self.shape)}")
        return array

    def _misfit(self, value: list[Any], place: str) -> Misfit:
        """Find the first item to blame."""
        import numpy as np

        shape: tuple[int, ...] | None = None
        for index, item in enumerate(value):
            here = f"{place}[{index}]"
            try:
                part = np.array(item, dtype=self.dtype)
                if part.dtype.kind in "iu" and not _is_whole(item, part):
                    raise ValueError
            except (ValueError, TypeError, OverflowError):
                if isinstance(item, list):
                    return self._misfit(item, here)
                return Misfit(here, f"is {json_name(item)}, but must be {self.dtype or 'a number'}")
            if shape is not None and part.shape != shape:
                return Misfit(here, f"has {_length(part.shape)}, but the ones before have {_length(shape)}")
            shape = part.shape
        return Misfit(place, f"cannot be an array of {self.dtype or 'one type'}")

    def schema(self) -> dict[str, Any]:
        """Return the schema of nested arrays."""
        schema = dict(_NUMBERS.get(getattr(self.dtype, "kind", ""), {}))
        for _ in range(1 if self.shape is None else len(self.shape)):
            schema = {"type": "array", "items": schema}
        if self.shape is None and not schema["items"]:
            schema = {"type": "array", "items": {}}
        example = {} if self.example is None else {"example": self.example}
        return {**schema, "format": "numpy.ndarray", **example}


def _is_whole(value: Any, array: Any) -> bool:
    import numpy as np

    given = np.array(value)
    return given.dtype.kind != "f" or bool((given == array).all())


def _form(shape: tuple[int, ...]) -> str:
    return f"{len(shape)} dimensions with " + " x ".join(["any", *map(str, shape[1:])]) + " items"


def _length(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} items" if len(shape) == 1 else f"the shape {shape}"


@dataclass(frozen=True)
class Frame:
    """A pandas DataFrame, given as records, as an object of columns, or as ``{"columns": …, "data": …}``.

    Attributes
    ----------
    sample : has the columns and their types; None for whatever comes.
    """

    sample: Any

    def read(self, value: Any, place: str) -> Any:
        """Return the table; its columns stand as in the sample."""
        import pandas as pd

        if isinstance(value, pd.DataFrame):
            return value
        if not isinstance(value, list | dict):
            raise Misfit(place, f"is {json_name(value)}, but must be a table: an array of objects")
        names = list(self.sample.columns) if self.sample is not None else None
        try:
            if isinstance(value, dict) and {"columns", "data"} <= set(value) <= {"columns", "data", "index"}:
                frame = pd.DataFrame(value["data"], columns=value["columns"])
            elif isinstance(value, list) and (not value or isinstance(value[0], list)):
                frame = pd.DataFrame(value, columns=names)
            else:
                frame = pd.DataFrame(value)
        except (ValueError, TypeError, AttributeError) as error:
            raise Misfit(place, f"is not a table: {error}") from error
        return frame if self.sample is None else self._like_sample(frame, value, place)

    def deserialize_input(self, value: Any) -> Any:
        """Return the table, as ``inference_schema``'s own kinds do."""
        return self.read(value, "the table")

    def _like_sample(self, frame: Any, value: Any, place: str) -> Any:
        names = list(self.sample.columns)
        for index, row in enumerate(value if isinstance(value, list) else []):
            missing = [name for name in names if isinstance(row, dict) and name not in row]
            if missing:
                raise Misfit(f"{place}[{index}]", f"has no column {', '.join(map(repr, missing))} (case matters)")
        missing = [name for name in names if name not in frame.columns]
        extra = [name for name in frame.columns if name not in names]
        if missing or extra:
            which = f"no column {missing[0]!r}" if missing else f"the column {extra[0]!r}, which the sample has not"
            raise Misfit(place, f"has {which}")
        frame = frame[names]
        return type(self.sample)({name: self._column(frame[name], place, name) for name in names}, index=frame.index)

    def _column(self, column: Any, place: str, name: str) -> Any:
        dtype = self.sample[name].dtype
        try:
            return column.astype(dtype)
        except (ValueError, TypeError, OverflowError) as error:
            for index, item in enumerate(column):
                try:
                    column.iloc[index : index + 1].astype(dtype)
                except (ValueError, TypeError, OverflowError):
                    raise Misfit(f"{place}[{index}][{name!r}]", f"is {json_name(item)}, but must be {dtype}") from None
            raise Misfit(place, f"has a column {name!r} that is not {dtype}: {error}") from error

    def schema(self) -> dict[str, Any]:
        """Return the schema of an array of records."""
        row: dict[str, Any] = {"type": "object"}
        if self.sample is None:
            return {"type": "array", "items": row, "format": "pandas.DataFrame:records"}
        row["required"] = [str(name) for name in self.sample.columns]
        row["properties"] = {str(name): self._cell(dtype) for name, dtype in self.sample.dtypes.items()}
        example = {"example": self.sample.head(2).to_dict(orient="records")}
        return {"type": "array", "items": row, "format": "pandas.DataFrame:records", **example}

    @staticmethod
    def _cell(dtype: Any) -> dict[str, Any]:
        return dict(_NUMBERS.get(getattr(dtype, "kind", ""), {"type": "string"} if str(dtype) == "str" else {}))


@dataclass(frozen=True)
class Model:
    """A model of pydantic's, which reads and describes itself."""

    model: Any

    def read(self, value: Any, place: str) -> Any:
        """Return the model's object; all that is wrong with it is told."""
        from pydantic import ValidationError

        if isinstance(value, self.model):
            return value
        try:
            return self.model.model_validate(value)
        except ValidationError as error:
            first, *more = [(_path(item["loc"]), item["msg"]) for item in error.errors(include_url=False)]
            rest = "".join(f"; {place}{where}: {text}" for where, text in more[:4])
            raise Misfit(f"{place}{first[0]}:", f"{first[1]}{rest}") from None

    def schema(self) -> dict[str, Any]:
        """Return pydantic's schema with what it refers to put in."""
        document = self.model.model_json_schema()
        definitions = document.pop("$defs", {})
        whole: dict[str, Any] = _inlined(document, definitions, ())
        return whole


def _path(location: tuple[Any, ...]) -> str:
    return "".join(f"[{part!r}]" for part in location)


def _inlined(node: Any, definitions: Mapping[str, Any], inside: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, definitions, inside) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name in inside or name not in definitions:  # it holds itself
            return {"type": "object", "title": name}
        others = {key: item for key, item in node.items() if key != "$ref"}
        return {**_inlined(definitions[name], definitions, (*inside, name)), **others}
    return {key: _inlined(item, definitions, inside) for key, item in node.items()}
