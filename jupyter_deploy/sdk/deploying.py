"""From what users type to what the engine takes: models by name, id or path; targets by their configuration."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.options import Options
from jupyter_deploy.errors import ConfigError, ModelNotFound, UserError
from jupyter_deploy.sdk.model import Model
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.targets import find_target
from jupyter_deploy.workspace.records import ModelRecord

if TYPE_CHECKING:
    from jupyter_deploy.sdk.webservice import Webservice

_WRITTEN = "jupyter-deploy-"
"""What the name of the folder begins with in which a script is written for a model."""
LONGEST_NAME = 30  # of a model registered in passing, as in the original (azureml-v1 1.1)


def deploy(
    workspace: Workspace,
    name: str,
    models: Sequence[Any],
    inference_config: InferenceConfig | None,
    deployment_config: Options | None = None,
    deployment_target: Any = None,
    overwrite: bool = False,
    notebook_names: Collection[str] = (),
    say: Callable[[str], None] = print,
) -> Webservice:
    """Begin a deployment; the service remembers the warnings and notes about its script in ``findings``.

    Parameters
    ----------
    say : called with each line of progress, where packages are built in the call.
    """
    from jupyter_deploy.engine import changes
    from jupyter_deploy.sdk.webservice import Webservice

    options = configured(workspace, name, inference_config, deployment_config, deployment_target)
    require_list(models)
    records = records_of(workspace, models, name, overwrite)
    with nullcontext(inference_config) if inference_config else written_script(records) as inference:
        begun = changes.deploy(
            workspace.folder, name, records, inference, options,
            overwrite=overwrite, notebook_names=notebook_names, say=say,
        )  # fmt: skip
    service = Webservice(workspace, name)
    service.begun, service.inference_config = begun, inference_config
    return service


def configured(
    workspace: Workspace, name: str, inference_config: Any, deployment_config: Any, deployment_target: Any
) -> Options:
    """The options of a deployment, where what is given beside its models is of the right kind.

    Raises
    ------
    UserError : the name or a configuration is refused. ComputeNotFound : the compute is not attached.
    """
    from jupyter_deploy.config.names import check_service_name

    check_service_name(name)
    check_inference(inference_config)
    _check_kind("deployment_config", deployment_config, Options, "ProcessWebservice.deploy_configuration()")
    return on_compute(workspace, deployment_config, deployment_target)


def on_compute(workspace: Workspace, options: Options | None, compute: Any) -> Options:
    """The options of a deployment, on the compute that is named beside them or in them.

    Parameters
    ----------
    compute : a ComputeTarget, or its name; None where none is named beside the options.

    Raises
    ------
    ComputeNotFound : it is not attached. ConfigError : the options are for a target that needs no compute, or name another one.
    """
    from jupyter_deploy.engine.computes import find_compute

    if compute is None:
        return _attached(workspace, options or default_options())
    name = getattr(compute, "name", compute)
    record = find_compute(workspace.folder, name)
    chosen = options or find_target(record.kind).options()
    if "compute_target_name" not in {row.name for row in chosen.rows()}:
        raise ConfigError(
            [f"the compute '{name}' is a cluster, and the configuration is for the target '{chosen.compute_type}'"],
            remedy="use AksWebservice.deploy_configuration(), or leave the compute out",
        )
    given = getattr(chosen, "compute_target_name", None)
    if given not in (None, name):
        raise ConfigError([f"compute_target_name is '{given}', and '{name}' is given as well; give one of them"])
    return chosen.replaced({"compute_target_name": name})


def _attached(workspace: Workspace, options: Options) -> Options:
    """The same options, whose compute is attached, where they need one."""
    from jupyter_deploy.engine.computes import find_compute

    if "compute_target_name" not in {row.name for row in options.rows()}:
        return options
    name = getattr(options, "compute_target_name", None)
    if name is None:
        raise _without_compute([record.name for record in workspace.folder.computes.list()])
    find_compute(workspace.folder, name)
    return options


def _without_compute(known: Sequence[str]) -> ConfigError:
    what = "the service needs a cluster, and none is named"
    if known:
        named = f"name one: --target {known[0]}, --compute-target {known[0]}, deployment_target={known[0]!r}"
        return ConfigError([f"{what}; attached are {', '.join(known)}"], remedy=named)
    attach = "attach one first: ComputeTarget.attach, or jupyter ml computetarget attach kubernetes -n NAME"
    return ConfigError([f"{what}; none is attached to this workspace"], remedy=attach)


def require_list(models: Any) -> None:
    """Refuse one model where a list of them is wanted; UserError."""
    if not isinstance(models, (list, tuple)):
        raise UserError("models is a list", remedy=f"write models=[{models!r}]")


def check_inference(inference_config: Any) -> None:
    """Refuse what is no inference configuration; None is none, too."""
    _check_kind("inference_config", inference_config, InferenceConfig, 'InferenceConfig(entry_script="score.py")')


def _check_kind(name: str, value: object, kind: type, example: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise UserError(f"{name} is {value!r}, which is none", remedy=f"give what {example} returns")


def default_options() -> Options:
    """What no configuration means, in every face: the embedded target with its defaults."""
    from jupyter_deploy.targets.process.options import ProcessOptions

    return ProcessOptions()


@contextmanager
def written_script(models: Sequence[ModelRecord]) -> Iterator[InferenceConfig]:
    """An inference configuration with the script that is written for a model, for as long as the context lasts.

    Raises
    ------
    UserError : there is not exactly one model, or none can be written for it.
    """
    from jupyter_deploy.models.entry_script import write_script

    if len(models) != 1:
        raise UserError(
            f"inference_config is missing; a script is written for exactly one model, and there are {len(models)}",
            remedy='give the entry script: InferenceConfig(entry_script="score.py")',
        )
    text = write_script(models[0])
    with tempfile.TemporaryDirectory(prefix=_WRITTEN) as folder:
        script = Path(folder, "score.py")
        script.write_text(text, encoding="utf-8")
        yield InferenceConfig(str(script))


def was_written(script: str) -> bool:
    """Whether an entry script, by its recorded path, was one that :func:`written_script` made."""
    return Path(script).parent.name.startswith(_WRITTEN)


def _is_object(model: Any) -> bool:
    """Whether this is a trained object, and not one of the ways to name a model."""
    return not isinstance(model, (str, Path, Model))


def record_of_object(
    workspace: Workspace, value: Any, name: str, service: str, sample: Any = None, overwrite: bool = False
) -> ModelRecord:
    """Register a trained object for a service; the newest model of that name is taken where it is the same object.

    Parameters
    ----------
    name : of the model. sample : rows of its input, or None.

    Raises
    ------
    NameTaken : the service serves something else, and ``overwrite`` is off.
    """
    from jupyter_deploy.engine.changes import refuse_taken
    from jupyter_deploy.models.live import saved
    from jupyter_deploy.models.registry import is_registered, register
    from jupyter_deploy.models.samples import sample_document

    document = None if sample is None else sample_document(sample)
    newest = workspace.folder.models.get(name, None)
    with saved(value, sample) as live:
        if newest is not None and is_registered(newest, live.saved.path, document):
            return newest
        if not overwrite:
            refuse_taken(workspace.folder, service)
        return register(workspace.folder, path=live.saved.path, name=name, live=live, sample=document)


def records_of(
    workspace: Workspace, models: Sequence[Any], service: str = "", overwrite: bool = False
) -> list[ModelRecord]:
    """Models by what users write: a Model, an id or name, or a local path (a text or a Path) that is registered first.

    A trained object is registered too, under the name of the ``service`` that it is for.

    Raises
    ------
    ModelNotFound : no such model and no such path. UserError : not a list. NameTaken : as in :func:`record_of_object`.
    """
    require_list(models)
    if sum(map(_is_object, models)) > (1 if service else 0):
        raise UserError(
            "a trained object has no name of its own to be registered under",
            remedy="register it first: Model.register(ws, model=…, model_name=…)",
        )
    return [_record_of(workspace, model, service, overwrite) for model in models]


def _record_of(workspace: Workspace, wanted: Any, service: str, overwrite: bool) -> ModelRecord:
    from jupyter_deploy.engine.models import find_model

    if isinstance(wanted, Model):
        return wanted.record
    if _is_object(wanted):
        return record_of_object(workspace, wanted, service.removesuffix("-service"), service, overwrite=overwrite)
    try:
        return find_model(workspace.folder, str(wanted))
    except (ModelNotFound, UserError):
        if not Path(wanted).exists():
            raise
    return Model.register(workspace, wanted, Path(wanted).name[:LONGEST_NAME]).record
