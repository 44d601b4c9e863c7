"""Makes ``deploy_configuration`` functions out of option classes, so that no option is written twice."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from jupyter_deploy.config.options import Option, Options, unknown_key
from jupyter_deploy.errors import ConfigError

Kind = TypeVar("Kind", bound=Options)

DESCRIPTIVE = {
    "tags": "key-value pairs to find the service by; can be changed",
    "properties": "key-value pairs that stay as they are once set",
    "description": "free text",
}


def deploy_configuration(options: type[Kind]) -> Callable[..., Kind]:
    """Make the function that users call to configure a deployment.

    Parameters
    ----------
    options : the target's option class.

    Returns
    -------
    function : takes the options by name; its signature and help list them with units, limits and defaults.
    """
    rows = {row.name: row for row in options.rows()}

    def configure(**given: Any) -> Kind:
        unknown = [name for name in given if name not in rows and name not in DESCRIPTIVE]
        if unknown:
            raise ConfigError(
                [unknown_key(name, [*rows, *DESCRIPTIVE], f"the target '{options.compute_type}'") for name in unknown]
            )
        values: dict[str, Any] = {name: tuple(it) if isinstance(it, list) else it for name, it in given.items()}
        made = options(**values)
        made.require()
        return made

    parameters = [
        *(_parameter(row.name, row.default, row.type) for row in rows.values()),
        *(_parameter(name, None, str if name == "description" else dict) for name in DESCRIPTIVE),
    ]
    configure.__signature__ = inspect.Signature(parameters, return_annotation=options)  # type: ignore[attr-defined]  # how functions carry one
    configure.__name__ = configure.__qualname__ = "deploy_configuration"
    configure.__doc__ = _help(options, list(rows.values()))
    return configure


def _parameter(name: str, default: Any, kind: type) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _help(options: type[Options], rows: list[Option]) -> str:
    lines = [f"Configure a deployment to the target '{options.compute_type}'.", "", "Parameters", "----------"]
    lines += [f"{row.name} : {describe(row)}" for row in rows]
    lines += [f"{name} : {text}" for name, text in DESCRIPTIVE.items()]
    return "\n".join([*lines, "", "Raises", "------", "ConfigError : all values that do not fit, at once."])


def placeholder(row: Option) -> str:
    """What stands for the value in a usage line."""
    return (
        row.shown
        or row.unit
        or {bool: "true|false", int: "N", float: "X", list: "A,B", dict: "NAME=N,…"}.get(row.type, "TEXT")
    )


def describe(row: Option) -> str:
    """One line about an option: help, unit, default, limits."""
    known = facts(row)
    return row.help + (f" ({', '.join(known)})" if known else "")


def facts(row: Option) -> list[str]:
    """An option's unit, default and limits, where it has them."""
    found = [row.unit] if row.unit else []
    found += [f"default {row.default}"] if row.default not in (None, ()) else []
    found += [f"at least {row.minimum:g}"] if row.minimum is not None else []
    found += [f"above {row.above:g}"] if row.above is not None else []
    found += [f"at most {row.maximum:g}"] if row.maximum is not None else []
    return found
