"""Attaches a cluster: finds the context that is meant, looks at what may be done there and what there is, and says what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import DEV_TEST, FAST_PROD, Compute
from jupyter_deploy.targets.kubernetes.connecting import require_namespace
from jupyter_deploy.targets.kubernetes.fitness import ADDED, added_to, require_apis
from jupyter_deploy.targets.kubernetes.kubeconfig import Context, paths_of
from jupyter_deploy.targets.kubernetes.offers import apis_of, versions_of
from jupyter_deploy.targets.kubernetes.rights import TUNNEL, missing_rights, require_rights
from jupyter_deploy.targets.kubernetes.room import Room, production_problems, room_of


@dataclass(frozen=True)
class Wish:
    """Which cluster is to be attached, and for what.

    Parameters
    ----------
    kubeconfig : path of the file; None for kubectl's own. context : of it; None for its current one.
    namespace : for services; None for the context's own. image_registry : where images go; None where nodes share this machine's engine.
    purpose : "FastProd" or "DevTest".
    """

    kubeconfig: str | Path | None = None
    context: str | None = None
    namespace: str | None = None
    image_registry: str | None = None
    purpose: str = DEV_TEST


def attach(wish: Wish, name: str, say: Callable[[str], None]) -> Mapping[str, Any]:
    """Look at a cluster, and return what is recorded of it: where its credentials are, never what they are.

    Parameters
    ----------
    name : that it is to have. say : called with each line that has to be seen before the cluster is asked.

    Raises
    ------
    TargetError : the file or its context cannot be used; the cluster does not answer, or does not do for services.
    """
    paths = paths_of(wish.kubeconfig)
    context = Context(paths, wish.context or "")
    home = wish.namespace or context.namespace or "default"
    if context.command:
        say(f"for the credentials of '{context.name}' its kubeconfig runs: {context.command}")
    if context.is_insecure:
        say(_insecure(context.name))
    compute = Compute(
        name, paths, context.name, home, wish.image_registry or "", purpose=wish.purpose, plug_in=context.fingerprint
    )
    return look(compute).to_json()


def look(compute: Compute) -> Compute:
    """Ask a cluster for all that is to be known of it, and return what is then recorded.

    Raises
    ------
    TargetError : it does not answer, or does not do for services.
    """
    with Cluster(compute) as cluster:
        version: str = cluster.get("/version")["gitVersion"]
        there = versions_of(cluster)
        require_apis(compute.name, version, there)
        require_rights(cluster, compute.namespace, apis_of(cluster))
        require_namespace(cluster, compute.namespace)
        room = room_of(cluster)
        _require_production(compute, room)
        found = {
            "version": version,
            "added": added_to(there),
            "room": asdict(room) if room else {},
            "notes": _notes(cluster, there, room),
        }
        return replace(compute, server=cluster.server, found=found)


def _require_production(compute: Compute, room: Room | None) -> None:
    if problems := production_problems(room, compute.purpose):
        raise TargetError(
            f"the cluster '{compute.name}' is too small for {FAST_PROD}: {'; '.join(problems)}",
            "Nodes that are cordoned or not ready do not count.",
            f"attach it for {DEV_TEST} (cluster_purpose, --cluster-purpose), or have nodes added",
        )


def _notes(cluster: Cluster, there: Collection[str], room: Room | None) -> list[str]:
    """What whoever attaches it should know."""
    notes = []
    compute = cluster.compute
    if cluster.is_insecure:
        notes.append(_insecure(compute.context))
    if room is None:
        rule = f", so that the rule for {FAST_PROD} was not checked" if compute.purpose == FAST_PROD else ""
        notes.append(f"its nodes may not be seen{rule}")
    if "metrics.k8s.io" not in added_to(there):
        notes.append(f"it has no metrics.k8s.io; with it {ADDED['metrics.k8s.io']}")
    if missing := missing_rights(cluster, compute.namespace, TUNNEL):
        lacking = ", ".join(f"{right.verb} {right.where}" for right in missing)
        notes.append(f"services cannot be reached through tunnels, since you may not {lacking}")
    return notes


def _insecure(context: str) -> str:
    return (
        f"the kubeconfig has the certificate of '{context}' unchecked (insecure-skip-tls-verify):"
        " whoever is on the way to the cluster can read and change everything, credentials among it"
    )
