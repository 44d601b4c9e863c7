"""Model: one or more files under a name and a version, in the names of the Azure ML SDK v1 (azureml-v1 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.options import Options
from jupyter_deploy.config.texts import check_texts
from jupyter_deploy.sdk.display import PAGE, Table, html_facts, human_size, progress_printer
from jupyter_deploy.sdk.lookup import Filter, check_page, filters, look_up
from jupyter_deploy.sdk.registering import register
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.workspace.records import ModelRecord

if TYPE_CHECKING:
    from jupyter_deploy.sdk.package import ModelPackage
    from jupyter_deploy.sdk.webservice import Webservice


class Model:
    """A registered model; making one looks it up (azureml-v1 1.3).

    Parameters
    ----------
    workspace : where to look.
    name : its name; the newest version that fits is taken.
    id : "name:version"; wins over the other parameters.
    tags, properties : ``["key"]`` or ``[["key", "value"]]``; all of them have to fit.
    version : None or 0 is the newest. run_id, model_framework : further filters.

    Raises
    ------
    ModelNotFound : nothing fits; the text begins with that token.

    Examples
    --------
    >>> Model(ws, "diabetes").version  # doctest: +SKIP
    2
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  (the original's name)
        tags: Filter | None = None,
        properties: Filter | None = None,
        version: int | None = None,
        run_id: str | None = None,
        model_framework: str | None = None,
    ) -> None:
        self.workspace = workspace
        self._record = look_up(workspace, name, id, tags, properties, version, run_id, model_framework)

    @classmethod
    def _of(cls, workspace: Workspace, record: ModelRecord) -> Model:
        model = cls.__new__(cls)
        model.workspace, model._record = workspace, record
        return model

    @classmethod
    def register(
        cls,
        workspace: Workspace,
        model_path: str | Path | None = None,
        model_name: str = "",
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Sequence[str] | None = None,
        resource_configuration: Mapping[str, float] | None = None,
        trust: Sequence[str] = (),
        run_id: str | None = None,
        experiment_name: str | None = None,
        *,
        model: Any = None,
        sample_input: Any = None,
    ) -> Model:
        """Register a file, a folder or an object of this kernel as the next version of a model (azureml-v1 1.1).

        Parameters
        ----------
        model_path : the file or folder. model_name : the name; registering it again makes version + 1.
        tags : can be changed later. properties : stay as they are. description : free text.
        model_framework, model_framework_version : read from the files where they are not given.
        child_paths : only these files of a folder. resource_configuration : ``{"cpu", "memoryInGB", "gpu"}``.
        trust : names that the model's pickle uses and that you trust, beyond the package's list.
        run_id, experiment_name : where it was trained.
        model : a trained object instead of ``model_path``; saved as its framework does it best, and trusted as your own.
        sample_input : rows of its input (a DataFrame, an array, a list, a .csv or .json file); the first are kept with the model.

        Raises
        ------
        UserError : a path, name or value is refused, or the object cannot be saved.
        Untrusted : a pickle names something outside the allow-list.
        """
        from jupyter_deploy.config.names import check_model_name

        check_model_name(model_name)
        print(f"Registering model {model_name}")  # noqa: T201  (as the original does)
        record = register(
            workspace.folder, model_name, model_path=model_path, model=model, sample_input=sample_input,
            progress=progress_printer(), tags=tags, properties=properties, description=description or "",
            framework=model_framework, framework_version=model_framework_version, child_paths=child_paths, trust=trust,
            run_id=run_id, experiment_name=experiment_name, resource_configuration=resource_configuration,
        )  # fmt: skip
        return cls._of(workspace, record)

    @classmethod
    def list(
        cls,
        workspace: Workspace,
        name: str | None = None,
        tags: Filter | None = None,
        properties: Filter | None = None,
        run_id: str | None = None,
        latest: bool = False,
        page_count: int = PAGE,
        model_framework: str | None = None,
        *,
        limit: int | None = None,
    ) -> Table[Model]:
        """List models, newest first (azureml-v1 1.3).

        Parameters
        ----------
        name, tags, properties, run_id, model_framework : only models that fit; ``["key"]`` or ``[["key", "value"]]``.
        latest : only the newest version of each name.
        page_count : how many the list shows of itself, 20 to 255. limit : read only so many; ``total`` still counts all.

        Raises
        ------
        UserError : a filter, page_count or limit is not acceptable.

        Examples
        --------
        >>> Model.list(ws, latest=True, limit=50)  # doctest: +SKIP
        """
        check_page(page_count, limit)
        records = workspace.folder.models
        wanted: dict[str, Any] = {
            "name": name, "tags": filters(tags), "properties": filters(properties), "run_id": run_id,
            "framework": model_framework, "latest": latest,
        }  # fmt: skip
        found = [cls._of(workspace, record) for record in records.list(**wanted, limit=limit)]
        total = records.count(**wanted) if len(found) == limit else None
        empty = "no models yet; register one first"
        return Table(found, empty, page=page_count, total=total, rest="without a limit all are listed")

    @staticmethod
    def deploy(
        workspace: Workspace,
        name: str,
        models: Sequence[Any],
        inference_config: InferenceConfig | None = None,
        deployment_config: Options | None = None,
        deployment_target: Any = None,
        overwrite: bool = False,
        show_output: bool = False,
    ) -> Webservice:
        """Deploy models as a web service; returns at once, ``service.wait_for_deployment()`` waits (azureml-v1 1.5).

        Parameters
        ----------
        models : models, ids ("name:version"), names, or local paths or one trained object, which are registered first.
        inference_config : the entry script and its environment; without it a script is written for the one model.
        deployment_config : the target's options; None is ``process`` with defaults.
        deployment_target : the cluster to deploy to: a ComputeTarget, or its name.
        overwrite : update the service where the name is taken by other content. show_output : wait, printing the steps.

        Raises
        ------
        UserError : a name, script or option is refused, before anything is built.
        """
        from jupyter_deploy.sdk.deploying import deploy

        service = deploy(workspace, name, models, inference_config, deployment_config, deployment_target, overwrite)
        if show_output:
            service.wait_for_deployment(show_output=True)
        return service

    @staticmethod
    def package(
        workspace: Workspace,
        models: Sequence[Any],
        inference_config: InferenceConfig | None = None,
        generate_dockerfile: bool = False,
        image_name: str | None = None,
        image_label: str | None = None,
        *,
        image_registry: str | None = None,
        registry_credentials: str | None = None,
        allowed_hosts: Sequence[str] = (),
        show_output: bool = False,
    ) -> ModelPackage:
        """Build a Docker image that serves models, or write its Dockerfile; returns when it is done (azureml-v1 1.5).

        Parameters
        ----------
        models, inference_config : as for :meth:`deploy`; with ``base_image`` where Python's own cannot be pulled.
        generate_dockerfile : build nothing; ``save(output_directory)`` writes the Dockerfile with all that it copies.
        image_name, image_label : what the image is called; by its model and its content where they are not given.
        image_registry : where to push it: "127.0.0.1:5000", "registry.example.com/team"; None keeps it on this machine's engine.
        registry_credentials : name of the environment variable that holds ``user:password``; None takes those of 'docker login'.
        allowed_hosts : Host names that it answers to where it runs, besides 127.0.0.1, localhost and [::1].
        show_output : print the log as it comes.

        Raises
        ------
        UserError : a name, setting or script is refused, before anything is built. EnvironmentFailed : the packages cannot be had.
        TargetError : the Docker Engine or the registry could not do it.
        """
        from jupyter_deploy.sdk.package import naming, package

        names = naming(image_name, image_label, image_registry, registry_credentials)
        return package(workspace, models, inference_config, generate_dockerfile, names, allowed_hosts, show_output)

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: Workspace | None = None) -> str:
        """The path of a model's file, or of its folder, in a notebook and in a service alike (azureml-v1 1.4).

        Raises
        ------
        ModelNotFound : neither the models of this service or folder nor the workspace has it.
        """
        from jupyter_deploy.models import get_model_path

        return str(get_model_path(model_name, version, _workspace.folder if _workspace else None))

    # ------------------------------------------------------------------ what it is

    @property
    def record(self) -> ModelRecord:
        """The plain record behind it."""
        return self._record

    @property
    def name(self) -> str:
        """The registered name."""
        return self._record.name

    @property
    def version(self) -> int:
        """The version, from 1."""
        return self._record.version

    @property
    def id(self) -> str:
        """``name:version``."""
        return self._record.id

    @property
    def created_time(self) -> datetime:
        """When it was registered, UTC."""
        return self._record.created_time

    @property
    def created_by(self) -> str:
        """Who registered it."""
        return self._record.created_by

    @property
    def description(self) -> str:
        """Free text."""
        return self._record.description

    @property
    def tags(self) -> dict[str, str]:
        """Key-value pairs that can be changed."""
        return dict(self._record.tags)

    @property
    def properties(self) -> dict[str, str]:
        """Key-value pairs that stay as they are."""
        return dict(self._record.properties)

    @property
    def model_framework(self) -> str | None:
        """What made it, as given or read from its files."""
        return self._record.framework

    @property
    def model_framework_version(self) -> str | None:
        """The version of what made it."""
        return self._record.framework_version

    @property
    def run_id(self) -> str | None:
        """The run that trained it, where given."""
        return self._record.run_id

    @property
    def experiment_name(self) -> str | None:
        """The experiment of that run, where given."""
        return self._record.experiment_name

    @property
    def sample_input(self) -> Mapping[str, Any] | None:
        """The first rows of an input with their types, where a sample was given."""
        return self._record.sample

    @property
    def resource_configuration(self) -> Mapping[str, float] | None:
        """Default resources, where given."""
        return self._record.resource_configuration

    # ------------------------------------------------------------------ what can be done with it

    def update(self, tags: Mapping[str, str] | None = None, description: str | None = None) -> None:
        """Replace all tags, or the description."""
        records = self.workspace.folder.models
        changed = None if tags is None else check_texts("tags", tags)
        self._record = records.change(self.name, self.version, tags=changed, description=description)

    def add_tags(self, tags: Mapping[str, str]) -> None:
        """Add tags; one that is there is replaced, which is said."""
        for key in tags.keys() & self.tags.keys():
            print(f"Replacing tag {key} -> {self.tags[key]} with {key} -> {tags[key]}")  # noqa: T201  (as the original does)
        self.update(tags={**self.tags, **tags})

    def remove_tags(self, tags: str | Sequence[str]) -> None:
        """Remove tags; one that is not there is said, and is no error."""
        gone = [tags] if isinstance(tags, str) else list(tags)
        for key in [key for key in gone if key not in self.tags]:
            print(f"There is no tag {key}")  # noqa: T201  (as the original does)
        self.update(tags={key: value for key, value in self.tags.items() if key not in gone})

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Add properties; Conflict where one is set already."""
        self._record = self.workspace.folder.models.add_properties(self.name, self.version, properties)

    def download(self, target_dir: str | Path = ".", exist_ok: bool = False) -> str:
        """Copy the model's files into a folder.

        Returns
        -------
        str : the path of the file or folder.
        """
        from jupyter_deploy.models import download

        return str(download(self.workspace.folder, self._record, Path(target_dir), exist_ok=exist_ok))

    def entry_script(self) -> str:
        """The text of the entry script with which this model is deployed where none is given; write it to a file to change it.

        Raises
        ------
        UserError : no script can be written for this kind of model.
        """
        from jupyter_deploy.models.entry_script import write_script

        return write_script(self._record)

    def delete(self) -> None:
        """Delete this version; its number is never used again.

        Raises
        ------
        InUse : services need it; they are named.
        """
        from jupyter_deploy.engine.models import delete_model

        delete_model(self.workspace.folder, self._record)

    def serialize(self) -> dict[str, Any]:
        """The model as a JSON document, in the original's keys (azureml-v1 1.2)."""
        from jupyter_deploy.sdk.model_document import document

        return document(self._record)

    def row(self) -> dict[str, Any]:
        """The model as one row of a table."""
        framework = " ".join(filter(None, (self.model_framework, self.model_framework_version)))
        return {
            "name": self.name, "version": self.version, "framework": framework, "size": human_size(self._record.size),
            "created": self.created_time.astimezone().strftime("%Y-%m-%d %H:%M"), "tags": self.tags,
        }  # fmt: skip

    def __repr__(self) -> str:
        return (
            f"Model(workspace={self.workspace!r}, name={self.name!r}, id={self.id!r}, version={self.version},"
            f" tags={self.tags}, properties={self.properties})"
        )

    def _repr_html_(self) -> str:
        facts = {**self.row(), "description": self.description, "properties": self.properties}
        return html_facts(
            f"Model {self.id}", {key: value for key, value in facts.items() if key not in ("name", "version")}
        )
