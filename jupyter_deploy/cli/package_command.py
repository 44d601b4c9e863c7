"""``jupyter ml model package``: models and a script as an image, in a registry where one is named, or as a Dockerfile."""

from __future__ import annotations

import argparse
from typing import Any

from jupyter_deploy.cli.arguments import Parser
from jupyter_deploy.cli.command import Command
from jupyter_deploy.cli.configuration import declare_inference, inference_config
from jupyter_deploy.cli.given_models import declare_models, given_models
from jupyter_deploy.cli.output import complain
from jupyter_deploy.sdk.model import Model
from jupyter_deploy.sdk.workspace import Workspace


def _declare(parser: Parser) -> None:
    declare_models(parser)
    parser.option(
        "--output-path",
        "write the Dockerfile with all that it copies into this folder, and build nothing",
        metavar="FOLDER",
    )
    heading = "Image"
    parser.option("--image-name --in", "its name; by default its model's", metavar="NAME", heading=heading)
    parser.option(
        "--image-label --il", "its label (Docker's tag); by default of its content", metavar="LABEL", heading=heading
    )
    parser.option(
        "--image-registry",
        "where to push it: 127.0.0.1:5000, registry.example.com/team; by default it stays on this machine's engine",
        metavar="ADDRESS",
        heading=heading,
    )
    parser.option(
        "--registry-credentials",
        "the environment variable that holds user:password; by default those of 'docker login'",
        metavar="VARIABLE",
        heading=heading,
    )
    parser.several(
        "--allowed-host",
        "a Host name that the image answers to where it runs, besides 127.0.0.1, localhost and [::1]",
        default=[],
        metavar="NAME",
        heading=heading,
    )
    declare_inference(parser)


def _package(workspace: Workspace, args: argparse.Namespace) -> Any:
    package = Model.package(
        workspace,
        given_models(args),
        inference_config(workspace, args),
        args.output_path is not None,
        args.image_name,
        args.image_label,
        image_registry=args.image_registry,
        registry_credentials=args.registry_credentials,
        allowed_hosts=args.allowed_host,
        show_output=True,
    )
    if package.findings:
        complain(*package.findings)
    if args.output_path is not None:
        package.save(args.output_path)
    return package.serialize()


PACKAGE = Command(
    "package", "Build a Docker image that serves models, or write its Dockerfile.",
    "jupyter ml model package -m diabetes:1 --es score.py --il v1", _declare, _package,
)  # fmt: skip
