"""Services on clusters as a workspace records them, without any cluster: for what is shown and said of them."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from jupyter_deploy import AksWebservice, Workspace
from jupyter_deploy.engine.requests import DeployRequest
from jupyter_deploy.environments import Lock
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord
from jupyter_deploy.workspace.records import ServiceRecord, VersionRecord

_REQUEST = DeployRequest.from_json(
    {
        "service": "", "target": "kubernetes", "models": [], "script": {"entry": "score.py", "source_directory": None, "files": []},
        "environment": {"kind": "kernel", "text": ""}, "options": {}, "settings": {}, "inference": {},
    }
)  # fmt: skip


def record_service(
    workspace: Workspace, name: str, compute: str, namespace: str = "models", **options: Any
) -> AksWebservice:
    """Record a service as if it had been deployed to a cluster; nothing of it is there.

    Parameters
    ----------
    compute : name of the cluster. namespace : that it is in. options : of it, by Python name.
    """
    folder, now = workspace.folder, datetime.now(timezone.utc)
    chosen = KubernetesOptions(compute_target_name=compute, **options)
    chosen.require()
    request = replace(_REQUEST, service=name, options=chosen.to_json())
    record = ServiceRecord(
        name=name, target="kubernetes", created_time=now, updated_time=now, created_by="me", description="", tags={}, properties={},
        options=dict(request.options), current=1, served=True, scoring_uri="http://127.0.0.1:1/score", home=folder.id,
        host=socket.gethostname(),
    )  # fmt: skip
    folder.services.put(record)
    folder.services.add_version(
        VersionRecord(
            service=name, number=0, bundle="b", digest="d", models=(), request=request.to_json(), created_time=now, operation="o",
            note="deploy", served_time=now,
        )
    )  # fmt: skip
    place = folder.service_folder(name)
    (place / "bundles" / "b").mkdir(parents=True)
    (place / "bundles" / "b" / "requirements.lock").write_text(Lock("3.11.7", "kernel", ()).text())
    KubernetesRecord(namespace, 1, "node-port", "127.0.0.1", 1).write(place)
    made = AksWebservice._of(workspace, record)  # without a look at it
    assert isinstance(made, AksWebservice)
    return made


def record_compute(workspace: Workspace, name: str, kubeconfig: str = "", context: str = "") -> None:
    """Record a cluster that nobody has asked."""
    document = {"name": name, "kubeconfig": kubeconfig, "context": context, "namespace": "models"}
    workspace.folder.computes.put(name, "kubernetes", document)
