"""``run()`` described by its type hints, for scripts without decorators: the same conversion, checks and schema for nothing.

A ``run`` counts as typed when one of its parameters is annotated with something that a JSON value becomes: an array, a table, a
model, a number, a list, a dataclass… Texts, bytes, ``Any`` and no annotation at all are what scripts written for Azure ML have, which
take the body as text, and do so here. A hint that means nothing to a service (a class of the script's own) leaves the script as it was,
and the log says so.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import types
import typing
from collections import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from . import logs
from .data_kinds import Array, Frame, Model
from .kinds import Anything, Choice, Kind, OneOf, Record, Row, Sequence, Table
from .parameters import ArrayParameter, TableParameter
from .scalars import SCALARS

_PLAIN = (str, bytes, Any, object, type(None), inspect.Parameter.empty)
_LISTS = (list, abc.Sequence, abc.Iterable, abc.Collection)
_MAKERS: Mapping[Any, Callable[[list[Any]], Any]] = {set: set, frozenset: frozenset, abc.Set: set, tuple: tuple}


class _Unknown(Exception):
    """A hint that no JSON value becomes."""


@dataclass(frozen=True)
class Hints:
    """What the hints of a ``run`` say.

    Attributes
    ----------
    parameters : the kinds of its parameters. needed : those without a default.
    result : the kind of what it returns; None where nothing is said.
    """

    parameters: Mapping[str, Kind]
    needed: tuple[str, ...]
    result: Kind | None

    def read(self, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a request as ``run`` wants them; a default is left as it is.

        Raises
        ------
        Misfit : one does not fit.
        """
        return {
            name: value if value is defaults[name] else self.parameters[name].read(value, repr(name))
            for name, value in given.items()
        }

    def input_schema(self) -> dict[str, Any]:
        """Return the schema of a request's body."""
        properties = {name: kind.schema() for name, kind in self.parameters.items()}
        example = {
            name: schema.pop("example", None) if "example" in schema else example_of(schema)
            for name, schema in properties.items()
        }
        required = {"required": list(self.needed)} if self.needed else {}
        return {"type": "object", "properties": properties, **required, "example": example}

    def output_schema(self) -> dict[str, Any]:
        """Return the schema of an answer's body."""
        return {} if self.result is None else self.result.schema()


def find(run: Callable[..., Any]) -> Hints | None:
    """Return what an undecorated ``run``'s hints say; None where it takes the body as text."""
    inner = inspect.unwrap(run)
    signature = {name: item for name, item in inspect.signature(inner).parameters.items() if name != "request_headers"}
    if all(_is_plain(item.annotation) for item in signature.values()):
        return None
    module: dict[str, Any] = getattr(inner, "__globals__", {})
    try:
        hints = typing.get_type_hints(inner, include_extras=True)
        if all(_is_plain(hints.get(name, Any)) for name in signature):
            return None
        sample = module.get("input_sample")
        kinds = {name: _kind(hints.get(name, Any), sample) for name in signature}
    except Exception as error:  # a hint may be any text, and a text any expression
        logs.server.warning(
            "run() takes the body as text, because a type hint of its parameters says nothing to a service: %s", error
        )
        return None
    needed = tuple(name for name, item in signature.items() if item.default is inspect.Parameter.empty)
    return Hints(kinds, needed, _result(hints.get("return"), module.get("output_sample")))


def sampled(hints: Hints) -> dict[str, ArrayParameter | TableParameter]:
    """Return the parameters that take arrays of numbers or tables by a sample, by name."""
    found: dict[str, ArrayParameter | TableParameter] = {}
    for name, kind in hints.parameters.items():
        if (
            isinstance(kind, Array) and kind.shape and kind.dtype.kind == "f"
        ):  # fractions are refused by arrays of integers
            found[name] = ArrayParameter(kind.dtype, kind.shape)
        elif isinstance(kind, Frame) and kind.sample is not None:
            found[name] = TableParameter(kind)
    return found


def _result(hint: Any, sample: Any) -> Kind | None:
    if hint is None:
        hint = Any if sample is None else type(sample)
    try:
        return _kind(hint, sample)
    except (_Unknown, TypeError, AttributeError):
        return None


def _is_plain(hint: Any) -> bool:
    if get_origin(hint) in (Union, types.UnionType):
        return all(_is_plain(item) for item in get_args(hint))
    return hint in _PLAIN or hint in ("str", "bytes", "Any", "object", "typing.Any")


