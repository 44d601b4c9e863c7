"""What tests of services on a cluster share: one that is reached through a tunnel, over a way to the API that can be cut."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jupyter_deploy import AksWebservice, ComputeTarget, InferenceConfig, KubernetesCompute, Model, Workspace
from tests.clusters import COMPUTE, NAMESPACE, clear, kubeconfig, kubectl
from tests.engines import BASE_IMAGE
from tests.helpers import write_script
from tests.targets.kubernetes.watched import watched as watched
from tests.targets.kubernetes.way import Way, way_to

SCRIPT = """
import socket
import time

from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def init():
    time.sleep({pause})

@rawhttp
def run(request):
    return AMLResponse({{"pod": socket.gethostname(), "answer": {answer!r}, "got": len(request.get_data())}}, 200, json_str=True)
"""
_ROUTER_IMAGE = "jupyter-deploy-tests/router:debian"
_ROUTER = f"""\
FROM {BASE_IMAGE}
RUN apt-get update && apt-get install --yes --no-install-recommends nginx-light && rm -rf /var/lib/apt/lists/*
"""


@dataclass(frozen=True)
class Tunnelled:
    """A service that is reached through a tunnel.

    Parameters
    ----------
    service : of two pods. way : that it and its cluster are reached by. folder : for scripts.
    """

    service: AksWebservice
    way: Way
    folder: Path

    def script(self, answer: str, pause: float = 0) -> InferenceConfig:
        return script(self.folder, answer, pause)

    def pods(self) -> set[str]:
        """The names of its pods that are not on their way out."""
        service = self.service
        label = f"jupyter-deploy/workspace={service.workspace.folder.id},jupyter-deploy/service={service.name}"
        shown = "{range .items[*]}{.metadata.name} {.metadata.deletionTimestamp}{'\\n'}{end}"
        lines = kubectl("get", "pods", "-l", label, "-o", f"jsonpath={shown}").splitlines()
        return {line.split()[0] for line in lines if len(line.split()) == 1}


def script(folder: Path, answer: str, pause: float = 0) -> InferenceConfig:
    """A script that says which pod answers, what, and how many bytes it got."""
    return InferenceConfig(str(write_script(folder, SCRIPT.format(answer=answer, pause=pause))), base_image=BASE_IMAGE)


def deployed(workspace: Workspace, name: str, config: InferenceConfig, **options: object) -> AksWebservice:
    """A small service of one pod, unless the options say otherwise, that has just been deployed."""
    given = {"num_replicas": 1, "cpu_cores": 0.05, "auth_enabled": False, "compute_target_name": COMPUTE, **options}
    service = Model.deploy(workspace, name, [], config, AksWebservice.deploy_configuration(**given))
    service.wait_for_deployment()
    assert isinstance(service, AksWebservice)
    return service


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace of the test's own; at the end the cluster ends what it has there."""
    made = Workspace(tmp_path / "workspace")
    yield made
    clear(made)


@pytest.fixture(scope="session")
def router_image(docker_engine: None, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image with a public proxy, for a router."""
    import docker

    context = tmp_path_factory.mktemp("router")
    (context / "Dockerfile").write_text(_ROUTER)
    with contextlib.closing(docker.from_env()) as engine:
        engine.images.build(path=str(context), tag=_ROUTER_IMAGE)
    return _ROUTER_IMAGE


@pytest.fixture(scope="session")
def _tunnelled(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tunnelled]:
    folder = tmp_path_factory.mktemp("tunnelled")
    workspace = Workspace(folder / "workspace")
    way, path = way_to(kubeconfig(), folder)
    ComputeTarget.attach(
        workspace, COMPUTE, KubernetesCompute.attach_configuration(kubeconfig=str(path), namespace=NAMESPACE)
    )
    more = {"replica_max_concurrent_requests": 16, "max_request_wait_time": 10_000, "max_body_mb": 110}
    service = deployed(workspace, "tunnelled", script(folder, "one"), reach="port-forward", num_replicas=2, **more)
    yield Tunnelled(service, way, folder)
    clear(workspace)
    way.cut()


@pytest.fixture
def tunnelled(_tunnelled: Tunnelled) -> Tunnelled:
    """The shared one; what an earlier test left stopped is started, so that one failure stays one."""
    _tunnelled.service.start()
    return _tunnelled
