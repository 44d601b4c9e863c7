"""``%deploy``: models and a script, or a trained object alone, become a web service."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from jupyter_deploy.config.options import Options
from jupyter_deploy.magics.arguments import DRY_RUN, WAIT, Argument
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
from jupyter_deploy.magics.magic import Call, Magic, show_lines, user_names

if TYPE_CHECKING:
    from jupyter_deploy.config.inference import InferenceConfig
    from jupyter_deploy.sdk.model import Model
    from jupyter_deploy.sdk.previewing import Preview
    from jupyter_deploy.sdk.webservice import Webservice
    from jupyter_deploy.sdk.workspace import Workspace
    from jupyter_deploy.widgets import DeployForm


def run(call: Call) -> Webservice | Preview:
    """Begin the deployment and show its card, or show what it would make."""
    from jupyter_deploy.sdk.deploying import deploy

    given, workspace = call.given, call.workspace
    inference, options = inference_config(given), options_of(given, workspace)
    if given.models and (given.service_name or given.sample):
        raise UsageError("%deploy: --name and --sample are for a variable; with --models the service is named first")
    if given.dry_run:
        return _preview(call, workspace, inference, options)
    name, models = (given.name, given.models) if given.models else _of_variable(call, workspace)
    if inference is None:
        models = _with_script(workspace, models)
    service = deploy(
        workspace, name, models, inference, options, overwrite=given.overwrite, notebook_names=user_names(call.shell)
    )
    return call.follow(service)


def _preview(call: Call, workspace: Workspace, inference: InferenceConfig | None, options: Options) -> Preview:
    from jupyter_deploy.sdk.previewing import preview_deployment

    given = call.given
    if not given.models:
        raise UsageError("%deploy: a dry run registers no object; give registered models with --models")
    return preview_deployment(
        workspace, given.name, given.models, inference, options,
        overwrite=given.overwrite, notebook_names=user_names(call.shell),
    )  # fmt: skip


def _of_variable(call: Call, workspace: Workspace) -> tuple[str, list[Model]]:
    """The service's name and the model for a variable that holds a trained object, which is registered, or a Model."""
    from jupyter_deploy.config.names import check_service_name, default_service_name
    from jupyter_deploy.sdk.deploying import record_of_object
    from jupyter_deploy.sdk.model import Model

    given, variable = call.given, call.given.name
    if variable not in call.shell.user_ns:
        raise UsageError(
            f"%deploy: give the models of '{variable}' with --models, or the name of a variable that holds a trained object;"
            " see %deploy?"
        )
    name = check_service_name(given.service_name or default_service_name(variable))
    value = call.shell.user_ns[variable]
    if isinstance(value, Model):
        return name, [value]
    sample = call.shell.user_ns.get(given.sample, given.sample)
    plain = variable.strip("_") or "model"
    record = record_of_object(workspace, value, plain, name, sample, given.overwrite)
    return name, [Model(workspace, id=record.id)]


def _with_script(workspace: Workspace, models: Sequence[Model | str]) -> list[Model]:
    """Show the script that is written for a model, and return the model."""
    from jupyter_deploy.sdk.deploying import records_of
    from jupyter_deploy.sdk.model import Model

    found = [Model(workspace, id=record.id) for record in records_of(workspace, models)]
    if len(found) != 1:
        raise UsageError("%deploy: a script is written for one model; give the entry script for more with --script")
    show_lines(
        f"# score.py, written for {found[0].id}; to change it, begin a cell with %%score_script score.py",
        found[0].entry_script(),
    )
    return found


def options_of(given: argparse.Namespace, workspace: Workspace) -> Options:
    """The options of the target: those of the file, then those on the line."""
    from jupyter_deploy.sdk.reading import DeploymentFile

    file = DeploymentFile.read(given.dc)
    kind, over = file.target(given.target, workspace)
    return file.options(kind, {**over, **given_options(given, kind)})


def form(call: Call) -> DeployForm:  # noqa: ARG001 - a magic's form
    """The form, in which everything is chosen and typed."""
    from jupyter_deploy.widgets import DeployForm

    return DeployForm()


MAGIC = Magic(
    name="deploy",
    summary=(
        "Deploy models as a web service; without --script one is written for the model and shown."
        " Returns the Webservice at once, while its card shows how the deployment goes on;"
        " it goes on whatever becomes of the kernel. With --dry-run it returns the Preview."
    ),
    run=run,
    example="""
        %deploy ridge --sample X_train
        %deploy diabetes-service --models diabetes --script score.py
        %deploy diabetes-service --models diabetes:2 --script score.py --env requirements.txt --memory-gb 2 --overwrite --wait
    """,
    arguments=(
        Argument(
            "name", "The service's name: 3 to 32 lower-case letters, digits and '-'. Without --models a variable that holds a"
            " trained object, which is registered, or a Model.", shown="NAME|VARIABLE", takes="service or variable", required=True,
        ),
        models_argument(
            "The models, by name (the newest version) or name:version, or as paths, which are registered first.",
            required=False,
        ),
        Argument(
            "service_name", "The service's name where a variable is deployed; VARIABLE-service when it is not given.",
            ("--name",), "NAME", "service",
        ),
        Argument(
            "sample", "Rows of the input of the object that is deployed, in a variable or in a .csv or .json file; they describe"
            " the input.", ("--sample",), "VARIABLE|FILE", "file or variable",
        ),
        SCRIPT,
        ENV,
        TRUST,
        IC,
        DC,
        Argument(
            "target", "Where to deploy: a target, or a compute that is attached; process, this machine, when it is not given.",
            ("--target",), "TARGET|COMPUTE", "target",
        ),
        Argument("overwrite", "Update the service where the name is taken by other content.", ("--overwrite",)),
        DRY_RUN,
        WAIT,
    ),
    has_options=True,
    form=form,
)  # fmt: skip
