"""KubernetesCompute and AksCompute: which cluster is attached, and for what (azureml-v1 5)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from jupyter_deploy.errors import ConfigError
from jupyter_deploy.sdk.azure_names import AzureCluster
from jupyter_deploy.sdk.compute_target import AttachConfiguration, ComputeTarget, no_new_clusters
from jupyter_deploy.targets.kubernetes.attaching import Wish, attach
from jupyter_deploy.targets.kubernetes.compute import DEV_TEST, FAST_PROD

_TWICE = ("kubeconfig or context is given, and what names the cluster in Azure as well; give one of them",)


class KubernetesCompute(ComputeTarget):
    """A Kubernetes cluster that was attached by its kubeconfig."""

    kind: ClassVar[str] = "kubernetes"

    @staticmethod
    def attach_configuration(
        kubeconfig: str | Path | None = None,
        context: str | None = None,
        namespace: str | None = None,
        image_registry: str | None = None,
        cluster_purpose: str = DEV_TEST,
    ) -> AttachConfiguration:
        """Say which cluster is meant.

        Parameters
        ----------
        kubeconfig : path of the file with its address and credentials; kubectl's own where it is not given.
        context : of that file; its current one. namespace : that services go to; the context's own.
        image_registry : where images are pushed to, "registry.example.com/team"; None where the nodes share this machine's Docker Engine.
        cluster_purpose : "DevTest", for which any cluster does, or "FastProd", which takes 12 CPUs and 3 nodes.

        Raises
        ------
        ConfigError : there is no such purpose.
        """
        wish = Wish(kubeconfig, context, namespace, image_registry, cluster_purpose)
        _require(wish)
        return AttachConfiguration("kubernetes", partial(attach, wish))


class AksCompute(ComputeTarget):
    """A Kubernetes cluster of Azure's that was attached."""

    kind: ClassVar[str] = "aks"

    class ClusterPurpose:
        """What a cluster is for."""

        FAST_PROD, DEV_TEST = FAST_PROD, DEV_TEST

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        cluster_name: str | None = None,
        resource_id: str | None = None,
        cluster_purpose: str | None = None,
        load_balancer_type: str | None = None,
        load_balancer_subnet: str | None = None,
        *,
        kubeconfig: str | Path | None = None,
        context: str | None = None,
        namespace: str | None = None,
        image_registry: str | None = None,
    ) -> AttachConfiguration:
        """Say which cluster is meant, once ``az aks get-credentials`` has put it into a kubeconfig.

        Parameters
        ----------
        resource_group, cluster_name, resource_id : its names in Azure, which this release does not ask for credentials.
        cluster_purpose : "FastProd", which takes 12 CPUs and 3 nodes and is meant where nothing is given, or "DevTest".
        load_balancer_type, load_balancer_subnet : not in this release.
        kubeconfig, context, namespace, image_registry : as of :meth:`KubernetesCompute.attach_configuration`.

        Raises
        ------
        ConfigError : all that does not fit. NotInRelease : it is named by its names in Azure alone; the text says what to do.
        """
        azure = AzureCluster(resource_group, cluster_name, resource_id, load_balancer_type, load_balancer_subnet)
        wish = Wish(kubeconfig, context, namespace, image_registry, cluster_purpose or FAST_PROD)
        if not (kubeconfig or context):
            _require(wish, azure.problems())
            raise azure.refusal()
        _require(wish, _TWICE if azure.is_named else ())
        return AttachConfiguration("aks", partial(attach, wish))

    @staticmethod
    def provisioning_configuration(*_: Any, **__: Any) -> NoReturn:
        """Not in this release; kept for code of the original.

        Raises
        ------
        NotInRelease : always.
        """
        raise no_new_clusters()


def _require(wish: Wish, problems: Iterable[str] = ()) -> None:
    found = list(problems)
    if wish.purpose not in (FAST_PROD, DEV_TEST):
        found.append(f"cluster_purpose is {wish.purpose!r}; choose one of: {FAST_PROD}, {DEV_TEST}")
    if found:
        raise ConfigError(found, "attach_configuration")
