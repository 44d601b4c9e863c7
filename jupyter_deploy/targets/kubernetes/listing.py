"""The states of many services on one cluster, from one list of their Deployments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place, Status
from jupyter_deploy.targets.kubernetes import kserve_rollout
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.connecting import SOON, connected
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.names import SERVICE, WORKSPACE
from jupyter_deploy.targets.kubernetes.options import KSERVE
from jupyter_deploy.targets.kubernetes.reach import seen_from_here
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord
from jupyter_deploy.targets.kubernetes.running import Running, look
from jupyter_deploy.targets.kubernetes.state import is_rolled_out, never_served, status_of, unknown


def statuses_of(places: Sequence[Place]) -> list[Status]:
    """Look at services of one workspace on one cluster: one call for each namespace, another where not all is well.

    Parameters
    ----------
    places : theirs.

    Returns
    -------
    A status for each; where the cluster does not answer, Unknown with the reason.
    """
    records = {place.service: KubernetesRecord.read(place.folder) for place in places}
    there = {name: record for name, record in records.items() if record}
    found: dict[str, Status] = {}
    try:
        if there:
            with connected(places[0], SOON) as cluster:
                found = _looked_at(cluster, {place.service: place for place in places}, there)
    except TargetError as error:
        found = {name: unknown(record, error) for name, record in there.items()}
    return [
        seen_from_here(place, there[place.service], found[place.service]) if place.service in there else never_served()
        for place in places
    ]


def _looked_at(
    cluster: Cluster, places: Mapping[str, Place], records: Mapping[str, KubernetesRecord]
) -> dict[str, Status]:
    by_namespace: dict[str, dict[str, KubernetesRecord]] = defaultdict(dict)
    found = {}
    for name, record in records.items():
        if record.reach == KSERVE:
            found[name] = kserve_rollout.status(cluster, places[name], record)
        else:
            by_namespace[record.namespace][name] = record
    for namespace, those in by_namespace.items():
        ours = {WORKSPACE: next(iter(places.values())).workspace}
        deployments = _by_service(cluster.find("Deployment", namespace, ours))
        is_well = all(_is_whole(each) for name in those for each in deployments[name])
        pods = _by_service([] if is_well else cluster.find("Pod", namespace, ours))
        for name, record in those.items():
            running = _running(cluster, places[name], namespace, deployments[name])
            found[name] = status_of(record, running, pods[name], {})
    return found


def _running(cluster: Cluster, place: Place, namespace: str, deployments: Sequence[Object]) -> Running:
    """What a service has; where versions share its requests, it is asked how."""
    if len(deployments) > 1:
        return look(cluster, place, namespace)
    by_name = {each["metadata"]["name"]: each for each in deployments}
    return Running(by_name, next(iter(by_name), ""))


def _is_whole(deployment: Object) -> bool:
    """Whether its pods have nothing to say: all serve, or there are to be none."""
    return deployment["spec"]["replicas"] == 0 or is_rolled_out(deployment)


def _by_service(things: Sequence[Object]) -> defaultdict[str, list[Object]]:
    found: defaultdict[str, list[Object]] = defaultdict(list)
    for thing in things:
        found[thing["metadata"]["labels"][SERVICE]].append(thing)
    return found
