"""What a type hint makes of a JSON value: the value in Python, or where and why it does not fit; and the schema that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Misfit(Exception):
    """A value does not fit; ``place`` is where, as ``data[3]['age']``."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place} {text}")


class Kind(Protocol):
    """What a hint stands for."""

    def read(self, value: Any, place: str) -> Any:
        """Return a JSON value as Python has it; Misfit where it does not fit."""
        ...

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (as OpenAPI 3.1 has it)."""
        ...


def json_name(value: Any) -> str:
    """Name a JSON value for a message: short ones by themselves, others by what they are."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "…"


@dataclass(frozen=True)
class Anything:
    """Takes every value as it is."""

    def read(self, value: Any, place: str) -> Any:  # noqa: ARG002 - as every kind does
        """Return the value, wherever it is."""
        return value

    def schema(self) -> dict[str, Any]:
        """Return the schema of everything."""
        return {}


@dataclass(frozen=True)
class Choice:
    """One of some values, as ``Literal`` and enumerations have them.

    Attributes
    ----------
    members : what each JSON value stands for, in order.
    """

    members: tuple[tuple[Any, Any], ...]

    def read(self, value: Any, place: str) -> Any:
        """Return what the value stands for."""
        for written, member in self.members:
            if type(written) is type(value) and written == value:
                return member
        known = ", ".join(repr(written) for written, _ in self.members)
        raise Misfit(place, f"is {json_name(value)}, but must be one of {known}")

    def schema(self) -> dict[str, Any]:
        """Return the values."""
        return {"enum": [written for written, _ in self.members]}


@dataclass(frozen=True)
class Sequence:
    """A list, tuple or set of any length with items of one kind."""

    item: Kind
    make: Callable[[list[Any]], Any]

    def read(self, value: Any, place: str) -> Any:
        """Return the sequence."""
        if not isinstance(value, list):
            raise Misfit(place, f"is {json_name(value)}, but must be an array")
        items = [self.item.read(item, f"{place}[{index}]") for index, item in enumerate(value)]
        try:
            return self.make(items)
        except TypeError as error:
            raise Misfit(place, f"cannot be a set: {error}") from error

    def schema(self) -> dict[str, Any]:
        """Return the schema of an array."""
        return {"type": "array", "items": self.item.schema()}


@dataclass(frozen=True)
class Row:
    """A tuple of a fixed length."""

    items: tuple[Kind, ...]

    def read(self, value: Any, place: str) -> Any:
        """Return the tuple."""
        if not isinstance(value, list) or len(value) != len(self.items):
            raise Misfit(place, f"is {_counted(value)}, but must be an array of {len(self.items)}")
        return tuple(
            kind.read(item, f"{place}[{index}]")
            for index, (kind, item) in enumerate(zip(self.items, value, strict=True))
        )

    def schema(self) -> dict[str, Any]:
        """Return the schema of an array of that length."""
        count = len(self.items)
        return {
            "type": "array",
            "prefixItems": [item.schema() for item in self.items],
            "minItems": count,
            "maxItems": count,
        }


def _counted(value: Any) -> str:
    return f"an array of {len(value)}" if isinstance(value, list) else json_name(value)


@dataclass(frozen=True)
class Table:
    """An object with any keys and values of one kind."""

    item: Kind

    def read(self, value: Any, place: str) -> Any:
        """Return the dictionary."""
        if not isinstance(value, dict):
            raise Misfit(place, f"is {json_name(value)}, but must be an object")
        return {key: self.item.read(item, f"{place}[{key!r}]") for key, item in value.items()}

    def schema(self) -> dict[str, Any]:
        """Return the schema of an object."""
        inside = self.item.schema()
        return {"type": "object", **({"additionalProperties": inside} if inside else {})}


@dataclass(frozen=True)
class Record:
    """An object with named keys, as dataclasses and TypedDicts have them; other keys are left out.

    Attributes
    ----------
    fields : their kinds by name. required : the names that must be there. make : makes it of the fields that are given.
    """

    fields: Mapping[str, Kind]
    required: frozenset[str]
    make: Callable[..., Any]

    def read(self, value: Any, place: str) -> Any:
        """Return the record."""
        if not isinstance(value, dict):
            raise Misfit(place, f"is {json_name(value)}, but must be an object")
        missing = [name for name in self.fields if name in self.required and name not in value]
        if missing:
            raise Misfit(place, f"has no {', '.join(map(repr, missing))} (case matters)")
        given = {
            name: kind.read(value[name], f"{place}[{name!r}]") for name, kind in self.fields.items() if name in value
        }
        try:
            return self.make(**given)
        except (ValueError, TypeError) as error:  # a dataclass may check in __post_init__
            raise Misfit(place, f"does not fit: {error}") from error

    def schema(self) -> dict[str, Any]:
        """Return the schema of the object."""
        properties = {name: kind.schema() for name, kind in self.fields.items()}
        required = {"required": [name for name in self.fields if name in self.required]} if self.required else {}
        return {"type": "object", "properties": properties, **required}


@dataclass(frozen=True)
class OneOf:
    """The first of some kinds that fits."""

    kinds: tuple[Kind, ...]

    def read(self, value: Any, place: str) -> Any:
        """Return what the first kind that fits makes of the value."""
        problems = []
        for kind in self.kinds:
            try:
                return kind.read(value, place)
            except Misfit as misfit:
                problems.append(str(misfit))
        raise Misfit(place, "fits none of its types: " + "; ".join(_distinct(problems)))

    def schema(self) -> dict[str, Any]:
        """Return the schemas of which one has to fit."""
        return {"anyOf": [kind.schema() for kind in self.kinds]}


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
