"""The options of a target as the fields of a form, and what is typed into them as options again; both from their declarations alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_deploy.config.options import Option, Options
from jupyter_deploy.errors import ConfigError
from jupyter_deploy.sdk.configuration import facts

Kind = Literal["text", "number", "truth", "choice", "secret"]

_KINDS: Mapping[type, Kind] = {int: "number", float: "number", bool: "truth"}


@dataclass(frozen=True)
class Field:
    """One field of a form.

    Parameters
    ----------
    name : of the option. label : how it is called on the page. kind : by what it is drawn.
    help : what it does. facts : its default and limits, in words.
    unit : of its number. minimum, maximum : limits, both included. step : of its number; "any" for one that need not be whole.
    choices : what there is to choose, the first one standing for nothing given.
    default : a switch is on when nothing is given.
    """

    name: str
    label: str
    kind: Kind
    help: str
    facts: tuple[str, ...]
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    step: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: bool = False


@dataclass(frozen=True)
class Problem:
    """Something that is wrong, and the fields that it is about; none where it is about the form as a whole."""

    fields: tuple[str, ...]
    text: str


def groups(rows: Iterable[Option]) -> dict[str, list[Field]]:
    """The fields of options under their headings, in the order of their declaration.

    >>> from jupyter_deploy.targets.process.options import ProcessOptions
    >>> list(groups(ProcessOptions.rows()))
    ['Address', 'Access', 'Resources', 'Requests', 'Observation']
    """
    found: dict[str, list[Field]] = {}
    for row in rows:
        found.setdefault(row.group, []).append(_field(row))
    return found


def _field(row: Option) -> Field:
    is_open = row.type is bool and row.default is None
    choices = [("", "not set"), ("true", "yes"), ("false", "no")] if is_open else []
    if row.choices:
        choices = [("", str(row.default)), *((str(it), str(it)) for it in row.choices if it != row.default)]
    drawn: Kind = "secret" if row.secret else "choice" if choices else _KINDS.get(row.type, "text")
    several = ("several are separated by commas",) if row.type in (list, dict) else ()
    return Field(
        name=row.name, label=row.name.replace("_", " ").capitalize(), kind=drawn, help=row.help,
        facts=(*(fact for fact in facts(row) if fact != row.unit), *several), unit=row.unit,
        minimum=row.minimum, maximum=row.maximum, step="1" if row.type is int else "any",
        choices=tuple(choices), default=row.default is True,
    )  # fmt: skip


def read(
    kind: type[Options], texts: Mapping[str, str], variables: Mapping[str, Any]
) -> tuple[Options, tuple[Problem, ...]]:
    """The options that were typed, with everything that is wrong with them.

    Parameters
    ----------
    texts : by the option's name, as on a line; an empty one is not given. For a secret it is the name of a variable that holds it.
    variables : the notebook's.

    Returns
    -------
    Options, problems : the options that could be read, and what is wrong: each by itself, then the rules across them.
    """
    problems: list[Problem] = []
    options = kind(**values(kind.rows(), texts, variables, problems))
    names = [row.name for row in kind.rows()]
    return options, (*problems, *(Problem(named(names, rule), rule) for rule in options.rules()))


def values(
    rows: Iterable[Option], texts: Mapping[str, str], variables: Mapping[str, Any], problems: list[Problem]
) -> dict[str, Any]:
    """What was typed for some options, by their names; texts and variables as of :func:`read`.

    Parameters
    ----------
    problems : gets what is wrong with each by itself.
    """
    found: dict[str, Any] = {}
    for row in rows:
        text = texts.get(row.name, "")
        if not text:
            continue
        try:
            value = _secret(row, text, variables) if row.secret else row.parse(text)
        except ConfigError as error:
            problems.append(Problem((row.name,), str(error)))
        else:
            if problem := row.problem(value):
                problems.append(Problem((row.name,), problem))
            else:
                found[row.name] = value
    return found


def _secret(row: Option, name: str, variables: Mapping[str, Any]) -> str:
    value = variables.get(name)
    if not isinstance(value, str) or not value:
        raise ConfigError([f"{row.name} is taken from the variable '{name}', which holds no text"])
    return value


def named(names: Iterable[str], text: str) -> tuple[str, ...]:
    """The names that a text speaks of, in its order.

    >>> named(["port", "host", "ssl_cname"], "ssl_cname needs a host")
    ('ssl_cname', 'host')
    """
    wanted = frozenset(names)
    return tuple(dict.fromkeys(word for word in re.findall(r"\w+", text) if word in wanted))


def secrets_of(kind: type[Options]) -> frozenset[str]:
    """The names of the options that are secret."""
    return frozenset(row.name for row in kind.rows() if row.secret)


def texts_among(variables: Mapping[str, Any]) -> Iterator[str]:
    """The variables that a secret can be taken from: those that hold a text, by a name that Python and a line can say."""
    return (name for name, value in variables.items() if isinstance(value, str) and value and name.isidentifier())


def at(fields: Mapping[str, str], text: str, otherwise: str) -> Problem:
    """A problem at the field whose setting it speaks of first."""
    found: Sequence[str] = named(fields, text)
    return Problem((fields[found[0]] if found else otherwise,), text)
