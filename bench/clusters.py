"""The target ``kubernetes``: a deployment against ``kubectl`` with the same objects, updates under load, and a long list.

Needs the cluster of KUBECONFIG, whose nodes share this machine's Docker Engine, and kubectl; the base image is taken from LAB_BASE_IMAGE,
else it is Python's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bench.report import Figure, seconds
from bench.updates import SCRIPT, UPDATES, update_under_load
from jupyter_deploy import (
    AksWebservice,
    ComputeTarget,
    InferenceConfig,
    KubernetesCompute,
    Model,
    Webservice,
    Workspace,
)

ROUNDS = 5
LISTED = 200
NAMESPACE = f"bench-{uuid.uuid4().hex[:8]}"
BASE_IMAGE = os.environ.get("LAB_BASE_IMAGE")
_PLAIN = "plain"


class Bench:
    """A workspace with the cluster attached, and one script in many versions."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "score.py"
        self.workspace = Workspace(folder / "workspace")
        configuration = KubernetesCompute.attach_configuration(namespace=NAMESPACE)
        self.cluster = ComputeTarget.attach(self.workspace, "bench", configuration)

    def config(self, version: int) -> InferenceConfig:
        """The entry script, which answers the number of its version."""
        self.script.write_text(SCRIPT.format(version=version), encoding="utf-8")
        return InferenceConfig(str(self.script), base_image=BASE_IMAGE)

    def deployed(self, name: str, **options: Any) -> AksWebservice:
        """Deploy and wait."""
        chosen = AksWebservice.deploy_configuration(num_replicas=1, auth_enabled=False, **options)
        service = Model.deploy(self.workspace, name, [], self.config(0), chosen, self.cluster)
        service.wait_for_deployment()
        assert isinstance(service, AksWebservice)
        return service


def measure() -> list[Figure]:
    """Deploy, update, list; nothing is measured where there is no cluster."""
    if not (os.environ.get("KUBECONFIG") and shutil.which("kubectl")):
        print("clusters are left out: they need KUBECONFIG and kubectl")
        return []
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-bench-") as place, _namespace():
        _load_plain_client(Path(place))
        bench = Bench(Path(place))
        return [*_deploying(bench), *_updating(bench), _listing(bench)]


def _load_plain_client(folder: Path) -> None:
    """Have operations, which look for modules where this process does, load the client that users have.

    Where kubernetes-validate is installed, as for this project's tests, the client loads it, and its grammars, for 1.4 s more.
    """
    (folder / "modules").mkdir()
    (folder / "modules" / "kubernetes_validate.py").write_text("raise ImportError\n", encoding="utf-8")
    sys.path.insert(0, str(folder / "modules"))


@contextmanager
def _namespace() -> Iterator[None]:
    _kubectl("create", "namespace", NAMESPACE)
    try:
        yield
    finally:
        _kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def _deploying(bench: Bench) -> list[Figure]:
    """One of two versions after the other, whose images are there: by us, and the same objects by kubectl under another name."""
    service = bench.deployed("objects")
    name = f"objects-{bench.workspace.folder.id}"
    versions = [service.manifests()]
    service.update(inference_config=bench.config(1))
    service.wait_for_deployment()
    versions.append(service.manifests())
    plain = [
        text.replace(name, _PLAIN).replace("jupyter-deploy/service: objects", f"jupyter-deploy/service: {_PLAIN}")
        for text in versions
    ]
    _apply(plain[0])
    ours, theirs = [], []
    for number in range(ROUNDS + 1):
        taken = seconds(partial(_rolled_back, service)), seconds(partial(_apply, plain[(number + 1) % 2]))
        if number:  # the first warms up
            ours.append(taken[0])
            theirs.append(taken[1])
    service.delete()
    beyond = tuple(one - other for one, other in zip(ours, theirs, strict=True))
    return [
        Figure("`kubectl apply` and `kubectl rollout status`", tuple(theirs), "s"),
        Figure("the same objects deployed by us, beyond that", beyond, "s", "at most 2 s"),
    ]


def _rolled_back(service: Webservice) -> None:
    service.rollback()
    service.wait_for_deployment()


def _apply(objects: str) -> None:
    _kubectl("apply", "-f", "-", stdin=objects)
    _kubectl("rollout", "status", f"deployment/{_PLAIN}")


def _updating(bench: Bench) -> list[Figure]:
    options = {"replica_max_concurrent_requests": 16, "max_request_wait_time": 5000, "cpu_cores": 0.2}
    failed, switches, requests = [], [], 0
    for number in range(ROUNDS):
        service = bench.deployed(f"updates-{number}", **options)
        client, taken = update_under_load(service, bench.config)
        service.delete()
        outcomes = client.outcomes
        print(f"round {number}: {dict(outcomes)}, slowest answer {max(client.latencies):.2f} s")
        failed.append(float(sum(outcomes.values()) - outcomes["200"]))
        requests += sum(outcomes.values())
        switches += taken
    return [
        Figure(
            f"failed requests during {UPDATES} updates on a cluster ({requests} requests in all)",
            tuple(failed),
            "",
            "0",
        ),
        Figure("one update on a cluster, from the call to its end", tuple(switches), "s"),
    ]


def _listing(bench: Bench) -> Figure:
    """Services whose Deployments have no pods; their records are copies of one."""
    service = bench.deployed("listed")
    service.stop()
    folder = bench.workspace.folder
    view = service.view
    assert view.current is not None
    deployment = next(thing for thing in yaml.safe_load_all(service.manifests()) if thing["kind"] == "Deployment")
    deployment["spec"]["replicas"] = 0
    things, text = [], yaml.safe_dump(deployment)
    for number in range(LISTED - 1):
        name = f"listed-{number}"
        folder.services.put(replace(view.record, name=name))
        folder.services.add_version(
            replace(view.current, service=name, number=0, request={**view.current.request, "service": name})
        )
        shutil.copytree(folder.service_folder("listed"), folder.service_folder(name))
        things.append(text.replace("listed", name))
    _kubectl("apply", "-f", "-", stdin="---\n".join(things))
    return Figure(
        f"{LISTED} services on a cluster listed",
        tuple(seconds(lambda: _listed(bench)) for _ in range(ROUNDS)),
        "s",
        "within 1 s",
    )


def _listed(bench: Bench) -> None:
    found = Webservice.list(bench.workspace)
    assert len(found.to_frame()) == LISTED


def _kubectl(*words: str, stdin: str | None = None) -> None:
    subprocess.run(
        [str(shutil.which("kubectl")), "--namespace", NAMESPACE, *words],
        check=True,
        capture_output=True,
        text=True,
        input=stdin,
    )
