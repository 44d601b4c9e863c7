"""A target's options, each declared once.

A target has one frozen dataclass that inherits from :class:`Options`; every field of it is made with :func:`option`. From that one
declaration come the JSON keys, the command line's and the magics' options, completion, help texts and the reference table.

>>> @dataclass(frozen=True)
... class FakeOptions(Options):
...     port: int | None = option(None, json="port", alias="po", help="Port to listen on.", minimum=1, maximum=65535)
>>> FakeOptions.from_json({"port": 8890}, where="deploymentconfig.json").port
8890
>>> FakeOptions(port=0).problems()
('port is 0; it must be at least 1',)
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, get_args, get_type_hints

from jupyter_deploy.errors import ConfigError

Self = TypeVar("Self", bound="Options")
SCALE = "Scale"
"""The group of a target's options that say how many there are of something."""


@dataclass(frozen=True)
class Option:
    """One row of a target's option table.

    Parameters
    ----------
    name : the Python name, as in ``deploy_configuration(name=…)``.
    json : the path in a deployment configuration file, dots for nesting ("keys.primaryKey").
    type : what it takes: bool, int, float, str, list (of str), or dict (whole numbers by name).
    default : the value when it is not given; None means "not set".
    alias : the two-letter command-line alias without dashes, or "".
    unit : "cores", "GB", "ms"; empty where there is none.
    minimum, maximum : limits, both included. above : a limit that is itself excluded.
    choices : the values allowed, empty for all. shown : how help shows the value ("FOLDER"); by its unit or type where empty.
    group : the heading under which faces show it.
    help : one sentence.
    secret : never recorded or shown; replaced by a reference.
    updatable : can be changed on a living service.
    """

    name: str
    json: str
    type: type
    default: Any
    alias: str = ""
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    choices: tuple[Any, ...] = ()
    shown: str = ""
    group: str = "General"
    help: str = ""
    secret: bool = False
    updatable: bool = True

    @property
    def flag(self) -> str:
        """The long command-line flag: ``--max-request-wait-time``."""
        return "--" + self.name.replace("_", "-")

    @property
    def takes(self) -> str:
        """What it takes, in words: "a whole number"."""
        return _TYPE_NAMES[self.type]

    def problem(self, value: Any) -> str | None:
        """Say what is wrong with a value, or None."""
        if value is None:
            return None
        if not _is_a(value, self.type):
            shown = f"of type {type(value).__name__}" if self.secret else repr(value)
            return f"{self.name} is {shown}; it takes {self.takes}"
        unit = f" {self.unit}" if self.unit else ""
        if self.choices and value not in self.choices:
            return f"{self.name} is {value!r}; it takes one of {', '.join(map(str, self.choices))}"
        if self.minimum is not None and value < self.minimum:
            return f"{self.name} is {value}{unit}; it must be at least {self.minimum:g}{unit}"
        if self.above is not None and value <= self.above:
            return f"{self.name} is {value}{unit}; it must be above {self.above:g}{unit}"
        if self.maximum is not None and value > self.maximum:
            return f"{self.name} is {value}{unit}; it must be at most {self.maximum:g}{unit}"
        return None

    def parse(self, text: str) -> Any:
        """Read the value from a command line's text.

        Raises
        ------
        ConfigError : the text is not of the option's type.
        """
        try:
            return _PARSERS[self.type](text)
        except ValueError:
            raise ConfigError([f"{self.flag} is {text!r}; it takes {self.takes}"]) from None


_TYPE_NAMES: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list of texts",
    dict: "whole numbers by name",
}


def _parse_bool(text: str) -> bool:
    if text.lower() in {"true", "yes", "on", "1"}:
        return True
    if text.lower() in {"false", "no", "off", "0"}:
        return False
    raise ValueError(text)


def _parse_counts(text: str) -> dict[str, int]:
    """Read ``a=1,b=2``."""
    pairs = [part.partition("=") for part in text.split(",") if part]
    found = {name: int(count) for name, _, count in pairs}
    if "" in found or len(found) < len(pairs):
        raise ValueError(text)
    return found


_PARSERS: Mapping[type, Any] = {
    bool: _parse_bool,
    int: int,
    float: float,
    str: str,
    list: lambda text: tuple(part for part in text.split(",") if part),
    dict: _parse_counts,
}


def _is_a(value: Any, wanted: type) -> bool:
    if wanted is list:
        return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    if wanted is dict:
        return isinstance(value, Mapping) and all(isinstance(key, str) and _is_a(it, int) for key, it in value.items())
    if wanted is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, wanted)


def option(default: Any, *, json: str, **facts: Any) -> Any:
    """Declare a field of an :class:`Options` class; the facts are those of :class:`Option`."""
    return dataclasses.field(default=default, kw_only=True, metadata={"json": json, **facts})


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


_HELD_AS: Mapping[Any, type] = {tuple: list, Mapping: dict}


def _plain_type(hint: Any) -> type:
    """``int | None`` is int, ``tuple[str, ...]`` is a list, ``Mapping[str, int]`` a dict."""
    members = [member for member in get_args(hint) if member is not type(None)]
    plain = members[0] if type(None) in get_args(hint) else hint
    origin: type = getattr(plain, "__origin__", plain)
    return _HELD_AS.get(origin, origin)