def _kind(hint: Any, sample: Any = None, inside: tuple[Any, ...] = ()) -> Kind:
    """Return the kind of a hint; ``sample`` is for an array or a table, ``inside`` the records around."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is typing.Annotated:  # first, because with an array in it no hash of it can be made
        own = next((item for item in hint.__metadata__ if not callable(item)), sample)
        return _kind(arguments[0], own, inside)
    if getattr(origin, "_name", "") in ("Required", "NotRequired", "ReadOnly"):
        return _kind(arguments[0], sample, inside)
    if hint in (Any, object):
        return Anything()
    if hint is None or hint in SCALARS:
        return SCALARS[type(None) if hint is None else hint]
    if origin in (Union, types.UnionType):
        return OneOf(tuple(_kind(item, sample, inside) for item in arguments))
    if origin is Literal:
        return Choice(tuple((value, value) for value in arguments))
    return (
        _collection(origin or hint, arguments, inside)
        or _data(origin or hint, arguments, sample)
        or _class(hint, inside)
    )


def _collection(base: Any, arguments: tuple[Any, ...], inside: tuple[Any, ...]) -> Kind | None:
    if base in _LISTS:
        return Sequence(_kind(arguments[0] if arguments else Any, None, inside), list)
    if base is tuple and arguments and arguments[-1] is not Ellipsis:
        return Row(tuple(_kind(item, None, inside) for item in arguments))
    if base in _MAKERS:
        return Sequence(_kind(arguments[0] if arguments else Any, None, inside), _MAKERS[base])
    if base in (dict, abc.Mapping, abc.MutableMapping):
        if arguments and arguments[0] is not str:
            raise _Unknown(f"keys of {arguments[0]}, where JSON has texts")
        return Table(_kind(arguments[1] if arguments else Any, None, inside))
    return None


def _data(base: Any, arguments: tuple[Any, ...], sample: Any) -> Kind | None:
    if not isinstance(base, type):
        return None
    if (base.__module__.partition(".")[0], base.__name__) == ("numpy", "ndarray"):
        return _array(arguments, None if _is_a(sample, "DataFrame") else sample)
    if (base.__module__.partition(".")[0], base.__name__) == ("pandas", "DataFrame"):
        own = None if _is_a(sample, "ndarray") else sample
        return Frame(own if own is None or isinstance(own, base) else base(own))
    if hasattr(base, "model_validate") and hasattr(base, "model_json_schema"):
        return Model(base)
    return None


def _is_a(sample: Any, name: str) -> bool:
    return type(sample).__name__ == name  # the module's sample is one of an array or of a table


def _array(arguments: tuple[Any, ...], sample: Any) -> Array:
    import numpy as np

    if sample is not None:
        array = np.asarray(sample)
        return Array(array.dtype, array.shape, array[:2].tolist())
    named = get_args(arguments[1])[0] if len(arguments) == 2 and get_args(arguments[1]) else Any  # NDArray[np.float64]
    return Array(np.dtype(named) if isinstance(named, type) and issubclass(named, np.generic) else None, None)


def _class(hint: Any, inside: tuple[Any, ...]) -> Kind:
    if not isinstance(hint, type):
        raise _Unknown(str(hint))
    if issubclass(hint, enum.Enum):
        return Choice(tuple((member.value, member) for member in hint))
    if hint in inside:
        raise _Unknown(f"{hint.__name__}, which holds itself")
    if dataclasses.is_dataclass(hint):
        fields = [field for field in dataclasses.fields(hint) if field.init]
        needed = {
            field.name
            for field in fields
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        }
        return _record(hint, [field.name for field in fields], needed, inside)
    if typing.is_typeddict(hint):
        required: frozenset[str] = getattr(hint, "__required_keys__", frozenset())
        return _record(hint, list(typing.get_type_hints(hint)), set(required), inside)
    raise _Unknown(f"{hint.__module__}.{hint.__qualname__}")


def _record(hint: Any, names: list[str], needed: set[str], inside: tuple[Any, ...]) -> Record:
    hints = typing.get_type_hints(hint, include_extras=True)
    return Record({name: _kind(hints[name], None, (*inside, hint)) for name in names}, frozenset(needed), hint)


def example_of(schema: Mapping[str, Any]) -> Any:
    """Return a value that fits a schema, for people to start from."""
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return example_of(schema[key][0])
    if schema.get("type") == "object":
        return {name: example_of(item) for name, item in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        items = schema.get("prefixItems") or [schema.get("items", {})]
        return [example_of(item) for item in items]
    texts = {"date": "2026-01-31", "date-time": "2026-01-31T12:00:00Z", "time": "12:00:00", "byte": "YWJj",
             "uuid": "00000000-0000-0000-0000-000000000000"}  # fmt: skip
    values = {"integer": 1, "number": 1.5, "boolean": True, "string": texts.get(schema.get("format", ""), "text")}
    return values.get(str(schema.get("type")))
