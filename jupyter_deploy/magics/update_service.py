"""``%update_service``: change what serves, without a failed request."""

from __future__ import annotations

import argparse
from typing import Any

from IPython.core.error import UsageError

from jupyter_deploy.magics.arguments import SERVICE, WAIT
from jupyter_deploy.magics.configuration import (
    DC,
    ENV,
    IC,
    SCRIPT,
    compute_type,
    given_options,
    inference_config,
    models_argument,
    read_deployment_file,
)
from jupyter_deploy.magics.magic import Call, Magic, user_names
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.targets import find_target


def run(call: Call) -> Webservice:
    """Begin the update and show its card."""
    given, service = call.given, call.service
    service.update(
        models=given.models,
        inference_config=inference_config(given),
        notebook_names=user_names(call.shell),
        **changes_of(given, service.view.record.target),
    )
    return call.follow(service)


def changes_of(given: argparse.Namespace, target: str) -> dict[str, Any]:
    """The options to change, by Python name: those of the file, then those on the line."""
    document = read_deployment_file(given)
    in_file = compute_type(document)
    if in_file and in_file.lower() != target:
        raise UsageError(
            f"%update_service: {given.dc} is for the target '{in_file}', and {given.name} runs on '{target}'"
        )
    options = find_target(target).options
    from_file = options.from_json(document, given.dc).given() if document else {}
    return {**from_file, **given_options(given, options)}


MAGIC = Magic(
    name="update_service",
    summary="Change a service without a failed request; what is not given stays as it is. Returns the Webservice at once.",
    run=run,
    example="""
        %update_service diabetes-service --models diabetes:2
        %update_service diabetes-service --script score.py --replica-max-concurrent-requests 4 --wait
    """,
    arguments=(SERVICE, models_argument("The models to serve from now on.", required=False), SCRIPT, ENV, IC, DC, WAIT),
    has_options=True,
)
