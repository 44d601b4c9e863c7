"""How every pod comes to use keys and certificate that were changed.

A node brings a changed Secret to its pods within a minute or two, and at once where it has something else to do for a pod; so each is given
a new annotation. The server sees that the revision beside its keys is another one, reads them, and says in its log which it has read.
"""

from __future__ import annotations

import contextlib
import time

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.names import SERVING, object_name, own_labels, serving_container
from jupyter_deploy.targets.kubernetes.record import kept_manifests
from jupyter_deploy.targets.kubernetes.refusals import Missing
from jupyter_deploy.targets.kubernetes.vault import REVISION, data_of, secrets_of

_HURRIED = "jupyter-deploy/hurried"
"""The annotation with which a node is given something to do for a pod."""
_PATIENCE = 180.0
"""Seconds until every pod has read them: more than a node takes by itself, where it cannot be hurried."""
_LOOK_EVERY = 0.3
_MARGIN = 5
"""Seconds by which a log is read twice."""
_HURRY_EVERY = 3.0
"""Seconds between two changes of a pod's annotation: its node may have looked a moment before it knew of the new Secret."""


def reload(cluster: Cluster, place: Place, namespace: str) -> None:
    """Have every pod of a service use the secrets that its place has now; those that start meanwhile begin with them.

    Raises
    ------
    TargetError : a pod has not read them in time; it is named.
    """
    secrets = secrets_of(place)
    kept = [thing for thing in kept_manifests(place.folder) if _is_ours(thing, place)]
    for thing in kept:
        cluster.apply({**thing, "data": data_of(secrets)})
    if not kept or not secrets:
        return
    revision = secrets[REVISION].decode()
    readers = _Readers(cluster, revision)
    began, last_hurried = time.monotonic(), 0.0
    while unaware := [pod for pod in _serving(cluster, place, namespace) if not readers.has(pod)]:
        if time.monotonic() - began > _PATIENCE:
            raise _unconfirmed(place, unaware)
        if time.monotonic() - last_hurried > _HURRY_EVERY:
            last_hurried = time.monotonic()
            for pod in unaware:
                _hurry(cluster, pod)
        time.sleep(_LOOK_EVERY)


def _is_ours(thing: Object, place: Place) -> bool:
    return bool(thing["kind"] == "Secret" and thing["metadata"]["name"] == object_name(place))


def _serving(cluster: Cluster, place: Place, namespace: str) -> list[Object]:
    """The pods whose server runs; one that is to end still answers for some seconds."""
    pods = cluster.find("Pod", namespace, own_labels(place))
    return [{**pod, "kind": "Pod", "apiVersion": "v1"} for pod in pods if _runs(pod)]


def _runs(pod: Object) -> bool:
    states = [each["state"] for each in pod.get("status", {}).get("containerStatuses", ()) if each["name"] in SERVING]
    return any("running" in state for state in states)


class _Readers:
    """The pods that have said that they use a revision."""

    def __init__(self, cluster: Cluster, revision: str) -> None:
        self._cluster = cluster
        self._line = f"(revision {revision})"
        self._began = time.monotonic()
        self._looked: dict[str, float] = {}
        self._found: set[str] = set()

    def has(self, pod: Object) -> bool:
        """Whether a pod is among them, by what its log has since the last look."""
        about, now = pod["metadata"], time.monotonic()
        name = about["name"]
        if name not in self._found:
            since = int(now - self._looked.get(name, self._began)) + _MARGIN  # ago, by the clock of the pod's node
            self._looked[name] = now
            path = f"{path_of('Pod', about['namespace'], name)}/log"
            with contextlib.suppress(Missing):  # it has gone meanwhile, and is no longer found
                if self._line in self._cluster.text(path, container=serving_container(pod), sinceSeconds=str(since)):
                    self._found.add(name)
        return name in self._found


def _hurry(cluster: Cluster, pod: Object) -> None:
    """Give a pod's node something to do for it; where that is not allowed, it takes its time."""
    with contextlib.suppress(TargetError):
        cluster.patch(pod, {"metadata": {"annotations": {_HURRIED: str(time.time_ns())}}})


def _unconfirmed(place: Place, pods: list[Object]) -> TargetError:
    names = ", ".join(pod["metadata"]["name"] for pod in pods)
    return TargetError(
        f"pods of '{place.service}' have not said within {_PATIENCE:.0f} s that they use the new keys and certificate: {names}",
        "The others do. A pod says it in its log, unless AZUREML_LOG_LEVEL or a log configuration keeps warnings out of it.",
        "look at their log; a restart of the service makes them use what is new",
    )
