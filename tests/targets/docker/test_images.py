"""Images of services as an InferenceConfig asks for them: where they come from, and what is refused before one is made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker
import pytest

from jupyter_deploy import Environment, InferenceConfig, LocalWebservice, Model, Webservice, Workspace
from jupyter_deploy.errors import OperationFailed, TargetError
from jupyter_deploy.images.recipe import Recipe
from jupyter_deploy.targets.base import Place, Release
from jupyter_deploy.targets.docker import gpu
from jupyter_deploy.targets.docker.containers import Containers
from jupyter_deploy.targets.docker.options import LocalOptions
from tests.contract.test_secrets import holders_of, tellers_of
from tests.engines import BASE_IMAGE
from tests.helpers import processes_of, write_script
from tests.images.test_pull import private_image
from tests.registries import PASSWORD, USER, ImageRegistry
from tests.services import operation_of

pytestmark = pytest.mark.usefixtures("docker_engine")
NAME = "imaged-service"
READS_A_FILE = """
from pathlib import Path

def init():
    pass

def run(data):
    return Path("/hello").exists()
"""


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


def begin(workspace: Workspace, script: str, **settings: Any) -> Webservice:
    inference = InferenceConfig(str(write_script(workspace.path.parent, script)), **settings)
    return Model.deploy(workspace, NAME, [], inference, LocalWebservice.deploy_configuration())


def test_an_image_comes_from_a_guarded_registry_and_the_password_goes_nowhere(
    workspace: Workspace, engine: docker.DockerClient, guarded_registry: ImageRegistry
) -> None:
    private = private_image(engine, guarded_registry.address)
    login = {"address": guarded_registry.address, "username": USER, "password": PASSWORD}
    text = f"FROM {private} AS tiny\nFROM {BASE_IMAGE}\nCOPY --from=tiny /hello /hello\nUSER nobody\n"
    environment = Environment.from_dockerfile("mine", text, container_registry=login)
    service = begin(workspace, READS_A_FILE, environment=environment)
    told = tellers_of(PASSWORD, processes_of(workspace))
    service.wait_for_deployment()
    assert service.run("{}") is True
    events = [event.text for event in operation_of(service).events()]
    assert "base_dockerfile: this runs as root in the build" in events
    assert f"pulling {private}" in events

    assert told == tellers_of(PASSWORD, processes_of(workspace)) == []
    (holder,) = holders_of(PASSWORD, workspace.path)
    assert holder.relative_to(workspace.path).parts == ("secrets", f"{NAME}.logins")
    assert holder.stat().st_mode & 0o777 == 0o600
    container = engine.containers.get(f"jupyter-deploy-{workspace.folder.id}-{NAME}")
    assert container.image is not None
    shown = [container.attrs, container.image.attrs, container.image.history(), service.get_logs(), service.serialize()]
    assert PASSWORD not in json.dumps(shown)
    assert PASSWORD not in f"{service!r} {environment!r} {service._repr_html_()} {service.history()}"
    service.delete()
    assert holders_of(PASSWORD, workspace.path) == []
    engine.images.remove(private)


def test_without_a_runtime_for_gpus_nothing_is_pulled_or_built(workspace: Workspace) -> None:
    service = begin(workspace, READS_A_FILE, enable_gpu=True, base_image="localhost:1/nowhere/python")
    with pytest.raises(OperationFailed) as raised:
        service.wait_for_deployment()
    assert raised.value.what == "enable_gpu is given, and the Docker Engine has no GPU runtime 'nvidia'"
    assert "NVIDIA Container Toolkit" in raised.value.remedy
    assert not [event for event in operation_of(service).events() if "pulling" in event.text]


def test_an_engine_with_the_runtime_is_taken() -> None:
    def engine(*runtimes: str) -> docker.DockerClient:
        return cast(docker.DockerClient, SimpleNamespace(info=lambda: {"Runtimes": {name: {} for name in runtimes}}))

    gpu.require(engine("runc", "nvidia"))
    with pytest.raises(TargetError) as raised:
        gpu.require(engine("runc", "crun"))
    assert raised.value.why == "Its runtimes are crun, runc."


@pytest.mark.parametrize("has_gpu", [False, True])
def test_the_engine_is_asked_for_all_gpus_where_they_are_wanted(
    has_gpu: bool, tmp_path: Path, engine: docker.DockerClient
) -> None:
    ours = Containers(engine, Place("12345678", NAME, tmp_path, None))
    release = Release(1, tmp_path, LocalOptions(), BASE_IMAGE, Recipe(gpu=has_gpu))
    made = ours.create(release, "twin", None)
    try:
        made.reload()
        requests = made.attrs["HostConfig"]["DeviceRequests"] or []
        assert [(each["Driver"], each["Count"]) for each in requests] == ([("nvidia", -1)] if has_gpu else [])
    finally:
        made.remove()
