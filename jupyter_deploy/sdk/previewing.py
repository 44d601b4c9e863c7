"""A look at what a deployment or an update would put on a cluster, before it is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.options import Options
from jupyter_deploy.engine import preview
from jupyter_deploy.engine.models import find_model
from jupyter_deploy.engine.requesting import Content
from jupyter_deploy.errors import ModelNotFound, UserError
from jupyter_deploy.script import Finding
from jupyter_deploy.sdk.deploying import configured, require_list, written_script
from jupyter_deploy.sdk.model import Model
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.workspace.records import ModelRecord

if TYPE_CHECKING:
    from jupyter_deploy.sdk.webservice import Webservice


@dataclass(frozen=True)
class Preview:
    """What a deployment would make; nothing of it was made.

    Parameters
    ----------
    manifests : its objects as YAML, without secrets.
    difference : what would change of those that run, as a unified diff, or that there is nothing to compare, or nothing to change.
    findings : warnings and notes about the entry script.
    """

    manifests: str
    difference: str
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, found: preview.Previewed) -> Preview:
        """Say what was found."""
        difference = "nothing would change" if not found.preview.diff else found.preview.diff
        if found.preview.is_first:
            difference = "nothing of it is there yet"
        return cls(found.preview.manifests, difference, found.findings)

    def __str__(self) -> str:
        remarks = "".join(f"\n{finding}" for finding in self.findings)
        return f"{self.manifests}\n{self.difference}{remarks}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        remarks = "".join(f"<p>{escape(str(finding))}</p>" for finding in self.findings)
        return f"<pre>{escape(self.manifests)}</pre><pre>{escape(self.difference)}</pre>{remarks}"


def preview_deployment(
    workspace: Workspace,
    name: str,
    models: Sequence[Any],
    inference_config: InferenceConfig | None = None,
    deployment_config: Options | None = None,
    deployment_target: Any = None,
    overwrite: bool = False,
    *,
    notebook_names: Collection[str] = (),
    say: Callable[[str], None] = print,
) -> Preview:
    """Look at what ``Model.deploy`` would make; nothing is recorded, built or changed.

    Parameters
    ----------
    workspace, name, inference_config, deployment_config, deployment_target, overwrite : as of ``Model.deploy``.
    models : registered ones. notebook_names : names of the notebook, one of which a script may need.
    say : called with each line of progress, where packages are built in the call.

    Raises
    ------
    UserError : the deployment would be refused; its target makes no objects. TargetError : the cluster would refuse it.
    """
    options = configured(workspace, name, inference_config, deployment_config, deployment_target)
    records = registered(workspace, models)
    with nullcontext(inference_config) if inference_config else written_script(records) as inference:
        content = Content(records, inference, notebook_names, say)
        return Preview.of(preview.preview_deployment(workspace.folder, name, content, options, overwrite=overwrite))


def preview_update(
    service: Webservice,
    models: Sequence[Any] | None = None,
    inference_config: InferenceConfig | None = None,
    *,
    notebook_names: Collection[str] = (),
    say: Callable[[str], None] = print,
    **options: Any,
) -> Preview:
    """Look at what ``service.update`` would make; parameters as of it, errors as of :func:`preview_deployment`."""
    records = None if models is None else registered(service.workspace, models)
    content = Content(records, inference_config, notebook_names, say)
    return Preview.of(preview.preview_update(service.workspace.folder, service.name, content, options))


def registered(workspace: Workspace, models: Sequence[Any]) -> list[ModelRecord]:
    """Models that are registered already, by what users write.

    Raises
    ------
    UserError : one would have to be registered first. ModelNotFound : there is no such model.
    """
    require_list(models)
    return [_registered(workspace, model) for model in models]


def _registered(workspace: Workspace, wanted: Any) -> ModelRecord:
    if isinstance(wanted, Model):
        return wanted.record
    try:
        if isinstance(wanted, (str, Path)):
            return find_model(workspace.folder, str(wanted))
    except (ModelNotFound, UserError):
        if not Path(wanted).exists():
            raise
    raise UserError(
        f"{wanted!r} is no registered model, and a dry run registers nothing",
        remedy="register it first (%register_model, Model.register), and give its name",
    )
