"""A service that is reached through a tunnel: requests get through whatever becomes of pods, of the cluster's API and of the tunnel."""

from __future__ import annotations

import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psutil
import pytest

from jupyter_deploy import AksWebservice, Webservice
from jupyter_deploy.engine.services import where
from jupyter_deploy.errors import UserError
from jupyter_deploy.targets.kubernetes import tunnel
from tests.clients import clients_of, wait_for_answers
from tests.clusters import kubectl
from tests.helpers import post, processes_of, wait_for_end, wait_until
from tests.targets.kubernetes.conftest import Tunnelled

MB = 1024 * 1024


def asked(service: Webservice, body: bytes = b"1") -> dict[str, object]:
    """What it answers to a request on a connection of its own."""
    address = urlsplit(service.scoring_uri or "")
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        connection.request("POST", address.path, body)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        found: dict[str, object] = json.loads(response.read())
        return found
    finally:
        connection.close()


def tunnels(service: Webservice) -> list[psutil.Process]:
    """The processes that listen for it; those of its operations may be about to end."""
    return [each for each in processes_of(service.workspace) if any("forward" in word for word in each.info["cmdline"])]


def tunnel_of(service: Webservice) -> psutil.Process:
    """The process of its tunnel, of which there is one."""
    [process] = tunnels(service)
    return process


def test_the_handle_says_that_it_is_reached_through_a_tunnel(tunnelled: Tunnelled) -> None:
    service = tunnelled.service
    assert service.reach == service.serialize()["reach"] == "port-forward"
    assert "reach='port-forward'" in repr(service)
    assert (service.scoring_uri or "").startswith("http://127.0.0.1:")
    assert kubectl("get", "service", "-l", f"jupyter-deploy/service={service.name}", "-o", "name")
    assert "ClusterIP" in kubectl("get", "service", "-l", f"jupyter-deploy/service={service.name}")
    answer = service.run("12345")
    assert answer["pod"] in tunnelled.pods()
    assert answer["got"] == 5  # what it says besides, other tests of this service change


def test_connections_are_spread_over_the_pods_however_many_there_are_at_once(tunnelled: Tunnelled) -> None:
    assert {asked(tunnelled.service)["pod"] for _ in range(6)} == tunnelled.pods()
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: asked(tunnelled.service)["pod"], range(40)))
    assert set(answers) == tunnelled.pods()


@pytest.mark.soak
def test_hundreds_of_connections_are_carried_at_once(tunnelled: Tunnelled) -> None:
    address = urlsplit(tunnelled.service.scoring_uri or "")
    connections = [http.client.HTTPConnection(address.hostname or "", address.port, timeout=100) for _ in range(400)]
    for connection in connections:  # which have all sent something
        connection.putrequest("POST", address.path)
        connection.putheader("Content-Length", "2")
        connection.endheaders(b"1")
    for connection in connections:
        connection.send(b"2")
        assert connection.getresponse().status == 200
        connection.close()


def test_bodies_of_a_hundred_megabytes_get_through(tunnelled: Tunnelled) -> None:
    assert asked(tunnelled.service, bytes(100 * MB))["got"] == 100 * MB


def test_a_body_that_is_too_large_gets_its_answer(tunnelled: Tunnelled) -> None:
    address = urlsplit(tunnelled.service.scoring_uri or "")
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    connection.request("POST", address.path, bytes(111 * MB))
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.soak
def test_no_request_is_lost_in_a_rollout_and_none_when_a_pod_is_deleted(tunnelled: Tunnelled) -> None:
    service, before = tunnelled.service, tunnel_of(tunnelled.service)
    with clients_of(service.scoring_uri, 4) as clients:
        wait_for_answers(clients)
        service.update(inference_config=tunnelled.script("two"))
        service.wait_for_deployment()
        wait_for_answers(clients)
        kubectl("delete", "pod", sorted(tunnelled.pods())[0], "--wait=false")
        wait_for_answers(clients)
    assert {outcome for client in clients for outcome in client.outcomes} == {200}
    assert asked(service)["answer"] == "two"
    assert tunnel_of(service) == before


