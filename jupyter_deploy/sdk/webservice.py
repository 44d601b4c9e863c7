"""Webservice: a running bundle with a URL, in the names of the Azure ML SDK v1 (azureml-v1 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.engine import changes, collected, keys, logs, services, tokens
from jupyter_deploy.engine.services import ServiceView
from jupyter_deploy.errors import NotFound, UserError
from jupyter_deploy.script import Finding
from jupyter_deploy.sdk import descriptions, scoring_client
from jupyter_deploy.sdk.deploying import records_of
from jupyter_deploy.sdk.display import Table, html_facts
from jupyter_deploy.sdk.history import Version
from jupyter_deploy.sdk.listing import ServiceTable
from jupyter_deploy.sdk.lookup import Filter, filters
from jupyter_deploy.sdk.model import Model
from jupyter_deploy.sdk.operation import Operation
from jupyter_deploy.sdk.packages import Package, packages_of
from jupyter_deploy.sdk.traffic import TrafficVerbs
from jupyter_deploy.sdk.waiting import wait_for
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.targets.base import State
from jupyter_deploy.workspace.records import ServiceRecord

if TYPE_CHECKING:
    import pandas


class Webservice(TrafficVerbs):
    """A service; making one looks it up and gives the class of its target.

    Every property asks anew; nothing is remembered that could be out of date.

    Parameters
    ----------
    workspace : where to look. name : the service's name.

    Attributes
    ----------
    begun : what the last call through this handle set going; None for one that only looked it up.
    inference_config : the last one that it was deployed or updated with through this handle.

    Raises
    ------
    ServiceNotFound : there is none; the text begins with ``WebserviceNotFound``.
    """

    compute_type: ClassVar[str] = ""
    _kinds: ClassVar[dict[str, type[Webservice]]] = {}

    def __init_subclass__(cls) -> None:
        """Make the class known for services of its target."""
        Webservice._kinds[cls.compute_type.lower()] = cls

    def __new__(cls, workspace: Workspace, name: str) -> Webservice:
        """Take the class of the service's target."""
        view = services.find_service(workspace.folder, name)
        return super().__new__(cls.kind_of(view.record.target))

    @classmethod
    def kind_of(cls, target: str) -> type[Webservice]:
        """The class of a target's services; this one where it has none of its own."""
        from jupyter_deploy.sdk import kinds  # noqa: F401 - makes the classes known

        return cls._kinds.get(target, Webservice)

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace = workspace
        self.name = name
        self.begun: changes.Begun | None = None
        self.inference_config: InferenceConfig | None = None

    @classmethod
    def list(
        cls,
        workspace: Workspace,
        compute_type: str | None = None,
        model_name: str | None = None,
        model_id: str | None = None,
        tags: Filter | None = None,
        properties: Filter | None = None,
    ) -> ServiceTable:
        """List services, newest first; each is looked at when it is asked for its state."""
        folder, model = workspace.folder, model_id or model_name
        wanted: dict[str, Any] = {"target": compute_type, "tags": filters(tags), "properties": filters(properties)}
        if model:
            records = [view.record for view in services.list_services(folder, model=model, **wanted)]
        else:
            records = services.list_records(folder, **wanted)
        return ServiceTable(workspace, [cls._of(workspace, record) for record in records])

    @classmethod
    def _of(cls, workspace: Workspace, record: ServiceRecord) -> Webservice:
        made = object.__new__(cls.kind_of(record.target))
        made.__init__(workspace, record.name)  # type: ignore[misc]  # without looking at it
        return made

    # ------------------------------------------------------------------ what it is

    @property
    def view(self) -> ServiceView:
        """What is recorded and what the target says, at this moment."""
        return services.find_service(self.workspace.folder, self.name)

    @property
    def state(self) -> State:
        """Transitioning, Healthy, Unhealthy, Failed, Unschedulable, Deleting, Stopped or Unknown."""
        return self.view.status.state

    @property
    def error(self) -> str:
        """Why it is not Healthy, in one line; empty where there is nothing to say."""
        return self.view.status.error

    @property
    def scoring_uri(self) -> str | None:
        """Where it answers; None until it has served. The same for its whole life."""
        return self.view.record.scoring_uri

    @property
    def swagger_uri(self) -> str | None:
        """Where its OpenAPI description is; None until it has served."""
        return descriptions.swagger_uri(self.scoring_uri)

    @property
    def auth_enabled(self) -> bool:
        """Whether requests need a key."""
        return bool(self.view.settings.get("authEnabled"))

    @property
    def token_auth_enabled(self) -> bool:
        """Whether requests need a signed token (:meth:`get_access_token`)."""
        return bool(self.view.settings.get("tokenAuthEnabled"))

    @property
    def ssl_enabled(self) -> bool:
        """Whether it answers over TLS (https)."""
        return bool(self.view.settings.get("sslEnabled"))

    @property
    def models(self) -> Sequence[Model]:
        """The models that serve now; of those deleted since, nothing."""
        view = self.view
        ids = view.current.models if view.current else ()
        found = []
        for model_id in ids:
            try:
                found.append(Model(self.workspace, id=model_id))
            except NotFound:
                continue
        return found

    @property
    def tags(self) -> dict[str, str]:
        """Key-value pairs that can be changed."""
        return dict(self.view.record.tags)

    @property
    def properties(self) -> dict[str, str]:
        """Key-value pairs that stay as they are."""
        return dict(self.view.record.properties)

    @property
    def description(self) -> str:
        """Free text."""
        return self.view.record.description

    @property
    def created_time(self) -> datetime:
        """When it was first deployed, UTC."""
        return self.view.record.created_time

    @property
    def updated_time(self) -> datetime:
        """When it was last changed, UTC."""
        return self.view.record.updated_time

    @property
    def created_by(self) -> str:
        """Who deployed it."""
        return self.view.record.created_by

    @property
    def version(self) -> int | None:
        """The number of the version that serves; None before the first."""
        return self.view.record.current

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Warnings and notes about the entry script, of the last call through this handle."""
        return self.begun.findings if self.begun else ()

    @property
    def operation(self) -> Operation | None:
        """The newest operation on it."""
        handle = self.view.operation
        return Operation(handle) if handle else None

    def history(self) -> Table[Version]:
        """Every version, oldest first: when it served, with which models, and why it did not where it failed."""
        view = self.view
        return Table(Version(record, record.number == view.record.current) for record in view.versions)

    def packages(self) -> Table[Package]:
        """Every package that it runs with, in which version, and who asked for it; empty before it has served."""
        return packages_of(self)

    # ------------------------------------------------------------------ using it

    def wait_for_deployment(self, show_output: bool = False, timeout_sec: float | None = None) -> None:
        """Wait for the operation under way, or take the outcome of the last one.

        Parameters
        ----------
        show_output : print its steps as they come. timeout_sec : give up waiting after so many seconds.

        Raises
        ------
        OperationFailed : with the cause first. TimeoutError : it goes on.
        """
        if self.begun is not None and self.begun.operation is None:
            return  # the last call had nothing to set going
        operation = Operation(self.begun.operation) if self.begun and self.begun.operation else self.operation
        if operation is None:
            raise UserError(f"'{self.name}' has no operation to wait for", f"its state is {self.state}")
        wait_for(operation, self.compute_type or self.view.record.target, show_output, timeout_sec)

    def run(self, input_data: str | bytes | Mapping[str, Any] | Sequence[Any]) -> Any:
        """Send a request and return the answer read from JSON.

        Parameters
        ----------
        input_data : a text or bytes are sent as they are; a mapping or list as JSON.

        Raises
        ------
        ScoringFailed : any other answer than 200, with status, headers and body. OperationFailed : its deployment failed.
        """
        self._settle()
        return scoring_client.score(self, input_data)

    def get_logs(self, num_lines: int = 5000) -> str:
        """The last lines of its log, of every version that served."""
        return "\n".join(logs.log_lines(self.workspace.folder, self.view, num_lines))

    def logs(self, follow: bool = False, num_lines: int = 100) -> Iterator[str]:
        """Its log line by line; with ``follow``, new lines as they come until it is stopped."""
        if not follow:
            return iter(logs.log_lines(self.workspace.folder, self.view, num_lines))
        self._settle()
        return logs.follow_log(self.workspace.folder, self.name, num_lines)

    def collected(self, designation: str | None = None) -> pandas.DataFrame:
        """What it has kept of its requests (``collect_model_data``), oldest first.

        Parameters
        ----------
        designation : instead, what the script's ``ModelDataCollector`` of this designation has kept.

        Returns
        -------
        a row for each request, with its time, request_id, version, input and output; empty before there is any. A request is there
        some seconds after its answer.

        Example
        -------
        >>> service.collected()[["input", "output"]]
        """
        return collected.read(self.workspace.folder, self.view, designation)

    def get_keys(self) -> tuple[str, str]:
        """The primary and the secondary key; UserError where it asks for none."""
        return keys.get_keys(self.workspace.folder, self.name)

    def regen_key(self, key: str, set_key: str | None = None) -> None:
        """Replace the "Primary" or "Secondary" key; returns when the service takes the new one and no longer the old one.

        With ``token_auth_enabled`` "Primary" renews the secret that tokens are signed with, and those in use live out their time;
        "Secondary" after it ends them at once.
        """
        keys.regenerate_key(self.workspace.folder, self.name, key, set_key)

    def get_access_token(self) -> tokens.AccessToken:
        """Make a signed token for it, good for 24 hours: ``access_token``, ``refresh_after``, ``expiry_on``, ``token_type``.

        Raises
        ------
        UserError : it was not deployed with ``token_auth_enabled``.
        """
        return tokens.issue_token(self.workspace.folder, self.name)

    def get_token(self) -> tuple[str, datetime]:
        """A token and when to get a new one; the older form of :meth:`get_access_token`."""
        token = self.get_access_token()
        return token.access_token, token.refresh_after

    # ------------------------------------------------------------------ changing it

    def update(
        self,
        models: Sequence[Model | str | Path] | None = None,
        inference_config: InferenceConfig | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        traffic_percentile: int | None = None,
        notebook_names: Sequence[str] = (),
        **options: Any,
    ) -> None:
        """Change it without a failed request; returns at once, ``wait_for_deployment()`` waits.

        Parameters
        ----------
        models, inference_config : what is not given stays. tags : replace all tags. properties : are added.
        traffic_percentile : bring the new version up beside what serves, with so many per cent of the requests.
        options : any option of the target that can change, by name.

        Raises
        ------
        UserError : nothing was given, or an option cannot change on a living service.
        """
        self.begun = changes.update(
            self.workspace.folder, self.name, models=None if models is None else records_of(self.workspace, models),
            inference=inference_config, changes=options, tags=tags, properties=properties, description=description,
            traffic_percentile=traffic_percentile, notebook_names=notebook_names, say=print,
        )  # fmt: skip
        self.inference_config = inference_config or self.inference_config

    def rollback(self) -> None:
        """Return to the version that served before, byte for byte; returns at once."""
        self.begun = changes.rollback(self.workspace.folder, self.name)

    def start(self) -> None:
        """Bring it back at its address, after a stop or a restart of the machine; returns when it answers."""
        self._finish(changes.start(self.workspace.folder, self.name))

    def restart(self) -> None:
        """Start the same version anew and switch to it; returns when it answers."""
        self._finish(changes.restart(self.workspace.folder, self.name))

    def stop(self) -> None:
        """End its processes after the requests under way; address, keys and history stay."""
        self._finish(changes.stop(self.workspace.folder, self.name))

    def delete(self) -> None:
        """Take it away with its history; returns when it is gone and its models are free."""
        self._finish(changes.delete(self.workspace.folder, self.name))

    def add_tags(self, tags: Mapping[str, str]) -> None:
        """Add tags, replacing those of the same key."""
        self.update(tags={**self.tags, **tags})

    def remove_tags(self, tags: str | Sequence[str]) -> None:
        """Remove tags; those that are not there are no error."""
        gone = [tags] if isinstance(tags, str) else list(tags)
        self.update(tags={key: value for key, value in self.tags.items() if key not in gone})

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Add properties, which then stay as they are."""
        self.update(properties=properties)

    def update_deployment_state(self) -> None:
        """Nothing to do: every property asks anew. Kept for code of the original."""

    def _finish(self, begun: changes.Begun) -> None:
        self.begun = begun
        if begun.operation:
            begun.operation.wait()

    def _settle(self) -> None:
        from jupyter_deploy.engine.operations import settle

        settle(self.workspace.folder, self.name)

    # ------------------------------------------------------------------ showing it

    def serialize(self) -> dict[str, Any]:
        """The service as a JSON document, in the original's keys (azureml-v1 4.6); no secrets."""
        return descriptions.document(self, self.view)

    def details(self, view: ServiceView) -> dict[str, Any]:  # noqa: ARG002  (for kinds that have more to say)
        """What is said in its document because of its kind."""
        return {}

    def row(self) -> dict[str, Any]:
        """The service as one row of a table."""
        return descriptions.row(self.view)

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in descriptions.facts(self).items())
        return f"{type(self).__name__}(workspace={self.workspace!r}, name={self.name!r}, {facts})"

    def _repr_html_(self) -> str:
        facts = descriptions.facts(self)
        return html_facts(f"{self.name}: {facts.pop('state')}", facts)
