"""What KServe says of an InferenceService: whether its newest pods serve, where, and what keeps them from it.

Its ``observedGeneration`` is that of the Knative service beneath it, so it cannot tell whether a status is of what was applied last; that
another revision was created can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from jupyter_deploy.targets.base import Status
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.names import VERSION
from jupyter_deploy.targets.kubernetes.phases import is_living, phase_of
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord
from jupyter_deploy.targets.kubernetes.state import about

_FAILED = ("PredictorConfigurationReady", "LatestDeploymentReady")
"""Conditions that are false once Knative has given a revision up; others are while things are on their way, too."""


def created(found: Object | None) -> str:
    """The newest revision of its pods; empty where there is none yet."""
    return str(_predictor(found or {}).get("latestCreatedRevision", ""))


def is_up(found: Object, before: str) -> bool:
    """Whether a newer revision than the one before it serves, at an address."""
    predictor, newest = _predictor(found), created(found)
    is_new = newest not in ("", before) and predictor.get("latestReadyRevision") == newest
    return is_new and _condition(found, "Ready").get("status") == "True" and bool(found["status"].get("url"))


def failure(found: Object, before: str) -> str:
    """Why a newer revision than the one before does not come up; empty while it may."""
    if created(found) in ("", before):
        return ""
    conditions = [_condition(found, name) for name in _FAILED]
    return next((_reason(each) for each in conditions if each.get("status") == "False"), "")


def address(found: Object) -> SplitResult:
    """Where it answers."""
    return urlsplit(str(found["status"]["url"]))


def hosts(found: Object) -> tuple[str, ...]:
    """The hosts that requests may name: that of its address, and that of its pods'."""
    urls = (found["status"]["url"], _predictor(found).get("url", ""))
    return tuple(dict.fromkeys(host for url in urls if (host := urlsplit(url).hostname)))


def what_is_missing(found: Object) -> str:
    """Which conditions are not met, with the reasons that are given, in one line."""
    return "; ".join(_unmet(found))


def status_of(
    record: KubernetesRecord, found: Object | None, pods: Sequence[Object], more: Mapping[str, Any]
) -> Status:
    """The state of a service.

    Parameters
    ----------
    record : of the service. found : the InferenceService; None where the cluster has none. pods : those it has.
    more : details of other origin.
    """
    facts: dict[str, Any] = {"version": record.version or None, "scoring_uri": record.scoring_uri}
    facts["details"] = about(record)
    if found is None:
        why = (
            ""
            if record.is_stopped
            else "its objects were removed from the cluster; starting the service brings it back"
        )
        return Status("Stopped", error=why, **facts)
    phases = [phase_of(pod) for pod in pods if is_living(pod)]
    serving, troubles = sum(phase.word == "ready" for phase in phases), [each for each in phases if each.is_wrong]
    facts["details"] = {"replicas": len(phases), "serving": serving, **about(record), **more}
    reason = troubles[0].text if troubles else what_is_missing(found)
    if _condition(found, "Ready").get("status") == "True":
        facts["version"] = int(found["metadata"]["labels"].get(VERSION, record.version))
        return Status("Healthy", error=troubles[0].text if troubles else "", **facts)
    if serving:
        return Status("Healthy", error=reason, **facts)
    word = "Unschedulable" if troubles and all(phase.word == "unschedulable" for phase in troubles) else "Unhealthy"
    return Status(word, error=reason or "KServe does not say that it is ready", **facts)  # type: ignore[arg-type]


def _unmet(found: Object) -> Iterator[str]:
    for each in found.get("status", {}).get("conditions", ()):
        if each["status"] != "True" and each.get("severity", "") != "Info":
            yield f"{each['type']}: {_reason(each)}"


def _reason(condition: Mapping[str, Any]) -> str:
    return str(condition.get("message") or condition.get("reason") or "not yet")


def _condition(found: Object, name: str) -> Mapping[str, Any]:
    conditions: Sequence[Mapping[str, Any]] = found.get("status", {}).get("conditions", ())
    return next((each for each in conditions if each["type"] == name), {})


def _predictor(found: Object) -> Mapping[str, Any]:
    component: Mapping[str, Any] = found.get("status", {}).get("components", {}).get("predictor", {})
    return component
