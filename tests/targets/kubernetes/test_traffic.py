"""Versions side by side on a cluster: who answers how many of the requests, and that none fails while that changes."""

from __future__ import annotations

import http.client
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jupyter_deploy import AksWebservice, InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.errors import OperationFailed
from tests.clients import clients_of, wait_for_answers
from tests.clusters import attached, clear, kubectl
from tests.engines import BASE_IMAGE
from tests.helpers import READS_ITS_MODEL, register_text, wait_until, write_script
from tests.services import has_begun, operation_of, process_of

NAME = "canary"
REQUESTS = 2000
PAUSE = 0.02
"""Seconds between two requests of a client."""


@pytest.fixture(scope="module")
def service(cluster: None, router_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A service of one pod; version 1 answers "one", version 2 has come up beside it, answers "two", and has 10 % of the requests."""
    folder = tmp_path_factory.mktemp("traffic")
    workspace = Workspace(folder / "workspace")
    options = AksWebservice.deploy_configuration(
        num_replicas=1, auth_enabled=False, replica_max_concurrent_requests=16, max_request_wait_time=5000,
        router_image=router_image,
    )  # fmt: skip
    config = InferenceConfig(str(write_script(folder, READS_ITS_MODEL)), base_image=BASE_IMAGE)
    made = Model.deploy(workspace, NAME, [register_text(workspace)], config, options, attached(workspace))
    try:
        made.wait_for_deployment()
        change(made, "update", [register_text(workspace, "two")], traffic_percentile=10)
        yield made
    finally:
        clear(workspace)


def answers(service: Webservice, count: int, headers: dict[str, str] | None = None) -> Counter[str]:
    """What so many requests are answered, on four connections that are kept."""
    address = urlsplit(service.scoring_uri or "")

    def ask(number: int) -> list[str]:
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
        found = []
        for _ in range(count // 4):
            connection.request("POST", address.path, b"{}", {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            text = answer.read().decode()
            found.append(json.loads(text) if answer.status == 200 else f"{answer.status} {text}")
        connection.close()
        return found

    with ThreadPoolExecutor(4) as pool:
        return Counter(text for texts in pool.map(ask, range(4)) for text in texts)


def change(service: Webservice, what: str, *given: object, **named: object) -> None:
    """Change who answers, under load; no request may fail meanwhile."""
    with clients_of(service.scoring_uri, 4, pause=PAUSE) as clients:
        wait_for_answers(clients)
        getattr(service, what)(*given, **named)
        service.wait_for_deployment()
        wait_for_answers(clients)
    assert {outcome for client in clients for outcome in client.outcomes} == {200}


def pods(service: Webservice) -> dict[str, str]:
    """The pods that serve versions and are not on their way out, by what began them, with their unique ids."""
    label = f"jupyter-deploy/service={service.name},jupyter-deploy/workspace={service.workspace.folder.id}"
    found = json.loads(kubectl("get", "pods", "-l", label, "-o", "json"))["items"]
    return {
        pod["metadata"]["labels"]["jupyter-deploy/version"]: pod["metadata"]["uid"]
        for pod in found
        if "deletionTimestamp" not in pod["metadata"]
    }


def scored(service: Webservice, version: int) -> float:
    """How many scoring requests a version has answered, as it counts them itself."""
    address = urlsplit(service.scoring_uri or "")
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
    connection.request("GET", "/metrics", headers={"x-jupyter-deploy-version": str(version)})
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    counts = [line for line in lines if line.startswith("scoring_requests_total") and 'path="/score"' in line]
    return sum(float(line.rpartition(" ")[2]) for line in counts)


def test_each_version_answers_its_share_of_the_requests(service: Webservice) -> None:
    found = answers(service, REQUESTS)
    assert set(found) == {"one", "two"}
    assert abs(found["two"] / REQUESTS - 0.10) < 0.03
    assert (service.traffic, service.version, service.state) == ({"1": 90, "2": 10}, 1, "Healthy")
    assert service.view.status.details["serving"] == 2


def test_a_header_reaches_one_version(service: Webservice) -> None:
    assert answers(service, 100, {"x-jupyter-deploy-version": "2"}) == {"two": 100}
    assert answers(service, 100, {"X-Jupyter-Deploy-Version": "1"}) == {"one": 100}
    missing = answers(service, 4, {"x-jupyter-deploy-version": "3"})
    assert missing == {"404 no version 3 runs here: x-jupyter-deploy-version takes 1, 2\n": 4}


@pytest.mark.soak
def test_who_is_killed_half_way_leaves_what_served(service: Webservice) -> None:
    before = pods(service)
    with clients_of(service.scoring_uri, 4, pause=PAUSE) as clients:
        wait_for_answers(clients)
        service.update([register_text(service.workspace, "three")], traffic_percentile=10)
        operation = operation_of(service)
        wait_until(lambda: has_begun(operation, "start") and len(pods(service)) == 3, 60)
        os.kill(process_of(operation).pid, signal.SIGKILL)
        with pytest.raises(OperationFailed):
            service.wait_for_deployment()
        wait_for_answers(clients)
    assert {outcome for client in clients for outcome in client.outcomes} == {200}
    assert {answer for client in clients for answer in client.answers} <= {b'"one"', b'"two"'}
    assert (service.traffic, service.state) == ({"1": 90, "2": 10}, "Healthy")
    assert before.items() <= pods(service).items()


@pytest.mark.soak
def test_an_abort_returns_to_what_served_in_the_pods_that_it_has(service: Webservice) -> None:
    before = pods(service)
    change(service, "abort")
    assert answers(service, 20) == {"one": 20}
    assert (service.traffic, service.version, service.state) == ({"1": 100}, 1, "Healthy")
    assert pods(service) == {"1": before["1"]}  # and nothing is left of the one that was killed


@pytest.mark.soak
def test_copies_reach_a_version_whose_answers_nobody_gets(service: Webservice) -> None:
    change(service, "set_traffic", {"1": 100}, mirror={"2": 50})
    assert (service.traffic, service.mirror) == ({"1": 100}, {"2": 50})
    copied = scored(service, 2)
    assert answers(service, 400) == {"one": 400}
    wait_until(lambda: scored(service, 2) > copied + 100)
    assert scored(service, 2) - copied < 300


@pytest.mark.soak
def test_what_is_promoted_serves_alone_in_the_pods_that_it_has(service: Webservice) -> None:
    before = pods(service)
    change(service, "promote")
    assert answers(service, 20) == {"two": 20}
    assert pods(service) == {"2": before["2"]}
    assert (service.traffic, service.version, service.state) == ({"2": 100}, 2, "Healthy")
    names = kubectl("get", "deployments,services,configmaps", "-l", f"jupyter-deploy/service={NAME}", "-o", "name")
    kinds = sorted(name.partition("/")[0].partition(".")[0] for name in names.split())
    assert kinds == ["configmap", "deployment", "service"]


@pytest.mark.soak
def test_an_update_of_what_was_promoted_loses_no_request(service: Webservice, tmp_path: Path) -> None:
    change(service, "set_traffic", {"2": 100})
    louder = write_script(tmp_path, READS_ITS_MODEL.replace("return answer", "return answer.upper()"))
    change(service, "update", inference_config=InferenceConfig(str(louder), base_image=BASE_IMAGE))
    assert answers(service, 4) == {"TWO": 4}
    change(service, "rollback")
    assert answers(service, 4) == {"two": 4}


@pytest.mark.soak
def test_a_router_that_does_not_come_up_leaves_what_served(service: Webservice, router_image: str) -> None:
    change(service, "set_traffic", {"2": 100})
    change(service, "update", router_image=BASE_IMAGE)  # in which there is no nginx
    newest = str(service.version)
    service.set_traffic({"1": 50, newest: 50})
    with pytest.raises(OperationFailed, match="the router does not come up") as failed:
        service.wait_for_deployment()
    assert "router_image" in failed.value.remedy
    assert (service.traffic, service.state) == ({newest: 100}, "Healthy")
    wait_until(lambda: list(pods(service)) == ["2"])  # the other's go a little later than their Deployment
    change(service, "update", router_image=router_image)


@pytest.mark.soak
def test_a_stop_and_a_start_keep_the_shares(service: Webservice) -> None:
    change(service, "set_traffic", {"1": 20, "2": 80})
    service.stop()
    assert (service.state, service.traffic) == ("Stopped", {"1": 20, "2": 80})
    assert pods(service) == {}
    service.start()
    assert set(answers(service, 60)) == {"one", "two"}
    assert (service.state, service.traffic) == ("Healthy", {"1": 20, "2": 80})


@pytest.mark.soak
def test_a_deletion_takes_all_away(service: Webservice) -> None:
    change(service, "set_traffic", {"1": 50, "2": 50})
    service.delete()
    kinds = "pods,deployments,replicasets,services,configmaps,serviceaccounts,networkpolicies"
    found = json.loads(kubectl("get", kinds, "-o", "json"))["items"]
    left = [about for about in (each["metadata"] for each in found) if service.workspace.folder.id in about["name"]]
    assert [about["name"] for about in left if "deletionTimestamp" not in about] == []
