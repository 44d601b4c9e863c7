"""Images of services on a cluster that was attached with a registry: pushed there, and pulled by its nodes with Docker's own login."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import ImageNotFound

from jupyter_deploy import AksWebservice, InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.errors import OperationFailed
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.failures import explain
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.phases import phase_of
from tests.clusters import COMPUTE, NAMESPACE, attached, kubeconfig, kubectl
from tests.contract.test_secrets import holders_of
from tests.engines import BASE_IMAGE
from tests.helpers import wait_until, write_script
from tests.registries import PASSWORD, USER, ImageRegistry
from tests.services import operation_of

pytestmark = pytest.mark.usefixtures("cluster")
NAME = "carried"


@pytest.fixture(autouse=True)
def docker_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's configuration: a file of the test's own, with no login yet."""
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return folder / "config.json"


@pytest.fixture(autouse=True)
def engine(cluster: None) -> Iterator[docker.DockerClient]:
    """The nodes' engine; what they pulled goes at the end."""
    client = docker.from_env()
    yield client
    names = [name for image in client.api.images() for name in image["RepoTags"] or ()]
    for name in (name for name in names if f"/jupyter-deploy/{NAME}:" in name):
        with contextlib.suppress(ImageNotFound):  # the push of a test that was ended may take its name away only now
            client.api.remove_image(name, force=True)
    client.close()


def log_in(configuration: Path, registry: str) -> None:
    """Write what ``docker login`` does."""
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    configuration.write_text(json.dumps({"auths": {registry: {"auth": auth}}}))


def begin(workspace: Workspace, registry: ImageRegistry) -> Webservice:
    script = InferenceConfig(str(write_script(workspace.path.parent)), base_image=BASE_IMAGE)
    options = AksWebservice.deploy_configuration(num_replicas=1, auth_enabled=False)
    return Model.deploy(workspace, NAME, [], script, options, attached(workspace, f"{registry.address}/team"))


def pushed(service: Webservice) -> list[dict[str, Any]]:
    """What the newest operation told of its push."""
    return [event.facts for event in operation_of(service).events() if event.kind == "moved" and event.step == "push"]


def secrets() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(kubectl("get", "secrets", "-o", "json"))["items"]
    return [secret for secret in found if secret["type"] == "kubernetes.io/dockerconfigjson"]


@pytest.mark.soak
def test_an_image_goes_through_a_guarded_registry_and_its_login_nowhere_else(
    workspace: Workspace, guarded_registry: ImageRegistry, docker_configuration: Path, engine: docker.DockerClient
) -> None:
    log_in(docker_configuration, guarded_registry.address)
    service = begin(workspace, guarded_registry)
    service.wait_for_deployment()
    assert service.run("1") == "1"
    first = pushed(service)[-1]
    assert first["image"].startswith(f"{guarded_registry.address}/team/jupyter-deploy/{NAME}:")
    assert first["digest"].startswith("sha256:")
    events = kubectl("get", "events", "--field-selector", "reason=Pulled", "-o", "jsonpath={.items[*].message}")
    assert f'Successfully pulled image "{first["image"]}"' in events

    (secret,) = secrets()
    assert secret["metadata"]["ownerReferences"][0]["kind"] == "Service"
    documents = kubectl("get", "deployments,pods,replicasets,events,configmaps", "-o", "yaml")
    assert PASSWORD not in documents
    assert holders_of(PASSWORD, workspace.path) == []
    encoded = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert holders_of(encoded, workspace.path) == []


@pytest.mark.soak
def test_what_did_not_change_is_not_pushed_again_and_the_login_goes_with_the_service(
    workspace: Workspace, guarded_registry: ImageRegistry, docker_configuration: Path
) -> None:
    log_in(docker_configuration, guarded_registry.address)
    service = begin(workspace, guarded_registry)
    service.wait_for_deployment()
    (first,) = pushed(service)
    service.restart()
    assert pushed(service) == [{"image": first["image"], "cached": True}]
    service.delete()
    assert secrets() == []


@pytest.mark.soak
def test_without_a_login_there_is_no_secret(workspace: Workspace, open_registry: ImageRegistry) -> None:
    service = begin(workspace, open_registry)
    service.wait_for_deployment()
    assert service.run("1") == "1"
    assert secrets() == []


def test_a_registry_that_does_not_take_it_is_said_before_anything_is_applied(
    workspace: Workspace, guarded_registry: ImageRegistry
) -> None:
    service = begin(workspace, guarded_registry)
    with pytest.raises(
        OperationFailed, match=r"the image cannot be pushed: .* asks for credentials, and there are none"
    ):
        service.wait_for_deployment()
    assert kubectl("get", "deployments", "-o", "name", "-l", f"jupyter-deploy/workspace={workspace.folder.id}") == ""


def test_a_node_that_may_not_pull_says_why(guarded_registry: ImageRegistry) -> None:
    registry = f"{guarded_registry.address}/team"
    image = f"{registry}/nothing:1"
    kubectl("run", "service", "--image", image, "--restart", "Never")
    try:
        pod = wait_until(trouble, 60)
        compute = Compute(COMPUTE, str(kubeconfig()), "", NAMESPACE, registry)
        with Cluster(compute) as cluster:
            error = explain(cluster, pod, phase_of(pod), KubernetesOptions())
    finally:
        kubectl("delete", "pod", "service", "--wait=false")
    assert error.what == (
        f"a node cannot get the image {image}: {registry} did not give it:"
        " it asks for credentials, and does not accept those that the nodes have"
    )
    assert "no basic auth" in error.why
    assert f"docker login {guarded_registry.address}" in error.remedy


def trouble() -> dict[str, Any] | None:
    pod: dict[str, Any] = json.loads(kubectl("get", "pod", "service", "-o", "json"))
    phase = phase_of(pod)
    return pod if phase.is_wrong and "Back-off" not in phase.text else None
