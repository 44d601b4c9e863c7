"""From what users type to what the engine takes: models by name, id or path; targets by their configuration."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.options import Options
from jupyter_deploy.errors import ModelNotFound, UserError
from jupyter_deploy.sdk.model import Model
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.workspace.records import ModelRecord

if TYPE_CHECKING:
    from jupyter_deploy.sdk.webservice import Webservice

LONGEST_NAME = 30  # of a model registered in passing, as in the original (azureml-v1 1.1)


def deploy(
    workspace: Workspace,
    name: str,
    models: Sequence[Model | str | Path],
    inference_config: InferenceConfig | None,
    deployment_config: Options | None = None,
    deployment_target: Any = None,
    overwrite: bool = False,
    notebook_names: Collection[str] = (),
) -> Webservice:
    """Begin a deployment; the service remembers the warnings and notes about its script in ``findings``."""
    from jupyter_deploy.config.names import check_service_name
    from jupyter_deploy.engine import changes
    from jupyter_deploy.sdk.webservice import Webservice

    check_service_name(name)
    if deployment_target is not None:
        raise UserError(
            "deployment_target names a compute, and no target of this release takes one",
            remedy="leave it out; the kind of deployment_config says where to deploy",
        )
    if inference_config is None:
        raise UserError(
            "inference_config is missing", remedy='give the entry script: InferenceConfig(entry_script="score.py")'
        )
    _check_kind("inference_config", inference_config, InferenceConfig, 'InferenceConfig(entry_script="score.py")')
    _check_kind("deployment_config", deployment_config, Options, "ProcessWebservice.deploy_configuration()")
    begun = changes.deploy(
        workspace.folder, name, records_of(workspace, models), inference_config, deployment_config or default_options(),
        overwrite=overwrite, notebook_names=notebook_names,
    )  # fmt: skip
    service = Webservice(workspace, name)
    service.begun = begun
    return service


def _check_kind(name: str, value: object, kind: type, example: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise UserError(f"{name} is {value!r}, which is none", remedy=f"give what {example} returns")


def default_options() -> Options:
    """What no configuration means, in every face: the embedded target with its defaults."""
    from jupyter_deploy.targets.process.options import ProcessOptions

    return ProcessOptions()


def records_of(workspace: Workspace, models: Sequence[Model | str | Path]) -> list[ModelRecord]:
    """Models by what users write: a Model, an id or name, or a local path (a text or a Path) that is registered first.

    Raises
    ------
    ModelNotFound : no such model and no such path. UserError : not a list.
    """
    if isinstance(models, (str, Path, Model)):
        raise UserError("models is a list", remedy=f"write models=[{models!r}]")
    return [model.record if isinstance(model, Model) else _record_of(workspace, str(model)) for model in models]


def _record_of(workspace: Workspace, wanted: str) -> ModelRecord:
    from jupyter_deploy.engine.models import find_model

    try:
        return find_model(workspace.folder, wanted)
    except (ModelNotFound, UserError):
        if not Path(wanted).exists():
            raise
    return Model.register(workspace, wanted, Path(wanted).name[:LONGEST_NAME]).record
