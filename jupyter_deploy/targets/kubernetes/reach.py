"""How a service on a cluster is reached from where the user sits."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of

_LOOK_EVERY = 0.2
_PATIENCE = 20.0
"""Seconds until every node sends what comes to the service's port on to its pods."""
_ADDRESSES = ("ExternalIP", "ExternalDNS", "InternalIP")


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


def node_port(service: Object) -> int:
    """The port of the nodes that a Service has."""
    return int(service["spec"]["ports"][0]["nodePort"])


def first_answering(hosts: Sequence[str], port: int, *, tls: bool) -> str:
    """The first host at whose port a scoring server answers; empty where none does in time."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        for host in hosts:
            if answers(host, port, tls=tls):
                return host
        if time.monotonic() > deadline:
            return ""
        time.sleep(_LOOK_EVERY)


def answers(host: str, port: int, *, tls: bool) -> bool:
    """Whether a scoring server answers at an address, and is ready."""
    connection: http.client.HTTPConnection
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is asked how it is, not who
        connection = http.client.HTTPSConnection(host, port, timeout=2, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/")  # which the log does not show
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
