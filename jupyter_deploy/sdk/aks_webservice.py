"""AksWebservice: a service on a Kubernetes cluster, Azure's or any other, in the names of the Azure ML SDK v1 (azureml-v1 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from jupyter_deploy.config.options import Options
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
