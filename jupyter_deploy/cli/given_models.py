"""The models that a command is given: by id, name or path, or by a file that holds an id."""

from __future__ import annotations

import argparse
from pathlib import Path

from jupyter_deploy.cli.arguments import Parser
from jupyter_deploy.config.files import read_document
from jupyter_deploy.errors import ConfigError, UserError


def declare_models(parser: Parser) -> None:
    """Declare the options that name models."""
    parser.several(
        "-m --model",
        "a model's id (name:version), its name, or a path, which is registered first",
        default=[],
        metavar="MODEL",
    )
    parser.several(
        "-f --model-metadata-file",
        "a file that holds a model's id, as register -t writes it",
        default=[],
        metavar="FILE",
    )


def given_models(args: argparse.Namespace) -> list[str]:
    """The models that were named.

    Raises
    ------
    UserError : none was. ConfigError : a file does not hold an id.
    """
    models = [*args.model, *map(_model_of, args.model_metadata_file)]
    if not models:
        raise UserError(
            "no model is given", remedy="name one or more with -m (id, name or path), or with -f (metadata file)"
        )
    return models


def _model_of(file: str) -> str:
    document = read_document(file, "model metadata file")
    found = document.get("modelId")
    if not isinstance(found, str):
        raise ConfigError(
            ["modelId is missing" if found is None else f"modelId is {found!r}; it takes a text"], Path(file).name
        )
    return found
