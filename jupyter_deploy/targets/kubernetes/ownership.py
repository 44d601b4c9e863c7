"""Whose an object is: what has the name of one of a service's objects, and not its labels, is somebody else's, and is left alone."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.names import is_own
from jupyter_deploy.targets.kubernetes.refusals import Missing


def own_objects(cluster: Cluster, place: Place, things: Sequence[Object]) -> list[Object]:
    """Those of a service's objects that are there, as they are.

    Raises
    ------
    TargetError : the name of one is somebody else's.
    """
    found = []
    for thing in things:
        about = thing["metadata"]
        with contextlib.suppress(Missing):
            there = cluster.get(path_of(thing["kind"], about["namespace"], about["name"], api=thing["apiVersion"]))
            found.append({**there, "kind": thing["kind"]})
            require_own(place, found[-1])
    return found


def require_own(place: Place, there: Object) -> None:
    """See that an object that is there is the service's.

    Raises
    ------
    TargetError : it is somebody else's.
    """
    about = there["metadata"]
    if is_own(about.get("labels") or {}, place):
        return
    managers = ", ".join(dict.fromkeys(each["manager"] for each in about.get("managedFields") or ()))
    raise TargetError(
        f"the name '{about['name']}' is taken by a {there['kind']} in the namespace {about['namespace']} that is not this service's,"
        " and was left alone",
        f"It was made by {managers or 'somebody'} at {about['creationTimestamp']} and lacks the labels of '{place.service}'.",
        "rename or delete it where nobody needs it, or deploy under another name",
    )
