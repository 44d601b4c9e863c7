"""What a version of a service would be made of, and how that differs from what runs; the cluster checks it, and nothing is changed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from jupyter_deploy.targets.base import Preview
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.documents import as_yaml
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.manifests import Plan, others, owner
from jupyter_deploy.targets.kubernetes.names import VERSION
from jupyter_deploy.targets.kubernetes.own_fields import own_part
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord, kept_manifests
from jupyter_deploy.targets.kubernetes.removal import objects_of
from jupyter_deploy.targets.kubernetes.rollout import apply, require_free, steady

NOT_BUILT = "(built when it is deployed)"
"""What stands for the image where it is not known yet."""

Named = Mapping[tuple[str, str], Object]
"""Objects by kind and name."""


def image_of(things: Sequence[Object], version: int) -> str:
    """The image that a version runs, by the objects as they were applied last; what stands for it where none says it."""
    images = (_image(thing["spec"]) for thing in things if _is_of(thing, version))
    return next(images, NOT_BUILT)


def _is_of(thing: Object, version: int) -> bool:
    """Whether an object has the pods of a version; a router's are of none."""
    about = thing["metadata"]
    notes = about["labels"] if thing["kind"] == "InferenceService" else about.get("annotations", {})
    return thing["kind"] in ("Deployment", "InferenceService") and notes.get(VERSION) == str(version)


def _image(spec: Object) -> str:
    pod = spec["template"]["spec"] if "template" in spec else spec["predictor"]
    return str(pod["containers"][0]["image"])


def preview(cluster: Cluster, plan: Plan, record: KubernetesRecord | None) -> Preview:
    """Have the cluster say what the objects of a version would become.

    Parameters
    ----------
    plan : of the version. record : of the service; None where it has never served.

    Raises
    ------
    TargetError : the cluster would refuse one of them, or does not answer; others have one of them, or have changed it.
    """
    former = kept_manifests(plan.place.folder)
    things = steady([owner(plan), *others(plan)], former, plan.version)
    require_free(cluster, plan, things, former, record)
    to_be = [apply(cluster, thing, former, dry_run=True) for thing in things]
    there = objects_of(cluster, plan.place, plan.namespace, plan.apis)
    return Preview(as_yaml(things), "\n".join(_differences(_by_name(there), _by_name(to_be))), not there)


def _by_name(things: list[Object]) -> Named:
    return {(thing["kind"], thing["metadata"]["name"]): thing for thing in things}


def _differences(there: Named, to_be: Named) -> Iterator[str]:
    """A unified diff of all objects; one that gets another name is compared with the one in whose place it comes."""
    gone = {name: thing for name, thing in there.items() if name not in to_be}
    for name, thing in to_be.items():
        former = there.get(name) or gone.pop(_same_kind(gone, name[0]), None)
        yield from _difference(former, thing)
    for thing in gone.values():
        yield from _difference(thing, None)


def _same_kind(things: Named, kind: str) -> tuple[str, str]:
    return next((name for name in things if name[0] == kind), (kind, ""))


def _difference(former: Object | None, thing: Object | None) -> Iterator[str]:
    names = f"{_title(former)} (as it is)", f"{_title(thing)} (as it would be)"
    yield from difflib.unified_diff(_lines(former), _lines(thing), *names, lineterm="")


def _title(thing: Object | None) -> str:
    return f"{thing['kind']}/{thing['metadata']['name']}" if thing else "nothing"


def _lines(thing: Object | None) -> list[str]:
    return as_yaml([own_part(thing)]).splitlines() if thing else []
