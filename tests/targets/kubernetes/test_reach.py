"""How a service on a cluster is reached: each way is tried, but for ports of the nodes, which all other tests use."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from jupyter_deploy import AksWebservice, Model, Workspace
from jupyter_deploy.engine.places import bundle_folder
from jupyter_deploy.engine.services import where
from jupyter_deploy.errors import ScoringFailed, TargetError
from jupyter_deploy.images.dockerfile import PORT
from jupyter_deploy.targets.base import Release
from jupyter_deploy.targets.kubernetes import reach
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord
from tests.clusters import COMPUTE, NAMESPACE, attached, kubeconfig, kubectl
from tests.helpers import post, wait_until
from tests.targets.kubernetes.conftest import Tunnelled, deployed, script
from tests.targets.kubernetes.way import Way

OWN_ADDRESS = f"127.77.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
"""An address of this machine that nobody else has."""


@pytest.fixture
def lab(cluster: None) -> Iterator[Cluster]:
    with Cluster(Compute("lab", str(kubeconfig()), "", NAMESPACE)) as connected:
        yield connected


def shown(service: AksWebservice) -> dict[str, Any]:
    """The Service as the cluster has it."""
    label = f"jupyter-deploy/service={service.name},jupyter-deploy/workspace={service.workspace.folder.id}"
    found: dict[str, Any] = json.loads(kubectl("get", "services", "-l", label, "-o", "json"))["items"][0]
    return found


def give_address(name: str, host: str) -> None:
    """Do what a cloud does for a Service of the type LoadBalancer."""
    status = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": host}]}}})
    kubectl("patch", "service", name, "--subresource=status", "--type=merge", "-p", status)


@pytest.mark.soak
def test_a_load_balancers_address_is_waited_for_and_kept(cluster: None, workspace: Workspace, tmp_path: Path) -> None:
    attached(workspace)
    options = AksWebservice.deploy_configuration(
        reach="load-balancer", num_replicas=1, cpu_cores=0.05, auth_enabled=False, compute_target_name=COMPUTE
    )
    service = Model.deploy(workspace, "balanced", [], script(tmp_path, "one"), options)
    operation = service.operation
    assert isinstance(service, AksWebservice)
    assert operation is not None
    wait_until(lambda: any("waiting for an address of its own" in event.text for event in operation.events()), 60)
    found = shown(service)
    assert found["spec"]["type"] == "LoadBalancer"
    cloud = Way(("127.0.0.1", found["spec"]["ports"][0]["nodePort"]), (OWN_ADDRESS, 80))
    try:
        give_address(found["metadata"]["name"], OWN_ADDRESS)
        service.wait_for_deployment()
        assert (service.state, service.reach) == ("Healthy", "load-balancer")
        assert service.scoring_uri == f"http://{OWN_ADDRESS}/score"
        assert post(service.scoring_uri).json["answer"] == "one"
    finally:
        cloud.cut()


def test_a_cluster_that_gives_no_address_is_said_with_its_own_words(lab: Cluster) -> None:
    kubectl("create", "service", "loadbalancer", "unbalanced", "--tcp=80")
    told: list[str] = []
    report = lambda text, **_: told.append(text)  # noqa: E731
    with pytest.raises(
        TargetError, match=r"no address of its own within 0 s\n.*say nothing of it.*\n.*reach=node-port"
    ):
        reach.balancer_host(lab, NAMESPACE, "unbalanced", report, patience=0.1)
    assert told == ["waiting for an address of its own (load balancer)"]
    about = {"generateName": "unbalanced", "namespace": NAMESPACE}
    event = {
        "apiVersion": "v1", "kind": "Event", "metadata": about, "reason": "SyncLoadBalancerFailed",
        "message": "the subscription allows no more addresses",
        "involvedObject": {"kind": "Service", "name": "unbalanced", "namespace": NAMESPACE},
    }  # fmt: skip
    kubectl("create", "-f", "-", stdin=json.dumps(event))
    with pytest.raises(TargetError, match="SyncLoadBalancerFailed: the subscription allows no more addresses"):
        reach.balancer_host(lab, NAMESPACE, "unbalanced", report, patience=0.1)


@pytest.mark.soak
def test_a_service_for_its_cluster_alone_has_an_address_there(
    cluster: None, workspace: Workspace, tmp_path: Path
) -> None:
    attached(workspace)
    service = deployed(workspace, "inner", script(tmp_path, "one"), reach="cluster")
    name = shown(service)["metadata"]["name"]
    assert (service.state, service.reach) == ("Healthy", "cluster")
    assert service.scoring_uri == f"http://{name}.{NAMESPACE}.svc/score"
    with pytest.raises(
        ScoringFailed, match=rf"'inner' is reached from within its cluster alone, at {service.scoring_uri}"
    ):
        service.run("1")
    request = f"u.Request('http://127.0.0.1:{PORT}/score', b'1', {{'Host': '{name}.{NAMESPACE}.svc'}})"
    ask = f"import urllib.request as u; print(u.urlopen({request}).read())"
    pod = kubectl("get", "pods", "-l", f"jupyter-deploy/workspace={workspace.folder.id}", "-o", "name").split()[0]
    assert "one" in kubectl("exec", pod, "--", "python", "-c", ask)


@pytest.mark.soak
def test_where_no_node_is_reached_a_service_gets_a_tunnel(
    tunnelled: Tunnelled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, told = tunnelled.service, []
    folder, view = service.workspace.folder, service.view
    target, place = where(folder, view)
    assert view.current is not None
    options = target.options.from_json({**view.options, "numReplicas": 1}, "options").replaced({"reach": None})
    image = kubectl("get", "deployments", "-o", "jsonpath={.items[0].spec.template.spec.containers[0].image}")
    release = Release(1, bundle_folder(folder, service.name, view.current.bundle), options, runtime=image)
    place = replace(place, service="remote", folder=tmp_path)
    monkeypatch.setattr(reach, "node_hosts", lambda _: ["192.0.2.1"])  # which leads nowhere
    monkeypatch.setattr(reach, "FEW_SECONDS", 0.1)
    try:
        with target.bring_up(place, release, lambda text, **_: told.append(text)) as candidate:
            status = candidate.take_over()
        assert "its nodes are not reached from here; it gets a tunnel (reach=port-forward)" in told
        assert target.status(place).details["reach"] == "port-forward"
        assert status.scoring_uri is not None
        assert post(status.scoring_uri).status == 200
        kinds = kubectl(
            "get", "service", f"remote-{place.workspace}", "-o", "jsonpath={.spec.type} {.spec.ports[0].nodePort}"
        )
        assert kinds.strip() == "ClusterIP"
    finally:
        target.delete(place)
    assert list(tmp_path.iterdir()) == []


def test_the_hosts_of_nodes_begin_with_where_the_api_answers(lab: Cluster) -> None:
    hosts = reach.node_hosts(lab)
    nodes = json.loads(kubectl("get", "nodes", "-o", "json"))["items"]
    internal = {
        each["address"] for node in nodes for each in node["status"]["addresses"] if each["type"] == "InternalIP"
    }
    assert hosts[0] == socket.gethostbyname(hosts[0])
    assert internal <= set(hosts)


@contextmanager
def node(*versions: str) -> Iterator[tuple[KubernetesRecord, list[str]]]:
    """A node that sends what comes to pods of these versions, the last of which stays; the record of a service there, and who answered."""
    coming, answered = list(versions), list[str]()

    class Pods(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answered.append(coming.pop(0) if len(coming) > 1 else coming[0])
            self.send_response(200)
            if answered[-1]:
                self.send_header("service-version", answered[-1])
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Pods) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield KubernetesRecord("ns", 2, reach.NODE_PORT, "127.0.0.1", server.server_port, False), answered
        server.shutdown()


def test_a_version_is_waited_for_until_no_other_one_answers_here() -> None:
    with node("1", "2", "2", "1", "2") as (record, answered):
        reach.lead_to(record, "2")
        assert answered[:5] == ["1", "2", "2", "1", "2"]
        assert set(answered[4:]) == {"2"}
        assert len(answered) > 10


def test_a_server_of_before_that_does_not_say_its_version_is_not_waited_for() -> None:
    with node("") as (record, answered):
        reach.lead_to(record, "2")
        assert answered == [""]
