"""Whether a cluster does for services: its version, and the versions of the API that it has."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.offers import MOVED

_OTHERS = ("apps/v1", "authorization.k8s.io/v1", "coordination.k8s.io/v1", "networking.k8s.io/v1")
_OLDEST = (1, 20)
ADDED: Mapping[str, str] = {
    "metrics.k8s.io": "the number of pods can follow CPU",
    "custom.metrics.k8s.io": "the number of pods can follow the slots in use",
    "keda.sh": "the number of pods can follow the slots in use, by KEDA",
    "gateway.networking.k8s.io": "services can be behind a Gateway",
    "serving.kserve.io": "services can run under KServe",
}
"""Groups of the API that clusters have where somebody added them, with what they mean for services."""


def added_to(there: Collection[str]) -> list[str]:
    """Which of the groups that may be added are among versions of the API."""
    groups = {version.rpartition("/")[0] for version in there}
    return [group for group in ADDED if group in groups]


def require_apis(name: str, version: str, there: Collection[str]) -> None:
    """See that a cluster is new enough, and has all versions of the API that services need.

    Parameters
    ----------
    name : of the cluster. version : as it says it; some builds do not. there : the versions of the API that it has.

    Raises
    ------
    TargetError : it is older, or lacks some.
    """
    remedy = "have the cluster updated, or attach another one"
    number = re.match(r"v?([1-9]\d*)\.(\d+)", version)
    if number and tuple(map(int, number.groups())) < _OLDEST:
        raise TargetError(f"the cluster '{name}' has Kubernetes {version}, older than 1.20", remedy=remedy)
    wanted = [(each,) for each in _OTHERS] + list(MOVED.values())
    lacking = [" or ".join(versions) for versions in wanted if not set(versions) & set(there)]
    if lacking:
        raise TargetError(f"the API of the cluster '{name}' lacks {', '.join(lacking)}", remedy=remedy)
