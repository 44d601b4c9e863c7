"""A service's log in its folder: what its pods print is copied from the cluster at each look, also of containers that ended."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets import copied_log
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.copied_log import Source
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.containers import end_of
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.names import SERVING, serving_container
from jupyter_deploy.targets.kubernetes.refusals import Away
from jupyter_deploy.targets.log_records import Line, stamped

PATIENCE = 2.0
"""Seconds that a look at the log waits for the cluster; what is there already is shown all the same."""
files = copied_log.files
remove = copied_log.remove


def copy(cluster: Cluster, place: Place, pods: Sequence[Object]) -> None:
    """Append what the pods have printed since the last copy: one question for each container that may have printed something.

    Of a container that was started anew the one before it is asked once, which is as far back as a cluster goes. With several pods, or the
    old ones and the new ones of a rollout, each record tells by the end of its pod's name who wrote it.
    """
    sources: dict[str, Source] = {}
    for pod in pods:
        mark = pod["metadata"]["name"].rpartition("-")[2] if len(pods) > 1 else ""
        for name, is_previous, has_ended in _containers(pod):
            sources[name] = Source(_reader(cluster, pod, is_previous=is_previous), has_ended, mark)
    copied_log.copy(place, sources)


def of_ended(cluster: Cluster, pod: Object, container: Object) -> Iterator[list[str]]:
    """What may be the lines of a container that ended, likeliest first: it may have been started anew meanwhile, or its node be gone."""
    is_there = "terminated" in container.get("state", {})
    for previous in ("false", "true") if is_there else ("true",):
        with contextlib.suppress(TargetError):
            yield cluster.text(f"{_path(pod)}/log", container=container["name"], previous=previous).splitlines()
    yield str(end_of(container).get("message") or "").splitlines()


def _containers(pod: Object) -> Iterator[tuple[str, bool, bool]]:
    """Those of a pod whose output a cluster still has: the id of each, whether it is the previous one, and whether it has ended."""
    statuses: Sequence[Object] = pod.get("status", {}).get("containerStatuses", ())
    status = next((each for each in statuses if each["name"] in SERVING), Object())
    state, before = status.get("state", {}), status.get("lastState", {}).get("terminated", {})
    if before.get("containerID"):
        yield before["containerID"], True, True
    if status.get("containerID") and ("running" in state or "terminated" in state):
        yield status["containerID"], False, "terminated" in state


def _reader(cluster: Cluster, pod: Object, *, is_previous: bool) -> copied_log.Read:
    def lines(second: str) -> Iterable[Line] | None:
        since = {"sinceTime": f"{second}Z"} if second else {}
        try:
            text = cluster.text(
                f"{_path(pod)}/log",
                container=serving_container(pod),
                timestamps="true",
                previous=str(is_previous).lower(),
                **since,
            )
        except Away:  # or only its node
            return None
        except TargetError:  # it has not been started, or what it printed is gone
            return ()
        return stamped(text.encode())

    return lines


def _path(pod: Object) -> str:
    return path_of("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