@dataclass(frozen=True)
class Options:
    """The options of one target; see the module's text for how to declare them.

    Attributes
    ----------
    compute_type : the value of ``computeType`` in a deployment configuration file.
    """

    compute_type: ClassVar[str] = ""

    tags: Mapping[str, str] | None = dataclasses.field(default=None, kw_only=True)
    properties: Mapping[str, str] | None = dataclasses.field(default=None, kw_only=True)
    description: str | None = dataclasses.field(default=None, kw_only=True)

    @classmethod
    def rows(cls) -> tuple[Option, ...]:
        """The table of this class's options, in the order of their declaration."""
        hints = get_type_hints(cls)
        return tuple(
            Option(name=field.name, type=_plain_type(hints[field.name]), default=field.default, **field.metadata)
            for field in dataclasses.fields(cls)
            if "json" in field.metadata
        )

    @classmethod
    def row(cls, name: str) -> Option:
        """Look up one option by its Python name; KeyError when there is none."""
        return {row.name: row for row in cls.rows()}[name]

    @classmethod
    def from_json(cls: type[Self], document: Mapping[str, Any], where: str) -> Self:
        """Read a deployment configuration's keys.

        ``null`` means "not given" (azureml-v1 3.4); a key that no option has is refused with the nearest name that exists.

        Raises
        ------
        ConfigError : unknown keys, or values that do not fit; all of them at once.
        """
        rows = {row.json: row for row in cls.rows()}
        values: dict[str, Any] = {}
        problems: list[str] = []
        for path, value in _flatten(document, frozenset(rows)):
            if path.lower() == "computetype" or (value is None and _is_parent(path, rows)):
                continue
            if path not in rows:
                problems.append(unknown_key(path, rows, f"the target '{cls.compute_type}'"))
            elif value is not None:
                values[rows[path].name] = tuple(value) if isinstance(value, list) else value
        made = cls(**values)
        problems.extend(made.problems())
        if problems:
            raise ConfigError(problems, where)
        return made

    def to_json(self) -> dict[str, Any]:
        """Write the given options as a deployment configuration document; what is not set is left out."""
        document: dict[str, Any] = {"computeType": self.compute_type}
        for row in self.rows():
            value = getattr(self, row.name)
            if value != row.default:
                set_path(document, row.json, _as_json(value))
        return document

    def given(self) -> dict[str, Any]:
        """The options that differ from their defaults, by Python name."""
        return {row.name: getattr(self, row.name) for row in self.rows() if getattr(self, row.name) != row.default}

    def scale(self) -> dict[str, Any]:
        """The options that say now how many there are of something, with what is in effect, by Python name."""
        return {row.name: getattr(self, row.name) for row in self.rows() if row.group == SCALE and row.updatable}

    def problems(self) -> tuple[str, ...]:
        """Everything that is wrong with these values, one line each: every option by itself, then the rules across options."""
        rows = self.rows()
        single = tuple(problem for row in rows if (problem := row.problem(getattr(self, row.name))))
        comparable = all((value := getattr(self, row.name)) is None or _is_a(value, row.type) for row in rows)
        return (*single, *self.rules()) if comparable else single

    def rules(self) -> Iterable[str]:
        """Rules across options; a target's class says its own."""
        return ()

    def require(self, where: str = "") -> None:
        """Raise ConfigError with all problems, if there are any."""
        if problems := self.problems():
            raise ConfigError(problems, where or f"{self.compute_type} options")

    def replaced(self: Self, changes: Mapping[str, Any]) -> Self:
        """These options with some of them changed; names as in Python."""
        return dataclasses.replace(self, **changes)


def unknown_key(key: str, known: Iterable[str], whose: str) -> str:
    """Say that a key is unknown, with the nearest names that exist.

    >>> unknown_key("authEnable", ["authEnabled", "port"], "the target 'process'")
    "the target 'process' has no key 'authEnable'; did you mean 'authEnabled'?"
    """
    names = sorted(known)
    by_folded = {name.lower(): name for name in names}
    last = {name.rsplit(".", 1)[-1].lower(): name for name in names}
    close = difflib.get_close_matches(key.lower(), [*by_folded, *last], n=1, cutoff=0.6)
    if close:
        return f"{whose} has no key '{key}'; did you mean '{by_folded.get(close[0]) or last[close[0]]}'?"
    return f"{whose} has no key '{key}'; it has {', '.join(names)}"


def _flatten(document: Mapping[str, Any], leaves: frozenset[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        path = prefix + str(key)
        if isinstance(value, Mapping) and path not in leaves:
            yield from _flatten(value, leaves, path + ".")
        else:
            yield path, value


def _is_parent(path: str, known: Iterable[str]) -> bool:
    return any(name.startswith(path + ".") for name in known)


def set_path(document: dict[str, Any], path: str, value: Any) -> None:
    """Put a value into a document where its path says: "keys.primaryKey" into the object ``keys``, which is made where it is missing."""
    *parents, leaf = path.split(".")
    for parent in parents:
        document = document.setdefault(parent, {})
    document[leaf] = value
