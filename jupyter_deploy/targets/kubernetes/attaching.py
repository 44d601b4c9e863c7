"""Attaches a cluster: finds the context that is meant, asks the cluster what may be done there, and says what is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute


def attach(
    name: str, kubeconfig: str | None, context: str | None, namespace: str | None, image_registry: str | None
) -> Mapping[str, Any]:
    """Look at a cluster, and return what is recorded of it: where its credentials are, never what they are.

    Parameters
    ----------
    kubeconfig : path of the file; None for kubectl's own. context : of it; None for its current one.
    namespace : for services; None for the context's own. image_registry : where images go; None where nodes share this machine's engine.

    Raises
    ------
    TargetError : the file or its context cannot be used; the cluster does not answer.
    """
    found, current = _contexts(kubeconfig)
    chosen = context or current
    if chosen not in found:
        raise TargetError(
            f"the kubeconfig has no context '{chosen}'",
            f"it has {', '.join(found) or 'none'}",
            "name one of them as context",
        )
    path = str(Path(kubeconfig).expanduser().absolute()) if kubeconfig else ""
    home = namespace or found[chosen].get("namespace") or "default"
    compute = Compute(name, path, chosen, home, image_registry or "")
    with Cluster(compute) as cluster:
        cluster.get("/version")
        return replace(compute, server=cluster.server).to_json()


def _contexts(kubeconfig: str | None) -> tuple[dict[str, Mapping[str, Any]], str]:
    """The contexts of a kubeconfig by name, and the current one."""
    from kubernetes.config import ConfigException, list_kube_config_contexts

    try:
        contexts, current = list_kube_config_contexts(kubeconfig)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError, ValueError) as error:
        raise TargetError(f"the kubeconfig cannot be used: {error}", remedy="name the file as kubeconfig") from None
    return {each["name"]: each["context"] for each in contexts}, current["name"] if current else ""
