"""Inference and deployment configuration from files and options; an option wins over the file."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_deploy.cli.arguments import Parser, given, secret
from jupyter_deploy.config.environment import Environment
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.inference_options import INFERENCE_OPTIONS
from jupyter_deploy.config.options import Option, Options
from jupyter_deploy.engine.computes import find_compute
from jupyter_deploy.errors import ConfigError
from jupyter_deploy.sdk.configuration import describe, placeholder
from jupyter_deploy.sdk.reading import DeploymentFile, read_inference
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.targets import find_target, target_names


def declare_inference(parser: Parser) -> None:
    """Declare what makes an InferenceConfig; the destinations hold the paths in the file."""
    heading = "Script and environment"
    parser.option(
        "--inference-config-file --ic -ic",
        "inferenceconfig.json, JSON or YAML; the options below win over it",
        metavar="FILE",
        heading=heading,
    )
    for row in INFERENCE_OPTIONS:
        _declare_row(parser, row, f"inference:{row.json}")
    parser.option("-e --environment-name", "an environment that is registered", metavar="NAME", heading=heading)
    parser.option("--environment-version --ev", "of that name; by default the newest", metavar="N", heading=heading)
    parser.option(
        "--environment-directory --ed",
        "a folder with an azureml_environment.json, as Environment.save_to_directory writes it",
        metavar="FOLDER",
        heading=heading,
    )
    parser.several(
        "--trust",
        "a source of packages beside the package index that you trust, as the refusal names it",
        metavar="SOURCE",
        heading=heading,
    )


def inference_config(workspace: Workspace, args: argparse.Namespace) -> InferenceConfig | None:
    """The InferenceConfig that was asked for; None where nothing was said of it.

    Raises
    ------
    ConfigError, ScriptError : it does not fit. NotFound : no such environment is registered.
    """
    environment = _environment(workspace, args)
    over = {**given(args, "inference:"), **({"environment": environment.to_json()} if environment else {})}
    return read_inference(args.inference_config_file, over, args.trust or ())


def _environment(workspace: Workspace, args: argparse.Namespace) -> Environment | None:
    name, version, folder = args.environment_name, args.environment_version, args.environment_directory
    if version is not None and name is None:
        raise ConfigError(["--environment-version is given without --environment-name"])
    if name is not None and folder is not None:
        raise ConfigError(["--environment-name and --environment-directory are both given; give one of them"])
    if folder is not None:
        return Environment.load_from_directory(folder)
    return None if name is None else Environment.get(workspace, name, version)


def declare_dry_run(parser: Parser) -> None:
    """Declare the switch that only shows."""
    parser.option(
        "--dry-run",
        "print the objects that would be on the cluster as YAML, and on standard error how they differ from those that are; nothing is"
        " recorded, built or changed",
        action="store_true",
    )


def declare_target_options(parser: Parser) -> None:
    """Declare the options of every target, from their option classes."""
    rows: dict[str, Option] = {}
    for name in target_names():
        for row in find_target(name).options.rows():
            rows.setdefault(row.name, row)
    for row in rows.values():
        _declare_row(parser, row, f"option:{row.name}")


def _declare_row(parser: Parser, row: Option, destination: str) -> None:
    flags = f"{row.flag} --{row.alias}" if row.alias else row.flag
    text = describe(row) + (" @FILE or - reads it from a file or standard input." if row.secret else "")
    bare: dict[str, Any] = {"nargs": "?", "const": "true"} if row.type is bool else {}
    parser.option(
        flags,
        text,
        dest=destination,
        type=_reader(row),
        metavar=placeholder(row),
        heading=row.group,
        **bare,
    )


def _reader(row: Option) -> Callable[[str], Any]:
    return (lambda text: row.parse(secret(text))) if row.secret else row.parse


def target_options(args: argparse.Namespace) -> dict[str, Any]:
    """The options of targets that were given, by Python name."""
    return dict(given(args, "option:"))


def _options_of(kind: type[Options], args: argparse.Namespace) -> dict[str, Any]:
    """The options that were given, all of one target.

    Raises
    ------
    ConfigError : the target does not have one of them.
    """
    found, rows = target_options(args), {row.name: row for row in kind.rows()}
    if others := [name for name in found if name not in rows]:
        has = ", ".join(row.flag for row in rows.values())
        raise ConfigError(
            [f"the target '{kind.compute_type}' has no option '--{name.replace('_', '-')}'" for name in others],
            remedy=f"it has {has}",
        )
    return found


def deployment_config(workspace: Workspace, args: argparse.Namespace, described: Mapping[str, Any]) -> Options:
    """The target's options that were asked for, from the file and from the command line.

    Parameters
    ----------
    described : tags, properties and description, which the file does not hold.

    Raises
    ------
    ConfigError : keys or values that do not fit. UserError : there is no such target. ComputeNotFound : there is no such compute.
    """
    if args.compute_target is not None:
        find_compute(workspace.folder, args.compute_target)
        if args.compute_type is not None:
            raise ConfigError(
                ["--compute-target and --compute-type are both given; the compute's own kind is its type"]
            )
    file = DeploymentFile.read(args.deploy_config_file)
    kind, over = file.target(args.compute_target or args.compute_type, workspace)
    return file.options(kind, {**over, **_options_of(kind, args), **described})