def test_a_pod_that_is_gone_at_once_is_not_asked_again(tunnelled: Tunnelled) -> None:
    wait_until(lambda: tunnelled.service.view.status.details["serving"] == 2, 60)
    gone = sorted(tunnelled.pods())[0]
    asked(tunnelled.service)  # so that it is remembered as ready
    kubectl("delete", "pod", gone, "--force", "--grace-period=0")
    assert gone not in {asked(tunnelled.service)["pod"] for _ in range(4)}


def test_requests_wait_while_the_api_is_away(tunnelled: Tunnelled) -> None:
    service, before = tunnelled.service, tunnel_of(tunnelled.service)
    tunnelled.way.cut()
    try:
        assert service.state == "Unknown"
        assert service.reach == "port-forward"
        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(asked, service) for _ in range(4)]
            assert not any(each.done() for each in waiting)
            threading.Event().wait(1)
            tunnelled.way.mend()
            assert {each.result()["got"] for each in waiting} == {1}
    finally:
        tunnelled.way.cut()
        tunnelled.way.mend()
    assert tunnel_of(service) == before


def test_a_tunnel_that_was_killed_is_said_and_comes_back_where_it_was(tunnelled: Tunnelled) -> None:
    service, pods = tunnelled.service, tunnelled.pods()
    before = (service.scoring_uri, service.version)
    process = tunnel_of(service)
    process.kill()
    wait_for_end(process)
    assert service.state == "Unhealthy"
    assert f"its pods serve, but its tunnel (process {process.pid}) was killed or crashed" in service.error
    assert "starting the service brings it back" in service.error
    assert not tunnels(service)  # looking starts nothing
    assert service.run("1")["got"] == 1  # which starts it
    assert (service.state, service.error) == ("Healthy", "")
    assert (service.scoring_uri, service.version) == before
    assert tunnelled.pods() == pods


def test_there_is_never_more_than_one_tunnel(tunnelled: Tunnelled) -> None:
    service, before = tunnelled.service, tunnel_of(tunnelled.service)
    target, place = where(service.workspace.folder, service.view)
    assert target.status(place).state == "Healthy"
    with ThreadPoolExecutor(4) as pool:
        ports = {pool.submit(tunnel.start, place, "any", 0).result() for _ in range(4)}
    assert ports == {urlsplit(service.scoring_uri or "").port}
    assert tunnel_of(service) == before


@pytest.mark.soak
def test_a_stopped_service_has_no_tunnel_and_comes_back_at_its_address(tunnelled: Tunnelled) -> None:
    service, before = tunnelled.service, tunnelled.service.scoring_uri
    service.stop()
    assert (service.state, service.error) == ("Stopped", "")
    with pytest.raises(OSError):
        post(before or "")
    with pytest.raises(UserError, match="does not serve, it is Stopped"):
        service.run("1")
    wait_until(lambda: not tunnels(service), 60)
    service.start()
    assert (service.state, service.scoring_uri) == ("Healthy", before)
    assert isinstance(service, AksWebservice)
    assert asked(service)["got"] == 1


@pytest.mark.soak
def test_versions_share_requests_through_a_tunnel_also_through_one_that_was_started_anew(
    tunnelled: Tunnelled, router_image: str
) -> None:
    service = tunnelled.service
    former = str(asked(service)["answer"])
    service.update(router_image=router_image)
    service.update(inference_config=tunnelled.script("beside"), traffic_percentile=50)
    service.wait_for_deployment()
    shares = service.traffic
    assert {asked(service)["answer"] for _ in range(30)} == {former, "beside"}
    process = tunnel_of(service)
    process.kill()
    wait_for_end(process)
    service.start()
    assert service.traffic == shares
    assert {asked(service)["answer"] for _ in range(30)} == {former, "beside"}
    service.promote()
    service.wait_for_deployment()
    assert {asked(service)["answer"] for _ in range(10)} == {"beside"}
