"""``%update_service``: change what serves, without a failed request."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from jupyter_deploy.magics.arguments import DRY_RUN, SERVICE, WAIT
from jupyter_deploy.magics.configuration import (
    DC,
    ENV,
    IC,
    SCRIPT,
    TRUST,
    given_options,
    inference_config,
    models_argument,
)
from jupyter_deploy.magics.magic import Call, Magic, user_names

if TYPE_CHECKING:
    from jupyter_deploy.sdk.previewing import Preview
    from jupyter_deploy.sdk.webservice import Webservice
    from jupyter_deploy.sdk.workspace import Workspace


def run(call: Call) -> Webservice | Preview:
    """Begin the update and show its card, or show what it would make."""
    from jupyter_deploy.sdk.previewing import preview_update

    given, service = call.given, call.service
    inference, names = inference_config(given), user_names(call.shell)
    changes = changes_of(given, service.view.record.target, service.workspace)
    if given.dry_run:
        return preview_update(service, given.models, inference, notebook_names=names, **changes)
    service.update(given.models, inference, notebook_names=names, **changes)
    return call.follow(service)


def changes_of(given: argparse.Namespace, target: str, workspace: Workspace) -> dict[str, Any]:
    """The options of a service on some target to change, by Python name: those of the file, then those on the line."""
    from jupyter_deploy.sdk.reading import DeploymentFile

    file = DeploymentFile.read(given.dc)
    kind = file.target(target, workspace).kind
    return {**file.options(kind, {}).given(), **given_options(given, kind)}


MAGIC = Magic(
    name="update_service",
    summary=(
        "Change a service without a failed request; what is not given stays as it is. Returns the Webservice at once,"
        " or, with --dry-run, the Preview."
    ),
    run=run,
    example="""
        %update_service diabetes-service --models diabetes:2
        %update_service diabetes-service --script score.py --replica-max-concurrent-requests 4 --wait
        %update_service diabetes-service --num-replicas 3 --dry-run
    """,
    arguments=(
        SERVICE,
        models_argument("The models to serve from now on.", required=False),
        SCRIPT,
        ENV,
        TRUST,
        IC,
        DC,
        DRY_RUN,
        WAIT,
    ),
    has_options=True,
)
