"""A service's log in its folder: what its pods print is copied from the cluster at each look, also of containers that ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from jupyter_deploy.targets import copied_log
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.names import CONTAINER
from jupyter_deploy.targets.kubernetes.refusals import Away

files = copied_log.files
remove = copied_log.remove


def copy(cluster: Cluster, place: Place, pods: Sequence[Object]) -> None:
    """Append what the pods have printed since the last copy, by time."""
    sources: dict[str, copied_log.Read] = {}
    for pod in pods:
        about = pod["metadata"]
        count = _restarts(pod)
        for number in range(max(0, count - 1), count + 1):
            sources[f"{about['uid']}/{number}"] = _reader(cluster, pod, is_previous=number < count)
    copied_log.copy(place, sources)


def text_of(cluster: Cluster, pod: Object, *, previous: bool = False) -> str:
    """What a pod's container has printed, or the one before it; empty where there is nothing to be had."""
    from jupyter_deploy.errors import TargetError

    try:
        return cluster.text(f"{_path(pod)}/log", container=CONTAINER, previous=str(previous).lower())
    except Away:
        raise
    except TargetError:  # it has not been started, or what it printed is gone
        return ""


def _reader(cluster: Cluster, pod: Object, *, is_previous: bool) -> copied_log.Read:
    def lines(last: str) -> Iterable[copied_log.Line]:
        from jupyter_deploy.errors import TargetError

        asked: dict[str, Any] = {"sinceTime": f"{last[:19]}Z"} if last else {}
        try:
            text = cluster.text(
                f"{_path(pod)}/log", container=CONTAINER, timestamps="true", previous=str(is_previous).lower(), **asked
            )
        except Away:
            raise
        except TargetError:  # as above
            return ()
        return copied_log.stamped(text.encode())

    return lines


def _path(pod: Object) -> str:
    return path_of("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])


def _restarts(pod: Object) -> int:
    return sum(
        each["restartCount"] for each in pod.get("status", {}).get("containerStatuses", ()) if each["name"] == CONTAINER
    )
