"""The target ``kubernetes``: services on any cluster that was attached by its kubeconfig."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Load the target on use; its options are wanted without it."""
    if name == "KubernetesTarget":
        from jupyter_deploy.targets.kubernetes.target import KubernetesTarget

        return KubernetesTarget
    raise AttributeError(name)
