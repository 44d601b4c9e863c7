"""What a cluster notes of a pod beside its status: Kubernetes' own events, which are asked for where the status does not say enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.refusals import Away


@dataclass(frozen=True)
class Notice:
    """One event of a pod.

    Parameters
    ----------
    reason : in one word ("FailedMount"). message : of whoever noted it. count : how often it happened. time : when last, in UTC.
    """

    reason: str
    message: str
    count: int = 1
    time: str = ""


def notices_of(cluster: Cluster, pods: Iterable[Object]) -> dict[str, Sequence[Notice]]:
    """What is noted of some pods, oldest first, by their uids; nothing where one may not ask."""
    found: dict[str, Sequence[Notice]] = {}
    for pod in pods:
        about = pod["metadata"]
        try:
            path = path_of("Event", about["namespace"])
            events = cluster.get(path, fieldSelector=f"involvedObject.uid={about['uid']}")["items"]
        except Away:
            raise
        except TargetError:  # who may deploy may often not see events
            return found
        found[about["uid"]] = [
            _notice(each) for each in sorted(events, key=lambda each: (_time(each), each["metadata"]["name"]))
        ]
    return found


def last(notices: Sequence[Notice], *reasons: str) -> Notice | None:
    """The last one with one of some reasons."""
    return next((notice for notice in reversed(notices) if notice.reason in reasons), None)


def _notice(event: Mapping[str, Any]) -> Notice:
    series = event.get("series") or {}
    count = series.get("count") or event.get("count") or 1
    return Notice(event.get("reason") or "", event.get("message") or "", count, _time(event))


def _time(event: Mapping[str, Any]) -> str:
    """When it happened last, comparable as a text; who notes it does so in one of several fields."""
    series = event.get("series") or {}
    times = [
        series.get("lastObservedTime"),
        *(event.get(name) for name in ("lastTimestamp", "eventTime", "firstTimestamp")),
    ]
    return next((str(time).rstrip("Z") for time in times if time), "")
