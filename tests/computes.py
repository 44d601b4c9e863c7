"""What tests of several rooms share about computes: documents as a cluster's attachment records them, and services that are on one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ServiceRecord

ROOM = {"nodes": 1, "cpus": 2.0, "cpu": 2.0, "memory_gb": 23.4, "free_cpu": 1.5, "free_memory_gb": 21.4}
FOUND = {"version": "v1.20.2", "added": ["metrics.k8s.io"], "room": ROOM, "notes": ["it is <small>", "and old"]}


def document_of(name: str, say: Callable[[str], None] = print) -> Mapping[str, Any]:
    """What would be recorded of a cluster that nobody asked; says that it runs a command."""
    say("its kubeconfig runs: /opt/login")
    found = Compute(
        name, "/home/ada/.kube/config", "own", "models", "", "https://lab:6443", "DevTest", "", FOUND
    )  # fmt: skip
    return found.to_json()


def record_service(folder: WorkspaceFolder, name: str, compute: str) -> None:
    """Record a service on a compute; nothing of it is anywhere."""
    now = datetime.now(timezone.utc)
    options = {"computeTargetName": compute}
    folder.services.put(ServiceRecord(name, "kubernetes", now, now, "tester", options=options))
