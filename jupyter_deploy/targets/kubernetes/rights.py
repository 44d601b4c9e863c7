"""What has to be allowed in a namespace for services to be there: asked of the cluster, and written as the Role that grants it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, resource_of
from jupyter_deploy.targets.kubernetes.offers import has
from jupyter_deploy.targets.kubernetes.removal import KINDS

_WHOLE = ("get", "list", "watch", "create", "patch", "delete")
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "Lease": ("get", "create", "update", "patch", "delete"),
    "ReplicaSet": ("list",),
    "Pod": ("get", "list", "patch", "delete"),
    "Pod/log": ("get",),
    "Event": ("list",),
}
"""What is done to kinds that a service is not made of."""
TUNNEL: Mapping[str, tuple[str, ...]] = {"Pod/portforward": ("get", "create"), "Endpoints": ("get",)}
"""What tunnels to pods need."""
_AT_ONCE = 8


@dataclass(frozen=True)
class Right:
    """One thing that may be done to one kind of object.

    Parameters
    ----------
    group : of the API. resource : as paths have it, "pods/log". verb : as rights have it.
    """

    group: str
    resource: str
    verb: str

    @property
    def where(self) -> str:
        """The resource as kubectl writes it: "deployments.apps"."""
        return ".".join(filter(None, (self.resource, self.group)))


def require_rights(cluster: Cluster, namespace: str, apis: Mapping[str, str]) -> None:
    """See that all that services need is allowed.

    Parameters
    ----------
    apis : versions of the API that the cluster has for kinds that moved or were added.

    Raises
    ------
    TargetError : something is not; the text names all of it, with a Role that grants it.
    """
    needed = {**{kind: _WHOLE for kind in reversed(KINDS) if has(kind, apis)}, **_OTHERS}
    missing = missing_rights(cluster, namespace, needed)
    if not missing:
        return
    lines = [f"{', '.join(each.verb for each in group)} {group[0].where}" for group in _by_resource(missing)]
    granting = role(namespace, {**needed, **TUNNEL})
    more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
    raise TargetError(
        f"context '{cluster.compute.context}' may not do on the cluster '{cluster.compute.name}' what services need in the"
        f" namespace '{namespace}': {lines[0]}{more}",
        "\n".join(["What is missing:", *(f"  {line}" for line in lines), "This Role grants all that is needed:", "", granting]),
        "have the cluster's administrator apply it and bind it to you"
        f" (kubectl -n {namespace} create rolebinding jupyter-deploy --role=jupyter-deploy --user=NAME), then attach the cluster again",
    )  # fmt: skip


def missing_rights(cluster: Cluster, namespace: str, needed: Mapping[str, tuple[str, ...]]) -> list[Right]:
    """Those of some rights, by kind, that the cluster does not give."""
    wanted = _rights(needed)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        allowed = pool.map(lambda right: _is_allowed(cluster, namespace, right), wanted)
    return [right for right, is_given in zip(wanted, allowed, strict=True) if not is_given]


def role(namespace: str, rights: Mapping[str, tuple[str, ...]]) -> str:
    """The Role that grants some rights, by kind, as YAML."""
    import yaml

    verbs: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for group in _by_resource(_rights(rights)):
        key = group[0].group, tuple(each.verb for each in group)
        verbs.setdefault(key, []).append(group[0].resource)
    rules = [{"apiGroups": [key[0]], "resources": names, "verbs": list(key[1])} for key, names in verbs.items()]
    about = {"name": "jupyter-deploy", "namespace": namespace}
    document = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": about, "rules": rules}
    text: str = yaml.safe_dump(document, sort_keys=False, default_flow_style=None, width=140)
    return text.rstrip()


def _rights(needed: Mapping[str, tuple[str, ...]]) -> list[Right]:
    found = []
    for name, verbs in needed.items():
        kind, _, part = name.partition("/")
        group, plural = resource_of(kind)
        found += [Right(group, f"{plural}/{part}" if part else plural, verb) for verb in verbs]
    return found


def _by_resource(rights: Iterable[Right]) -> Iterator[list[Right]]:
    return (list(group) for _, group in groupby(rights, key=lambda right: right.where))


def _is_allowed(cluster: Cluster, namespace: str, right: Right) -> bool:
    resource, _, part = right.resource.partition("/")
    asked = {
        "namespace": namespace,
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": part,
    }
    review: Object = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "metadata": {},
        "spec": {"resourceAttributes": asked},
    }
    return bool(cluster.create(review)["status"]["allowed"])
