"""Updates of a service on a cluster: no request fails, whatever is changed, and what did not change is not started anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy import AksWebservice, InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.errors import OperationFailed
from tests.clients import clients_of, wait_for_answers
from tests.clusters import attached, clear, kubectl
from tests.engines import BASE_IMAGE
from tests.helpers import write_script

SCRIPT = "import time\n\ndef init():\n    {begin}\n\ndef run(data):\n    time.sleep(0.05)\n    return {answer}\n"


def config(folder: Path, answer: int, begin: str = "pass") -> InferenceConfig:
    script = write_script(folder, SCRIPT.format(answer=answer, begin=begin))
    return InferenceConfig(str(script), base_image=BASE_IMAGE)


@pytest.fixture(scope="module")
def service(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A service of one pod that answers 1, and lets many requests in at once."""
    folder = tmp_path_factory.mktemp("updates")
    workspace = Workspace(folder / "workspace")
    options = AksWebservice.deploy_configuration(
        num_replicas=1, auth_enabled=False, replica_max_concurrent_requests=16, max_request_wait_time=5000
    )
    made = Model.deploy(workspace, "steady", [], config(folder, 1), options, attached(workspace))
    made.wait_for_deployment()
    yield made
    clear(workspace)


def pods(service: Webservice) -> set[str]:
    """The pods that are not on their way out."""
    label = f"jupyter-deploy/service={service.name},jupyter-deploy/workspace={service.workspace.folder.id}"
    found = json.loads(kubectl("get", "pods", "-l", label, "-o", "json"))["items"]
    return {pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]}


def test_an_update_and_its_rollback_lose_no_request(service: Webservice, tmp_path: Path) -> None:
    with clients_of(service.scoring_uri) as clients:
        wait_for_answers(clients)
        service.update(inference_config=config(tmp_path, 2))
        service.wait_for_deployment()
        wait_for_answers(clients)
        service.rollback()
        service.wait_for_deployment()
        wait_for_answers(clients)
    assert {outcome for client in clients for outcome in client.outcomes} == {200}
    assert {answer for client in clients for answer in client.answers} == {b"1", b"2"}


@pytest.mark.soak
def test_another_number_of_pods_starts_none_anew(service: Webservice) -> None:
    before = pods(service)
    service.update(num_replicas=2)
    service.wait_for_deployment()
    assert before < pods(service)
    service.update(num_replicas=1)
    service.wait_for_deployment()
    assert len(pods(service)) == 1


@pytest.mark.soak
def test_a_restart_starts_every_pod_anew(service: Webservice) -> None:
    before = pods(service)
    service.restart()
    assert not before & pods(service)
    assert service.run('{"data": 1}') == 1


@pytest.mark.soak
def test_an_update_that_does_not_start_returns_to_what_served(service: Webservice, tmp_path: Path) -> None:
    with clients_of(service.scoring_uri) as clients:
        wait_for_answers(clients)
        service.update(inference_config=config(tmp_path, 3, "raise ValueError('no such file')"))
        with pytest.raises(OperationFailed, match="no such file"):
            service.wait_for_deployment()
        wait_for_answers(clients)
    assert {outcome for client in clients for outcome in client.outcomes} == {200}
    assert {answer for client in clients for answer in client.answers} == {b"1"}
    assert service.state == "Healthy"
