"""AksWebservice: a service on a Kubernetes cluster, Azure's or any other, in the names of the Azure ML SDK v1 (azureml-v1 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from jupyter_deploy.config.options import Options
from jupyter_deploy.errors import ScoringFailed
from jupyter_deploy.sdk import aks_parts
from jupyter_deploy.sdk.configuration import deploy_configuration
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions


class AksWebservice(Webservice):
    """A service on a Kubernetes cluster."""

    compute_type: ClassVar[str] = "kubernetes"
    deploy_configuration: ClassVar[Callable[..., Options]] = staticmethod(deploy_configuration(KubernetesOptions))

    @property
    def compute_name(self) -> str:
        """The cluster that it is on."""
        return str(self.view.options["computeTargetName"])

    @property
    def namespace(self) -> str | None:
        """The namespace of the cluster that was asked for; None for the one that the cluster was attached with."""
        return self._options.namespace

    @property
    def num_replicas(self) -> int | None:
        """How many pods serve; None where their number follows the load."""
        return self._options.num_replicas

    @property
    def autoscaler(self) -> aks_parts.AutoScaler:
        """How the number of pods follows the load, and by what metric."""
        return aks_parts.AutoScaler.of(self._options, self.view.status.details.get("scaling", {}))

    @property
    def container_resource_requirements(self) -> aks_parts.ContainerResourceRequirements:
        """What each pod asks for, and what it never goes beyond."""
        return aks_parts.ContainerResourceRequirements.of(self._options)

    @property
    def liveness_probe_requirements(self) -> aks_parts.LivenessProbeRequirements:
        """How a pod is asked whether it is alive."""
        return aks_parts.LivenessProbeRequirements.of(self._options)

    @property
    def scoring_timeout_ms(self) -> int:
        """How long a call of ``run()`` may take."""
        return self._options.scoring_timeout_ms

    @property
    def max_concurrent_requests_per_container(self) -> int:
        """How many calls of ``run()`` each pod has in progress at most."""
        return self._options.replica_max_concurrent_requests

    @property
    def max_request_wait_time(self) -> int:
        """How long a request may wait for its turn, in milliseconds."""
        return self._options.max_request_wait_time

    @property
    def enable_app_insights(self) -> bool:
        """Whether requests and log records are sent to Azure Monitor."""
        return self._options.enable_app_insights

    @property
    def reach(self) -> str:
        """How it is reached: load-balancer, node-port, port-forward, or cluster (from within its cluster alone); empty before it is."""
        return str(self.view.status.details.get("reach", ""))

    def run(self, input_data: str | bytes | Mapping[str, Any] | Sequence[Any]) -> Any:
        """Send a request and return the answer read from JSON; a tunnel that is gone is brought back first.

        Raises
        ------
        ScoringFailed : any other answer than 200; none, where it is reached from within its cluster alone.
        """
        status = self.view.status
        if status.needs_start:
            self.start()
        try:
            return super().run(input_data)
        except ScoringFailed as error:
            if error.status_code or status.details.get("reach") != "cluster":
                raise
            what = f"'{self.name}' is reached from within its cluster alone, at {self.scoring_uri}"
            remedy = "ask it from a pod there, or delete it and deploy it with another reach (node-port, port-forward)"
            raise ScoringFailed(what, 0, {}, "", error.why, remedy) from None

    def serialize(self) -> dict[str, Any]:
        """The service as a JSON document, in the original's keys (azureml-v1 4.6), with how it is reached; no secrets."""
        more = {"computeName": self.compute_name, "reach": self.reach or None}
        return {**super().serialize(), **more, **aks_parts.document(self._options, self.autoscaler)}

    @property
    def _options(self) -> KubernetesOptions:
        """Its options, with what was not given as it is by default."""
        return KubernetesOptions.from_json(self.view.options, self.name)
