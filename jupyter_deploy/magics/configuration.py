"""What ``%deploy`` and ``%update_service`` have in common: models, script, environment, and the options of a target."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from jupyter_deploy.errors import ConfigError
from jupyter_deploy.magics.arguments import Argument

if TYPE_CHECKING:
    from jupyter_deploy.config.inference import InferenceConfig
    from jupyter_deploy.config.options import Option, Options

IC = Argument(
    "ic", "An inference configuration file; --script and --env win over what it says.", ("--ic",), "FILE", "file"
)
DC = Argument(
    "dc", "A deployment configuration file; options on the line win over what it says.", ("--dc",), "FILE", "file"
)
SCRIPT = Argument("script", "The entry script, with init() and run().", ("--script",), "score.py", "file")
ENV = Argument(
    "env",
    "What the script needs: a pip requirements file, a conda file (.yml), or 'kernel' for the packages of this kernel, the default.",
    ("--env",),
    "kernel|FILE",
    "file",
    choices=("kernel",),
)

TRUST = Argument(
    "trust",
    "A source of packages beside the package index that you trust, as the refusal names it.",
    ("--trust",),
    "SOURCE",
    count="repeated",
)


def models_argument(help: str, *, required: bool) -> Argument:  # noqa: A002  (as the record has it)
    """The argument ``--models``."""
    return Argument("models", help, ("--models",), "N[:V]", "model", count="several", required=required)


def setting_arguments() -> tuple[Argument, ...]:
    """The settings of an InferenceConfig but for script and environment, which a magic names itself."""
    from jupyter_deploy.config.inference_options import OTHER_SETTINGS

    return tuple(replace(_argument(row), parse=row.parse) for row in OTHER_SETTINGS)


def options_by_target() -> dict[str, tuple[Argument, ...]]:
    """The options of every installed target, as arguments."""
    from jupyter_deploy.targets import find_target, target_names

    return {name: tuple(map(_argument, find_target(name).options.rows())) for name in target_names()}


def option_arguments() -> tuple[Argument, ...]:
    """The options of all targets together, each name once; which of them the chosen target has is looked up after parsing."""
    by_name: dict[str, Argument] = {}
    for arguments in options_by_target().values():
        for argument in arguments:
            by_name.setdefault(argument.name, argument)
    return tuple(by_name.values())


def _argument(row: Option) -> Argument:
    from jupyter_deploy.sdk.configuration import describe, placeholder

    flags = (row.flag, f"--{row.alias}") if row.alias else (row.flag,)
    choices = ("true", "false") if row.type is bool else tuple(map(str, row.choices))
    fixed = "" if row.updatable else " Cannot change on a living service."
    secret = " Write $NAME to take it from a variable, so that it is not in the notebook." if row.secret else ""
    return Argument(row.name, describe(row) + fixed + secret, flags, placeholder(row), choices=choices)


def given_options(given: argparse.Namespace, options: type[Options]) -> dict[str, Any]:
    """Read the options on the line for one target, by Python name.

    Raises
    ------
    UsageError : an option that this target does not have, or a value that is not of its type.
    """
    rows = {row.name: row for row in options.rows()}
    values = {}
    for argument in option_arguments():
        text = getattr(given, argument.name)
        if text is None:
            continue
        if argument.name not in rows:
            has = ", ".join(row.flag for row in rows.values())
            raise UsageError(f"the target '{options.compute_type}' has no option {argument.flags[0]}; it has {has}")
        try:
            values[argument.name] = rows[argument.name].parse(text)
        except ConfigError as error:
            raise UsageError(str(error)) from None
    return values


def inference_config(given: argparse.Namespace) -> InferenceConfig | None:
    """Put ``--ic``, ``--script``, ``--env`` and the settings of the image together; None where none of them is given."""
    from jupyter_deploy.sdk.reading import environment_keys, read_inference

    settings = _given_settings(given)
    if not (given.ic or given.script):
        for flag in ("--env",) if given.env else settings:
            raise UsageError(f"{flag} is for a script; give --script as well")
    over = {option.json: value for option, value in settings.values()}
    script = {"entryScript": given.script} if given.script else {}
    is_elsewhere = given.ic or getattr(
        given, "source_directory", None
    )  # a relative --env belongs to the current folder all the same
    root = Path.cwd() if is_elsewhere else None
    return read_inference(given.ic, {**over, **script, **environment_keys(given.env, root)}, given.trust or ())


def _given_settings(given: argparse.Namespace) -> dict[str, tuple[Option, Any]]:
    """The settings on the line with their values, by their flags."""
    from jupyter_deploy.config.inference_options import INFERENCE_OPTIONS

    return {
        row.flag: (row, value) for row in INFERENCE_OPTIONS if (value := getattr(given, row.name, None)) is not None
    }
