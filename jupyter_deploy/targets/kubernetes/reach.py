"""How a service on a cluster is reached from where the user sits."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place, Report, Status
from jupyter_deploy.targets.kubernetes import tunnel
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.names import dns_names
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord

if TYPE_CHECKING:
    from jupyter_deploy.targets.kubernetes.manifests import Plan

NODE_PORT, TUNNEL, BALANCER, CLUSTER = "node-port", "port-forward", "load-balancer", "cluster"
BOUND = ("", 0)
"""Where probes come from: a port that is bound, as Linux takes those from another half of its ports than those of who just connects.
What comes again from the port of a probe that found no way yet finds none for two minutes: the kernel remembers where it led.
"""
_LOOK_EVERY = 0.2
_PATIENCE = 20.0
"""Seconds until every node sends what comes to the service's port on to its pods."""
FEW_SECONDS = 5.0
"""The same where a tunnel does as well."""
_LEARNING = 10.0
"""Seconds that nodes may take to know that pods are not there any more."""
_SURE = 12
"""Answers in a row by which a version is taken to be alone: one of two others would have been met by then, but for once in 4,096 times."""
_BALANCER_PATIENCE = 300.0
"""Seconds that a cloud may take to give an address, and again until that leads to the pods."""
_ADDRESSES = ("ExternalIP", "ExternalDNS", "InternalIP")


class Unreachable(TargetError):
    """Nothing answers from here."""


def node_hosts(cluster: Cluster) -> list[str]:
    """The hosts at which a port of the nodes may be reached from here, best first: where the API answers, then the nodes' addresses."""
    api = urlsplit(cluster.server).hostname or ""
    nodes: Sequence[Object] = ()
    with contextlib.suppress(TargetError):  # who may use a namespace may often not see nodes
        nodes = cluster.get(path_of("Node"))["items"]
    found = [
        address["address"]
        for kind in _ADDRESSES
        for node in nodes
        for address in node["status"].get("addresses", ())
        if address["type"] == kind
    ]
    return list(dict.fromkeys([api, *found]))


def seen_from_here(place: Place, record: KubernetesRecord, status: Status) -> Status:
    """The state of a service as it is for who asks it from here: Unhealthy where its tunnel is gone."""
    if record.reach == TUNNEL and status.state == "Healthy" and (why := tunnel.trouble(place.folder)):
        down = f"its pods serve, but {why}; starting the service brings it back"
        return replace(status, state="Unhealthy", error=down, needs_start=True)
    return status


def address(cluster: Cluster, plan: Plan, record: KubernetesRecord, patience: float = _PATIENCE) -> tuple[str, int]:
    """The host and port at which a service answers, as it was seen to, but for one that is reached from within the cluster alone.

    Parameters
    ----------
    record : with the address that it has already, if it has one. patience : seconds until a port of the nodes may answer.

    Raises
    ------
    Unreachable : nothing answers. TargetError : the tunnel cannot listen.
    """
    if record.reach == CLUSTER:
        return record.host or dns_names(plan.place, plan.namespace)[2], plan.port
    hosts, port = [record.host] if record.host else list(plan.hosts), record.port
    if record.reach == TUNNEL:
        hosts, port = [tunnel.HOST], tunnel.start(plan.place, plan.namespace, port)
    elif record.reach == BALANCER:
        port, patience = plan.port, _BALANCER_PATIENCE
    else:
        port = port or node_port(cluster.get(path_of("Service", plan.namespace, plan.name)))
    if host := first_answering(hosts, port, tls=plan.options.ssl_enabled, patience=patience):
        return host, port
    others = [way for way in (NODE_PORT, TUNNEL) if way != record.reach]
    raise Unreachable(
        f"its pods serve, but nothing answers from here at port {port} of {', '.join(hosts)}",
        remedy=f"deploy with another reach ({', '.join(others)}); port-forward goes through the cluster's API",
    )


def balancer_host(
    cluster: Cluster, namespace: str, name: str, report: Report, patience: float = _BALANCER_PATIENCE
) -> str:
    """The address that a Service of the type LoadBalancer was given, once it was.

    Raises
    ------
    TargetError : it was given none, with what the cluster says of it.
    """
    deadline = time.monotonic() + patience
    is_told = False
    while True:
        service = cluster.get(path_of("Service", namespace, name))
        for given in service["status"].get("loadBalancer", {}).get("ingress") or ():
            if host := given.get("ip") or given.get("hostname"):
                report(f"it was given the address {host}")
                return str(host)
        if not is_told:
            report("waiting for an address of its own (load balancer)")
            is_told = True
        if time.monotonic() > deadline:
            raise TargetError(
                f"the cluster has given the service no address of its own within {patience:.0f} s",
                _last_words(cluster, namespace, name)
                or "Its events say nothing of it: there may be nobody who gives addresses there.",
                "deploy with reach=node-port or reach=port-forward, or have the cluster give addresses (a cloud's controller, MetalLB)",
            )
        time.sleep(_LOOK_EVERY)


def _last_words(cluster: Cluster, namespace: str, name: str) -> str:
    """The newest that a cluster says of a Service."""
    chosen = f"involvedObject.kind=Service,involvedObject.name={name}"
    events = cluster.get(path_of("Event", namespace), fieldSelector=chosen)["items"]
    events.sort(key=lambda event: event.get("lastTimestamp") or event["metadata"]["creationTimestamp"])
    return f"{events[-1]['reason']}: {events[-1]['message']}" if events else ""


def node_port(service: Object) -> int:
    """The port of the nodes that a Service has."""
    return int(service["spec"]["ports"][0]["nodePort"])


def first_answering(hosts: Sequence[str], port: int, *, tls: bool, patience: float) -> str:
    """The first host at whose port a scoring server answers; empty where none does in time."""
    deadline = time.monotonic() + patience
    while True:
        for host in hosts:
            if answers(host, port, tls=tls):
                return host
        if time.monotonic() > deadline:
            return ""
        time.sleep(_LOOK_EVERY)


def fall_silent(record: KubernetesRecord) -> None:
    """Wait until nothing answers at a port of the nodes any more: they learn a little later than the cluster that its pods end."""
    if record.reach != NODE_PORT or not record.host:
        return
    deadline = time.monotonic() + _LEARNING
    while answers(record.host, record.port, tls=record.tls) and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY)


def lead_to(record: KubernetesRecord, version: str) -> None:
    """Wait until what is asked from here is answered by a version alone, for the same reason."""
    if record.reach == CLUSTER or not record.host:
        return
    deadline, in_a_row = time.monotonic() + _LEARNING, 0
    while in_a_row < _SURE and time.monotonic() < deadline:
        found = version_at(record.host, record.port, tls=record.tls)
        if found == "":
            return
        in_a_row = in_a_row + 1 if found == version else 0
        if not in_a_row:
            time.sleep(_LOOK_EVERY)


def answers(host: str, port: int, *, tls: bool) -> bool:
    """Whether a scoring server answers at an address, and is ready."""
    return version_at(host, port, tls=tls) is not None


def version_at(host: str, port: int, *, tls: bool) -> str | None:
    """The version that answers at an address, and is ready: empty where it does not say, None where nothing does."""
    connection: http.client.HTTPConnection
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is asked how it is, not who
        connection = http.client.HTTPSConnection(host, port, timeout=2, source_address=BOUND, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=2, source_address=BOUND)
    try:
        connection.request("GET", "/ready")  # which the log does not show
        answer = connection.getresponse()
        return answer.headers.get("service-version", "") if answer.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
