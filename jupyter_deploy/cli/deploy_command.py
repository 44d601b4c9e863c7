"""``jupyter ml model deploy``: from models, script and options to a live service."""

from __future__ import annotations

import argparse
from typing import Any

from jupyter_deploy.cli.arguments import Parser, mapping, pair
from jupyter_deploy.cli.command import Command
from jupyter_deploy.cli.configuration import (
    declare_dry_run,
    declare_inference,
    declare_target_options,
    deployment_config,
    inference_config,
)
from jupyter_deploy.cli.given_models import declare_models, given_models
from jupyter_deploy.cli.output import preview_document, service_document
from jupyter_deploy.cli.waiting import carry_out
from jupyter_deploy.config.names import default_service_name
from jupyter_deploy.sdk.model import Model
from jupyter_deploy.sdk.previewing import preview_deployment
from jupyter_deploy.sdk.workspace import Workspace


def _declare(parser: Parser) -> None:
    parser.option("-n --name", "the service's name; by default <model>-service")
    declare_models(parser)
    parser.option("--overwrite", "update the service where the name is taken by other content", action="store_true")
    parser.option("--no-wait", "return as soon as the deployment has begun", action="store_true")
    declare_dry_run(parser)
    parser.several("--tag", "can be changed later", type=pair, metavar="KEY=VALUE")
    parser.several("--property", "stays as it is", type=pair, metavar="KEY=VALUE")
    parser.option("--description", "free text")
    declare_inference(parser)
    heading = "Target"
    parser.option(
        "--deploy-config-file --dc -dc",
        "deploymentconfig.json, JSON or YAML; options win over it",
        metavar="FILE",
        heading=heading,
    )
    parser.option(
        "--compute-type --cp",
        "the target; by default the file's computeType, else process",
        metavar="TARGET",
        heading=heading,
    )
    parser.option("--compute-target --ct -ct", "the attached compute to deploy to", metavar="NAME", heading=heading)
    declare_target_options(parser)


def _deploy(workspace: Workspace, args: argparse.Namespace) -> Any:
    models = given_models(args)
    inference = inference_config(workspace, args)
    described = {"tags": mapping(args.tag), "properties": mapping(args.property), "description": args.description}
    options = deployment_config(workspace, args, described)
    name = args.name or default_service_name(models[0])
    if args.dry_run:
        return preview_document(
            preview_deployment(workspace, name, models, inference, options, overwrite=args.overwrite)
        )
    service = carry_out(
        workspace,
        name,
        lambda: Model.deploy(workspace, name, models, inference, options, overwrite=args.overwrite),
        wait=not args.no_wait,
    )
    return service_document(service, args.verbose)


DEPLOY = Command(
    "deploy", "Deploy models as a web service, and wait until it is live.",
    "jupyter ml model deploy -n diabetes-service -m diabetes:1 --es score.py", _declare, _deploy,
)  # fmt: skip
