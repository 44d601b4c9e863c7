"""Single values by type hint: numbers, texts, dates."""

from __future__ import annotations

import base64
import datetime
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .kinds import Misfit, json_name


@dataclass(frozen=True)
class Scalar:
    """A single value: ``convert`` returns it, or raises ValueError or TypeError.

    Attributes
    ----------
    wanted : what it must be, for messages. form : its schema.
    """

    wanted: str
    convert: Callable[[Any], Any]
    form: Mapping[str, Any]

    def read(self, value: Any, place: str) -> Any:
        """Return the converted value."""
        try:
            return self.convert(value)
        except (ValueError, TypeError, ArithmeticError):
            raise Misfit(place, f"is {json_name(value)}, but must be {self.wanted}") from None

    def schema(self) -> dict[str, Any]:
        """Return its schema."""
        return dict(self.form)


def _exactly(kind: type) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError
        return value

    return convert


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise TypeError
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _from_text(convert: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: convert(_exactly(str)(value))


def _moment(text: str) -> datetime.datetime:
    # Python reads the Z of UTC from 3.11 on.
    return datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in ("Z", "z") else text)


SCALARS: Mapping[Any, Scalar] = {
    int: Scalar("a whole number", _integer, {"type": "integer", "format": "int64"}),
    float: Scalar("a number", _number, {"type": "number", "format": "double"}),
    bool: Scalar("true or false", _exactly(bool), {"type": "boolean"}),
    str: Scalar("a text", _exactly(str), {"type": "string"}),
    type(None): Scalar("null", _exactly(type(None)), {"type": "null"}),
    bytes: Scalar(
        "a text in base64",
        _from_text(lambda text: base64.b64decode(text, validate=True)),
        {"type": "string", "format": "byte"},
    ),
    datetime.datetime: Scalar(
        "a date and time (ISO 8601)", _from_text(_moment), {"type": "string", "format": "date-time"}
    ),
    datetime.date: Scalar(
        "a date (ISO 8601)", _from_text(datetime.date.fromisoformat), {"type": "string", "format": "date"}
    ),
    datetime.time: Scalar(
        "a time (ISO 8601)", _from_text(datetime.time.fromisoformat), {"type": "string", "format": "time"}
    ),
    uuid.UUID: Scalar("a UUID", _from_text(uuid.UUID), {"type": "string", "format": "uuid"}),
}
