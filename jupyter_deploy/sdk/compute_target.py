"""ComputeTarget and its kinds: clusters that were attached, in the names of the Azure ML SDK v1 (azureml-v1 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, NoReturn

from jupyter_deploy.engine import computes
from jupyter_deploy.errors import NotInRelease, SystemProblem, UserError
from jupyter_deploy.sdk.display import Table, html_facts
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.targets.kubernetes.attaching import look
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.room import recorded_room
from jupyter_deploy.workspace.records import ComputeRecord


@dataclass(frozen=True)
class AttachConfiguration:
    """What is to be attached; made by ``attach_configuration``.

    Parameters
    ----------
    kind : of compute. look : asks it, by the name that it is to have, says what has to be seen before, and returns what is to be recorded.
    """

    kind: str
    look: Callable[[str, Callable[[str], None]], Mapping[str, Any]]


class ComputeTarget:
    """A compute that was attached; making one looks it up and gives the class of its kind.

    Parameters
    ----------
    workspace : where to look. name : the compute's name.

    Raises
    ------
    ComputeNotFound : there is none; the text begins with ``ComputeTargetNotFound``.

    Example
    -------
    >>> ComputeTarget(ws, "lab")  # doctest: +SKIP
    """

    kind: ClassVar[str] = ""
    _kinds: ClassVar[dict[str, type[ComputeTarget]]] = {}

    def __init_subclass__(cls) -> None:
        """Make the class known for computes of its kind."""
        ComputeTarget._kinds[cls.kind] = cls

    def __new__(cls, workspace: Workspace, name: str) -> ComputeTarget:
        """Take the class of the compute's kind."""
        from jupyter_deploy.sdk import kinds  # noqa: F401 - makes the classes known

        record = computes.find_compute(workspace.folder, name)
        return super().__new__(cls._kinds[record.kind] if cls is ComputeTarget else cls)

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace = workspace
        self.name = name
        self.provisioning_errors: list[str] = []

    @classmethod
    def attach(
        cls,
        workspace: Workspace,
        name: str,
        attach_configuration: AttachConfiguration,
        *,
        say: Callable[[str], None] = print,
    ) -> ComputeTarget:
        """Attach a compute under a name; one that is there is attached anew.

        Parameters
        ----------
        attach_configuration : what ``KubernetesCompute.attach_configuration`` returned.
        say : called with what has to be seen before the compute is asked: the command that its kubeconfig runs for credentials.

        Raises
        ------
        UserError : the name is refused. TargetError : the compute cannot be asked, or does not do for services.

        Example
        -------
        >>> ComputeTarget.attach(ws, "lab", KubernetesCompute.attach_configuration(context="lab"))  # doctest: +SKIP
        """
        ask = attach_configuration.look
        computes.attach(workspace.folder, name, attach_configuration.kind, lambda named: ask(named, say))
        return ComputeTarget(workspace, name)

    @staticmethod
    def create(*_: Any, **__: Any) -> NoReturn:
        """Not in this release; kept for code of the original.

        Raises
        ------
        NotInRelease : always.
        """
        raise no_new_clusters()

    @staticmethod
    def list(workspace: Workspace) -> Table[ComputeTarget]:
        """All that are attached, by name."""
        found = (ComputeTarget(workspace, record.name) for record in workspace.folder.computes.list())
        return Table(found, "no compute is attached yet; ComputeTarget.attach attaches one")

    @property
    def record(self) -> ComputeRecord:
        """What is recorded of it."""
        return computes.find_compute(self.workspace.folder, self.name)

    @property
    def type(self) -> str:
        """The kind of compute, in the words of the original."""
        return {"aks": "AKS"}.get(self.kind, self.kind.capitalize())

    @property
    def created_on(self) -> datetime:
        """When it was attached, UTC."""
        return self.record.created_time

    @property
    def is_attached(self) -> bool:
        """Whether it was attached, and not created here; always so."""
        return True

    @property
    def cluster_purpose(self) -> str:
        """What the cluster is for: "FastProd" or "DevTest"."""
        return self._compute.purpose

    @property
    def provisioning_state(self) -> str:
        """ "Succeeded"; "Unknown" where :meth:`refresh_state` was told otherwise, in words that ``provisioning_errors`` has."""
        return "Unknown" if self.provisioning_errors else "Succeeded"

    def refresh_state(self) -> None:
        """Ask the cluster anew for all that was asked when it was attached, and record what there is now."""
        compute, kind = self._compute, self.record.kind
        try:
            computes.attach(self.workspace.folder, self.name, kind, lambda _: look(compute).to_json())
            self.provisioning_errors = []
        except SystemProblem as error:
            self.provisioning_errors = [str(error)]

    def get_status(self) -> str:
        """Ask the cluster anew, and return the state."""
        self.refresh_state()
        return self.provisioning_state

    def wait_for_completion(self, show_output: bool = False) -> None:
        """Nothing to wait for: what is attached was seen to answer. Kept for code of the original."""
        if show_output:
            print(f"{self.name} is attached")  # noqa: T201  (it was asked for)

    def detach(self) -> None:
        """Forget it; nothing on it is touched.

        Raises
        ------
        InUse : services of this workspace are on it.
        """
        computes.detach(self.workspace.folder, self.name)

    def delete(self) -> NoReturn:
        """Refused, as in the original: what was attached is not deleted from here.

        Raises
        ------
        UserError : always.
        """
        raise UserError(
            f"'{self.name}' was attached, so it is not deleted from here", "Nothing was changed.",
            "detach() forgets it; the cluster itself is deleted where it was made",
        )  # fmt: skip

    def serialize(self) -> dict[str, Any]:
        """What is recorded, as a JSON document; no credentials."""
        record, compute = self.record, self._compute
        return {
            "name": self.name,
            "computeType": record.kind,
            "provisioningState": self.provisioning_state,
            "createdTime": record.created_time.isoformat(),
            "kubeconfig": compute.kubeconfig,
            "context": compute.context,
            "server": compute.server,
            "namespace": compute.namespace,
            "imageRegistry": compute.image_registry,
            "clusterPurpose": compute.purpose,
            "version": compute.found.get("version", ""),
            "offers": compute.found.get("added", []),
            "room": room.to_json() if (room := recorded_room(compute)) else {},
            "notes": compute.found.get("notes", []),
        }

    def row(self) -> dict[str, Any]:
        """The compute as one row of a table."""
        facts = self._facts()
        return {
            "name": self.name,
            **{key: facts[key] for key in ("kind", "server", "namespace", "purpose", "version", "room")},
        }

    def _facts(self) -> dict[str, Any]:
        compute = self._compute
        found = compute.found
        return {
            "kind": self.record.kind,
            "server": compute.server,
            "context": compute.context,
            "kubeconfig": compute.kubeconfig,
            "namespace": compute.namespace,
            "image registry": compute.image_registry,
            "purpose": compute.purpose,
            "version": found.get("version", ""),
            "offers": found.get("added", []),
            "room": str(recorded_room(compute) or ""),
            "notes": "; ".join(found.get("notes", [])),
        }

    @property
    def _compute(self) -> Compute:
        return Compute.from_json(self.record.document)

    def __repr__(self) -> str:
        facts = ", ".join(f"{key.replace(' ', '_')}={value!r}" for key, value in self._facts().items() if value)
        return f"{type(self).__name__}(workspace={self.workspace!r}, name={self.name!r}, {facts})"

    def _repr_html_(self) -> str:
        return html_facts(f"Compute {self.name}", self._facts())


def no_new_clusters() -> NotInRelease:
    """The error for whoever wants a cluster made."""
    return NotInRelease(
        "clusters cannot be created: this release attaches those that are there",
        remedy="make it where it is to be (az aks create, then az aks get-credentials)"
        "; then: ComputeTarget.attach(ws, NAME, KubernetesCompute.attach_configuration(context=…))",
    )
