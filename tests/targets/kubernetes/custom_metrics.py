"""custom.metrics.k8s.io for the lab's cluster: what its pods say of their slots, as an adapter of a monitoring system would serve it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import ssl
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import trustme

from jupyter_deploy.targets.kubernetes.scaling import SLOTS
from tests.clusters import NAMESPACE, kubectl
from tests.helpers import wait_until

_GROUP = "custom.metrics.k8s.io"
_API = f"{_GROUP}/v1beta1"
_NAME = f"v1beta1.{_GROUP}"


@contextlib.contextmanager
def alone_on_cluster(what: str) -> Iterator[None]:
    """Nobody else's tests change something that all of the cluster shares meanwhile."""
    with Path(tempfile.gettempdir(), f"jupyter-deploy-tests-{what}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def slots_served(key: str) -> Iterator[None]:
    """The cluster knows the slots in use of every pod whose metrics a key opens."""
    address = kubectl("get", "nodes", "-o", "jsonpath={.items[0].status.addresses[0].address}")
    server = _server(address, key)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    for thing in _objects(address, server.server_address[1]):
        kubectl("apply", "-f", "-", stdin=json.dumps(thing))
    try:
        wait_until(lambda: SLOTS in _answer(f"/apis/{_API}"), 30)
        yield
    finally:
        kubectl("delete", "apiservice", _NAME)
        server.shutdown()
        server.server_close()


def _answer(path: str) -> str:
    with contextlib.suppress(AssertionError):
        return kubectl("get", "--raw", path)
    return ""


def _objects(address: str, port: int) -> list[dict[str, Any]]:
    about = {"name": "custom-metrics", "namespace": NAMESPACE}
    service = {"name": about["name"], "namespace": NAMESPACE}
    spec = {
        "group": _GROUP, "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
        "insecureSkipTLSVerify": True, "service": service,
    }  # fmt: skip
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": {"ports": [{"port": 443, "targetPort": port}]}},
        {"apiVersion": "v1", "kind": "Endpoints", "metadata": about,
         "subsets": [{"addresses": [{"ip": address}], "ports": [{"port": port}]}]},
        {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": _NAME}, "spec": spec},
    ]  # fmt: skip


def _server(address: str, key: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            found = re.search(rf"/namespaces/([^/]+)/pods/\*/{SLOTS}$", unquote(asked.path))
            body = _values(found[1], parse_qs(asked.query)["labelSelector"][0], key) if found else _resources()
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer((address, 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(address).configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


def _resources() -> dict[str, Any]:
    resource = {
        "name": f"pods/{SLOTS}",
        "singularName": "",
        "namespaced": True,
        "kind": "MetricValueList",
        "verbs": ["get"],
    }
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": _API, "resources": [resource]}


def _values(namespace: str, selector: str, key: str) -> dict[str, Any]:
    pods = json.loads(kubectl("get", "pods", "-l", selector, "-o", "json", namespace=namespace))["items"]
    items = [_value(pod, slots) for pod in pods if (slots := _slots(pod, key)) is not None]
    return {"kind": "MetricValueList", "apiVersion": _API, "metadata": {}, "items": items}


def _slots(pod: dict[str, Any], key: str) -> int | None:
    """What a pod says, at its own address and with the key alone."""
    url = f"http://{pod['status'].get('podIP')}:5001/metrics"
    with contextlib.suppress(OSError):
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
        with urllib.request.urlopen(request, timeout=2) as answer:
            found = re.search(rf"^{SLOTS} (\d+)", answer.read().decode(), re.MULTILINE)
            return int(found[1]) if found else None
    return None


def _value(pod: dict[str, Any], slots: int) -> dict[str, Any]:
    about = pod["metadata"]
    whose = {"kind": "Pod", "apiVersion": "/v1", "namespace": about["namespace"], "name": about["name"]}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"describedObject": whose, "metricName": SLOTS, "timestamp": now, "windowSeconds": 1, "value": str(slots)}
