"""Services on engines that are reached over TLS, on this machine and as on another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.errors import DeployError
from tests.goldens import assert_golden
from tests.helpers import ECHO, post
from tests.own_engine import OwnEngine
from tests.targets.docker.test_local import NAME, Local


@pytest.fixture
def local(own_engine: OwnEngine, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Local:
    monkeypatch.setenv("DOCKER_HOST", own_engine.over_tls)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own_engine.certificates / "cert.pem"))  # for other servers
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(own_engine.certificates))
    return Local(workspace, tmp_path)


def left(engine: OwnEngine) -> list[str]:
    with engine.client() as client:
        return [str(container.name) for container in client.containers.list(all=True)]


def updated(service: Webservice, local: Local) -> Webservice:
    service.update(inference_config=local.config(ECHO + "\n# changed\n"))
    service.wait_for_deployment()
    return service


def test_the_whole_life_of_a_service_on_an_engine_over_tls(local: Local, own_engine: OwnEngine) -> None:
    service = local.serve()
    assert str(service.scoring_uri).startswith("http://127.0.0.1:")
    assert service.run("[1]") == "[1]"
    assert updated(service, local).version == 2
    assert (service.state, service.run("[2]")) == ("Healthy", "[2]")
    service.delete()
    assert left(own_engine) == []


def test_a_service_on_another_machines_engine_is_reached_there(
    local: Local, own_engine: OwnEngine, monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> None:
    machine = own_engine.as_remote.removeprefix("tcp://").partition(":")[0]
    monkeypatch.setenv("DOCKER_HOST", own_engine.as_remote)
    assert_golden("errors/docker/host_of_another_machine.txt", str(local.failure()), {machine: "MACHINE"})

    service = local.serve(host="0.0.0.0")
    uri = str(service.scoring_uri)
    assert uri.startswith(f"http://{machine}:")
    assert post(uri, "[1]").status == 401  # others reach it, so it asks for a key
    assert service.run("[1]") == "[1]"
    assert (updated(service, local).version, service.scoring_uri, service.state) == (3, uri, "Healthy")
    assert service.run("[2]") == "[2]"

    monkeypatch.delenv("DOCKER_HOST")
    other = f"runs on the Docker Engine at {own_engine.as_remote}, and the one in use is at unix:///var/run/docker.sock"
    seen = Webservice(workspace, NAME)
    assert (seen.state, seen.error) == ("Unknown", f"it {other}")
    with pytest.raises(DeployError) as refused:
        seen.delete()
    assert f"'{NAME}' {other}" in str(refused.value)

    monkeypatch.setenv("DOCKER_HOST", own_engine.as_remote)
    service.delete()
    assert left(own_engine) == []


def test_a_port_that_is_taken_on_another_machine_names_no_process_of_this_one(
    local: Local, own_engine: OwnEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", own_engine.as_remote)
    port = int(own_engine.as_remote.rpartition(":")[2])
    error = local.failure(host="0.0.0.0", port=port)
    assert f"cannot listen on 0.0.0.0, port {port}: " in str(error)
    assert "(process" not in str(error)
