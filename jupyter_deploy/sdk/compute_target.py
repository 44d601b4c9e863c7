"""ComputeTarget and its kinds: clusters that were attached, in the names of the Azure ML SDK v1 (azureml-v1 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from jupyter_deploy.engine import computes
from jupyter_deploy.sdk.display import Table, html_facts
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.workspace.records import ComputeRecord


@dataclass(frozen=True)
class AttachConfiguration:
    """What is to be attached; made by ``attach_configuration``.

    Parameters
    ----------
    kind : of compute. look : asks it, by the name that it is to have, and returns what is to be recorded.
    """

    kind: str
    look: Callable[[str], Mapping[str, Any]]


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

    def __new__(cls, workspace: Workspace, name: str) -> ComputeTarget:
        """Take the class of the compute's kind."""
        computes.find_compute(workspace.folder, name)
        return super().__new__(KubernetesCompute if cls is ComputeTarget else cls)

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace = workspace
        self.name = name

    @classmethod
    def attach(cls, workspace: Workspace, name: str, attach_configuration: AttachConfiguration) -> ComputeTarget:
        """Attach a compute under a name; one that is there is attached anew.

        Example
        -------
        >>> ComputeTarget.attach(ws, "lab", KubernetesCompute.attach_configuration(context="lab"))  # doctest: +SKIP
        """
        computes.attach(workspace.folder, name, attach_configuration.kind, attach_configuration.look)
        return ComputeTarget(workspace, name)

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
    def created_on(self) -> datetime:
        """When it was attached, UTC."""
        return self.record.created_time

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

    def serialize(self) -> dict[str, Any]:
        """What is recorded, as a JSON document; no credentials."""
        record = self.record
        return {
            "name": record.name,
            "computeType": record.kind,
            "createdOn": record.created_time.isoformat(),
            **record.document,
        }

    def row(self) -> dict[str, Any]:
        """The compute as one row of a table."""
        document = self.record.document
        return {
            "name": self.name,
            "kind": self.record.kind,
            "server": document["server"],
            "namespace": document["namespace"],
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}(workspace={self.workspace!r}, name={self.name!r})"

    def _repr_html_(self) -> str:
        return html_facts(f"Compute {self.name}", self.row())


class KubernetesCompute(ComputeTarget):
    """A Kubernetes cluster that was attached by its kubeconfig."""

    kind: ClassVar[str] = "kubernetes"

    @staticmethod
    def attach_configuration(
        kubeconfig: str | None = None,
        context: str | None = None,
        namespace: str | None = None,
        image_registry: str | None = None,
    ) -> AttachConfiguration:
        """Say which cluster is meant.

        Parameters
        ----------
        kubeconfig : path of the file with its address and credentials; kubectl's own where it is not given.
        context : of that file; its current one. namespace : that services go to; the context's own.
        image_registry : where images are pushed to, "registry.example.com/team"; None where the nodes share this machine's Docker Engine.
        """
        from jupyter_deploy.targets.kubernetes.attaching import attach

        look = partial(
            attach, kubeconfig=kubeconfig, context=context, namespace=namespace, image_registry=image_registry
        )
        return AttachConfiguration("kubernetes", look)
