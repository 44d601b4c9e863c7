"""``%deploy``: models and a script become a web service."""

from __future__ import annotations

import argparse

from IPython.core.error import UsageError

from jupyter_deploy.config.options import Options
from jupyter_deploy.magics.arguments import WAIT, Argument
from jupyter_deploy.magics.configuration import (
    DC,
    ENV,
    IC,
    SCRIPT,
    given_options,
    inference_config,
    models_argument,
)
from jupyter_deploy.magics.magic import Call, Magic, user_names
from jupyter_deploy.sdk.webservice import Webservice


def run(call: Call) -> Webservice:
    """Begin the deployment and show its card."""
    from jupyter_deploy.sdk.deploying import deploy

    given = call.given
    inference = inference_config(given)
    if inference is None:
        raise UsageError("%deploy: give the entry script with --script (or --ic); see %deploy?")
    service = deploy(
        call.workspace, given.name, given.models, inference, options_of(given), overwrite=given.overwrite,
        notebook_names=user_names(call.shell),
    )  # fmt: skip
    return call.follow(service)


def options_of(given: argparse.Namespace) -> Options:
    """The options of the target: those of the file, then those on the line."""
    from jupyter_deploy.sdk.reading import DeploymentFile

    file = DeploymentFile.read(given.dc)
    kind = file.target(given.target)
    return file.options(kind, given_options(given, kind))


MAGIC = Magic(
    name="deploy",
    summary=(
        "Deploy models as a web service. Returns the Webservice at once, while its card shows how the deployment goes on;"
        " it goes on whatever becomes of the kernel."
    ),
    run=run,
    example="""
        %deploy diabetes-service --models diabetes --script score.py
        %deploy diabetes-service --models diabetes:2 --script score.py --env requirements.txt --memory-gb 2 --overwrite --wait
    """,
    arguments=(
        Argument(
            "name", "The service's name: 3 to 32 lower-case letters, digits and '-'.",
            shown="NAME", takes="service", required=True,
        ),
        models_argument(
            "The models, by name (the newest version) or name:version, or as paths, which are registered first.",
            required=True,
        ),
        SCRIPT,
        ENV,
        IC,
        DC,
        Argument("target", "Where to deploy; process, this machine, when it is not given.", ("--target",), "TARGET", "target"),
        Argument("overwrite", "Update the service where the name is taken by other content.", ("--overwrite",)),
        WAIT,
    ),
    has_options=True,
)  # fmt: skip
