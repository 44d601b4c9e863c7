"""Versions side by side behind a Gateway: its route shares the requests, so that no router of our own has to."""

from __future__ import annotations

import json
from collections.abc import Mapping

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.running import TRAFFIC
from jupyter_deploy.targets.shares import ALL, HEADER, Traffic


def shared_route(route: Object, traffic: Traffic, backends: Mapping[int, str]) -> Object:
    """Write the route that shares requests.

    Parameters
    ----------
    route : the one that leads to the service as a whole. traffic : how requests are shared.
    backends : the name of the Service of each version.

    Raises
    ------
    TargetError : a part of the requests is to be mirrored, which the Gateway API has no word for in all its versions.
    """
    if parts := [version for version, percent in traffic.mirror.items() if percent not in (0, ALL)]:
        raise TargetError(
            f"a Gateway sends copies of all requests or of none, and version {parts[0]} is to get {traffic.mirror[parts[0]]} %",
            remedy="mirror 100 %",
        )
    rule, about = route["spec"]["rules"][0], route["metadata"]
    annotations = {**about.get("annotations", {}), TRAFFIC: json.dumps(traffic.to_json())}
    rules = [
        *(_of_header(rule, version, backends[version]) for version in traffic.versions),
        _of_shares(rule, traffic, backends),
    ]
    return {
        **route,
        "metadata": {**about, "annotations": annotations},
        "spec": {**route["spec"], "rules": rules},
    }


def _of_header(rule: Object, version: int, backend: str) -> Object:
    named = [{"type": "Exact", "name": HEADER, "value": str(version)}]
    matches = [{**match, "headers": named} for match in rule["matches"]]
    return {**rule, "matches": matches, "backendRefs": [_backend(backend)]}


def _of_shares(rule: Object, traffic: Traffic, backends: Mapping[int, str]) -> Object:
    shares = [
        {**_backend(backends[version]), "weight": percent}
        for version, percent in sorted(traffic.shares.items())
        if percent
    ]
    copies = [
        {"type": "RequestMirror", "requestMirror": {"backendRef": _backend(backends[version])}}
        for version, percent in sorted(traffic.mirror.items())
        if percent
    ]
    return {**rule, **({"filters": copies} if copies else {}), "backendRefs": shares}


def _backend(name: str) -> Object:
    return {"name": name, "port": 80}
