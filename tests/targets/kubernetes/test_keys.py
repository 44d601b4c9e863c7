"""Keys, secrets of tokens and certificates of services on a cluster: changed while pods serve, and used by all when the call returns."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import AksWebservice, InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes import keys
from tests.certificates import issued
from tests.clients import clients_of, wait_for_answers
from tests.clusters import attached, clear, kubectl
from tests.engines import BASE_IMAGE
from tests.helpers import post, wait_until, write_script

SCRIPT = "import time\n\ndef init(): pass\n\ndef run(data):\n    time.sleep(0.02)\n    return data\n"
ENOUGH = 24
"""Requests on connections of their own, of which each of two pods gets some: all to one would be a chance of one in eight million."""


def deployed(workspace: Workspace, name: str, **options: Any) -> Webservice:
    script = write_script(workspace.path.parent, SCRIPT)
    service = Model.deploy(
        workspace, name, [], InferenceConfig(str(script), base_image=BASE_IMAGE),
        AksWebservice.deploy_configuration(max_request_wait_time=5000, **options), attached(workspace),
    )  # fmt: skip
    service.wait_for_deployment()
    return service


@pytest.fixture(scope="module")
def service(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A service of two pods with keys."""
    workspace = Workspace(tmp_path_factory.mktemp("keys") / "workspace")
    yield deployed(workspace, "keyed", num_replicas=2, replica_max_concurrent_requests=16)
    clear(workspace)


def statuses(service: Webservice, key: str) -> set[int]:
    """What both pods answer to a key."""
    return {post(str(service.scoring_uri), 1, key).status for _ in range(ENOUGH)}


def pods_of(service: Webservice) -> list[dict[str, Any]]:
    label = f"jupyter-deploy/service={service.name},jupyter-deploy/workspace={service.workspace.folder.id}"
    found: list[dict[str, Any]] = json.loads(kubectl("get", "pods", "-l", label, "-o", "json"))["items"]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def ready(service: Webservice) -> list[str]:
    return [
        pod["metadata"]["name"] for pod in pods_of(service)
        if any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", ()))
    ]  # fmt: skip


def test_a_key_changes_in_every_pod_and_the_other_one_is_always_good(service: Webservice) -> None:
    primary, secondary = service.get_keys()
    pods = ready(service)
    assert len(pods) == 2
    with clients_of(service.scoring_uri, 2, key=secondary) as clients:
        wait_for_answers(clients)
        service.regen_key("Primary")
        assert statuses(service, primary) == {401}
        assert statuses(service, service.get_keys()[0]) == {200}
        wait_for_answers(clients)
    assert {outcome for client in clients for outcome in client.outcomes} == {200}
    assert ready(service) == pods  # none was started anew
    for pod in pods:
        log = kubectl("logs", pod)
        assert log.count("keys and certificate were read again") == 1
        assert service.get_keys()[0] not in log


@pytest.mark.soak
def test_keys_of_a_stopped_service_are_those_of_its_next_pods(service: Webservice) -> None:
    primary, _ = service.get_keys()
    service.stop()
    service.regen_key("Primary")
    service.start()
    assert statuses(service, primary) == {401}
    assert statuses(service, service.get_keys()[0]) == {200}


@pytest.mark.soak
def test_a_pod_that_does_not_say_so_is_named(service: Webservice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_PATIENCE", 0.5)
    monkeypatch.setattr(keys, "_hurry", lambda *_: None)  # so that its node takes its time
    with pytest.raises(TargetError) as caught:
        service.regen_key("Secondary")
    assert all(pod in caught.value.what for pod in ready(service))
    assert "a restart of the service" in caught.value.remedy
    monkeypatch.undo()
    service.regen_key("Secondary")
    assert statuses(service, service.get_keys()[1]) == {200}


@pytest.mark.soak
def test_a_pod_that_starts_meanwhile_has_the_new_key(service: Webservice) -> None:
    primary, _ = service.get_keys()
    kubectl("delete", "pod", ready(service)[0], "--wait=false")
    service.regen_key("Primary")
    assert 200 not in statuses(service, primary)
    wait_until(lambda: len(ready(service)) == 2, 60)
    assert statuses(service, primary) == {401}
    assert statuses(service, service.get_keys()[0]) == {200}


@pytest.mark.soak
def test_without_a_right_to_pods_it_takes_as_long_as_a_node_takes(
    service: Webservice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_hurry", lambda *_: None)
    primary, _ = service.get_keys()
    service.regen_key("Primary")
    assert statuses(service, primary) == {401}


@pytest.mark.soak
def test_the_secrets_of_tokens_change_in_every_pod(cluster: None, workspace: Workspace) -> None:
    service = deployed(workspace, "tokens", num_replicas=2, token_auth_enabled=True)
    token = service.get_access_token().access_token
    assert statuses(service, token) == {200}
    service.regen_key("Primary")
    assert statuses(service, token) == {200}  # it lives out its time
    service.regen_key("Secondary")
    assert statuses(service, token) == {401}
    assert statuses(service, service.get_access_token().access_token) == {200}


@pytest.mark.soak
def test_a_certificate_changes_in_every_pod(cluster: None, workspace: Workspace, tmp_path: Path) -> None:
    first, second = issued(tmp_path), issued(tmp_path, "second")
    service = deployed(workspace, "over-tls", num_replicas=2, **first.options)
    before = ready(service)
    service.update(**second.files)
    assert {served_certificate(service) for _ in range(ENOUGH)} == {second.certificate.read_text().strip()}
    assert ready(service) == before


def served_certificate(service: Webservice) -> str:
    """What a server sends on a new connection."""
    host, _, port = str(service.scoring_uri).partition("://")[2].partition("/")[0].partition(":")
    with contextlib.suppress(OSError):
        host = kubectl("get", "nodes", "-o", "jsonpath={.items[0].status.addresses[0].address}")
    return ssl.get_server_certificate((host, int(port))).strip()
