"""AksWebservice: a service on a Kubernetes cluster, Azure's or any other, in the names of the Azure ML SDK v1 (azureml-v1 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_deploy.config.options import Options
from jupyter_deploy.engine.services import ServiceView
from jupyter_deploy.errors import ScoringFailed
from jupyter_deploy.sdk import aks_parts
from jupyter_deploy.sdk.configuration import deploy_configuration
from jupyter_deploy.sdk.previewing import Preview, preview_deployment, preview_update
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions

if TYPE_CHECKING:
    from jupyter_deploy.config.inference import InferenceConfig


def _option(name: str) -> property:
    """An option as it is in effect, by its name in ``deploy_configuration``."""

    def read(service: Webservice) -> Any:
        return getattr(_options(service.view), name)

    return property(read, doc=KubernetesOptions.row(name).help)


class AksWebservice(Webservice):
    """A service on a Kubernetes cluster.

    Its options are attributes in the original's names, as they are in effect.
    """

    compute_type: ClassVar[str] = "kubernetes"
    deploy_configuration: ClassVar[Callable[..., Options]] = staticmethod(deploy_configuration(KubernetesOptions))
    preview: ClassVar[Callable[..., Preview]] = staticmethod(preview_deployment)

    compute_name = _option("compute_target_name")
    num_replicas = _option("num_replicas")
    max_concurrent_requests_per_container = _option("replica_max_concurrent_requests")
    max_request_wait_time = _option("max_request_wait_time")
    scoring_timeout_ms = _option("scoring_timeout_ms")
    enable_app_insights = _option("enable_app_insights")
    cname = _option("ssl_cname")

    @property
    def autoscaler(self) -> aks_parts.AutoScaler:
        """How the number of pods follows the load, and by what metric."""
        view = self.view
        return aks_parts.AutoScaler.of(_options(view), view.status.details.get("scaling", {}))

    @property
    def container_resource_requirements(self) -> aks_parts.ContainerResourceRequirements:
        """What each pod asks for, and what it never goes beyond."""
        return aks_parts.ContainerResourceRequirements.of(_options(self.view))

    @property
    def liveness_probe_requirements(self) -> aks_parts.LivenessProbeRequirements:
        """How a pod is asked whether it is alive."""
        return aks_parts.LivenessProbeRequirements.of(_options(self.view))

    @property
    def data_collection(self) -> aks_parts.DataCollection:
        """Whether inputs and outputs are kept, where, and in which form."""
        return aks_parts.DataCollection.of(_options(self.view))

    @property
    def namespace(self) -> str | None:
        """The namespace of the cluster that it is in; None before it has been there."""
        return _namespace(self.view)

    @property
    def deployment_status(self) -> dict[str, Any]:
        """How many pods there are to be, how many of them serve, and what is in the way."""
        return _deployment_status(self.view)

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

    def manifests(self) -> str:
        """The objects that it is made of on its cluster, as YAML; the content of Secrets is hidden.

        Raises
        ------
        UserError : it has never served.

        Example
        -------
        >>> print(service.manifests())  # doctest: +SKIP
        """
        from jupyter_deploy.engine.preview import manifests_of

        return manifests_of(self.workspace.folder, self.view)

    def preview_update(
        self, models: Sequence[Any] | None = None, inference_config: InferenceConfig | None = None, **options: Any
    ) -> Preview:
        """Look at what :meth:`update` would change on the cluster; nothing is recorded, built or changed.

        Parameters
        ----------
        models, inference_config, options : as of :meth:`update`; models are registered ones.

        Returns
        -------
        ``manifests`` as YAML, and the ``difference`` to what runs.

        Example
        -------
        >>> print(service.preview_update(num_replicas=3).difference)  # doctest: +SKIP
        """
        return preview_update(self, models, inference_config, **options)

    def details(self, view: ServiceView) -> dict[str, Any]:
        """Its options under their JSON keys, what they have become, and how it is reached."""
        options = _options(view)
        found, scaling = aks_parts.document(options), view.status.details.get("scaling", {})
        return {
            **found, "autoScaler": {**found["autoScaler"], **scaling}, "computeName": options.compute_target_name,
            "namespace": _namespace(view), "reach": view.status.details.get("reach"), "aadAuthEnabled": options.token_auth_enabled,
            "deploymentStatus": _deployment_status(view),
        }  # fmt: skip


def _options(view: ServiceView) -> KubernetesOptions:
    return KubernetesOptions.from_json(view.options or view.record.options, "recorded options").filled()


def _namespace(view: ServiceView) -> str | None:
    found: str | None = view.status.details.get("namespace") or _options(view).namespace
    return found


def _deployment_status(view: ServiceView) -> dict[str, Any]:
    details = view.status.details
    return {
        "replicas": details.get("replicas"),
        "availableReplicas": details.get("serving"),
        "error": view.status.error or None,
    }
