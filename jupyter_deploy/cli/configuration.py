"""Inference and deployment configuration from files and options; an option wins over the file."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_deploy.cli.arguments import Parser, given, secret
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.options import Option, Options
from jupyter_deploy.sdk.configuration import describe, placeholder
from jupyter_deploy.sdk.reading import DeploymentFile, read_inference
from jupyter_deploy.targets import find_target, target_names


def declare_inference(parser: Parser) -> None:
    """Declare what makes an InferenceConfig; the destinations hold the keys of the file."""
    heading = "Script and environment"
    parser.option(
        "--inference-config-file --ic -ic",
        "inferenceconfig.json, JSON or YAML; the options below win over it",
        metavar="FILE",
        heading=heading,
    )
    for key, flags, metavar, text in (
        ("entryScript", "--entry-script --es", "PATH", "the script with init() and run()"),
        ("sourceDirectory", "--source-directory --sd", "FOLDER", "deployed whole; other paths are relative to it"),
        ("runtime", "--runtime --rt", "NAME", "python, the default"),
        ("condaFile", "--conda-file --cf", "PATH", "packages and Python version, as a conda environment file"),
        ("pipRequirementsFile", "--pip-requirements-file", "PATH", "packages; by default those of this Python"),
        ("baseImage", "--base-image --bi", "IMAGE", "what an image begins with; by default Python's own"),
    ):
        parser.option(flags, text, dest=f"inference:{key}", metavar=metavar, heading=heading)
    parser.several(
        "--trust",
        "a source of packages beside the package index that you trust, as the refusal names it",
        metavar="SOURCE",
        heading=heading,
    )


def inference_config(args: argparse.Namespace) -> InferenceConfig | None:
    """The InferenceConfig that was asked for; None where nothing was said of it.

    Raises
    ------
    ConfigError, ScriptError : it does not fit.
    """
    return read_inference(args.inference_config_file, given(args, "inference:"), args.trust or ())


def declare_target_options(parser: Parser) -> None:
    """Declare the options of every target, from their option classes."""
    rows: dict[str, Option] = {}
    for name in target_names():
        for row in find_target(name).options.rows():
            rows.setdefault(row.name, row)
    for row in rows.values():
        _declare_row(parser, row)


def _declare_row(parser: Parser, row: Option) -> None:
    flags = f"{row.flag} --{row.alias}" if row.alias else row.flag
    text = describe(row) + (" @FILE or - reads it from a file or standard input." if row.secret else "")
    bare: dict[str, Any] = {"nargs": "?", "const": "true"} if row.type is bool else {}
    parser.option(
        flags,
        text,
        dest=f"option:{row.name}",
        type=_reader(row),
        metavar=placeholder(row),
        heading=row.group,
        **bare,
    )


def _reader(row: Option) -> Callable[[str], Any]:
    return (lambda text: row.parse(secret(text))) if row.secret else row.parse


def target_options(args: argparse.Namespace) -> dict[str, Any]:
    """The target's options that were given, by Python name."""
    return dict(given(args, "option:"))


def deployment_config(args: argparse.Namespace, described: Mapping[str, Any]) -> Options:
    """The target's options that were asked for, from the file and from the command line.

    Parameters
    ----------
    described : tags, properties and description, which the file does not hold.

    Raises
    ------
    ConfigError : keys or values that do not fit. UserError : there is no such target.
    """
    file = DeploymentFile.read(args.deploy_config_file)
    return file.options(file.target(args.compute_type), {**target_options(args), **described})
