"""The way from a host name to a service: an Ingress, or a route of a Gateway, and whether the cluster has taken it up."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Report
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.reach import answers
from jupyter_deploy.targets.kubernetes.refusals import Away

_NGINX = "nginx.ingress.kubernetes.io"
_LONGEST = 99_999
"""Seconds that a route's timeout can say."""
_LOOK_EVERY = 0.3
_PATIENCE = 10.0
"""Seconds that a controller may take to take a route up before that is said; it may still do so later."""


def ingress(about: Object, options: KubernetesOptions) -> Object:
    """Write the Ingress.

    Parameters
    ----------
    about : its metadata; the Service has the same name.
    """
    notes = {  # the standard has no words for these; other controllers than ingress-nginx pass them over
        f"{_NGINX}/proxy-body-size": f"{options.max_body_mb}m",
        f"{_NGINX}/proxy-read-timeout": str(options.longest_answer_seconds),
    }
    backend = {"service": {"name": about["name"], "port": {"name": "http"}}}
    secret = {"secretName": options.ingress_tls_secret} if options.ingress_tls_secret else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {**about, "annotations": notes},
        "spec": {
            **({"ingressClassName": options.ingress_class} if options.ingress_class else {}),
            **({"tls": [{"hosts": [options.ingress_host], **secret}]} if options.has_tls_route else {}),
            "rules": [
                {
                    "host": options.ingress_host,
                    "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
                }
            ],
        },
    }


def http_route(about: Object, api: str, options: KubernetesOptions) -> Object:
    """Write the route of a Gateway.

    Parameters
    ----------
    about : its metadata; the Service has the same name. api : the version of the API that the cluster has for it.
    """
    namespace, _, name = (options.ingress_gateway or "").partition("/")
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "timeouts": {"request": f"{min(options.longest_answer_seconds, _LONGEST)}s"},
        "backendRefs": [{"name": about["name"], "port": 80}],
    }
    spec = {
        "parentRefs": [{"namespace": namespace, "name": name}],
        "hostnames": [options.ingress_host],
        "rules": [rule],
    }
    return {"apiVersion": api, "kind": "HTTPRoute", "metadata": about, "spec": spec}


def see_taken_up(cluster: Cluster, route: Object, options: KubernetesOptions, report: Report) -> None:
    """Wait until a controller of the cluster has taken a route up and its host answers from here, and say how far that is.

    Neither has to be so for the service to serve: controllers may be slow, and names be entered later.

    Parameters
    ----------
    route : as it was applied.

    Raises
    ------
    TargetError : the Gateway refuses it.
    """
    about, host, tls = route["metadata"], options.ingress_host or "", options.has_tls_route
    path = path_of(route["kind"], about["namespace"], about["name"], api=route["apiVersion"])
    taker, is_answering = "", False
    deadline = time.monotonic() + _PATIENCE
    while not is_answering and time.monotonic() < deadline:
        with contextlib.suppress(Away):
            taker = taker or _taker(cluster.get(path))
        is_answering = bool(taker) and answers(host, 443 if tls else 80, tls=tls)
        time.sleep(0 if is_answering else _LOOK_EVERY)
    if is_answering:
        report(f"{taker}; {host} answers")
    elif taker:
        report(f"{taker}, but {host} does not answer from here; its name has to lead there")
    else:
        report(
            f"no controller took up the {route['kind']} within {_PATIENCE:.0f} s; {host} answers as soon as one does"
        )


def _taker(route: Object) -> str:
    """Who has taken a route up, in words; empty where nobody has yet."""
    status: Mapping[str, Any] = route.get("status", {})
    if route["kind"] == "HTTPRoute":
        return _gateway(status.get("parents", ()))
    found = status.get("loadBalancer", {}).get("ingress") or ()
    addresses = ", ".join(str(each.get("hostname") or each.get("ip")) for each in found)
    return f"an ingress controller has taken it up at {addresses}" if found else ""


def _gateway(parents: Sequence[Mapping[str, Any]]) -> str:
    for parent in parents:
        name = f"{parent['parentRef'].get('namespace', '')}/{parent['parentRef']['name']}"
        accepted = next((each for each in parent["conditions"] if each["type"] == "Accepted"), None)
        if accepted and accepted["status"] == "True":
            return f"the Gateway {name} has taken it up"
        if accepted and accepted["status"] == "False":
            raise TargetError(
                f"the Gateway {name} does not accept the route: {accepted.get('reason', '')}",
                accepted.get("message", ""),
                "have the Gateway allow routes of this namespace and host, or leave out ingress_gateway",
            )
    return ""
