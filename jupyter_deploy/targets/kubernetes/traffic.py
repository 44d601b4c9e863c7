"""Versions side by side: each a Deployment of its own, requests shared by a router; and back to one, whose pods stay as they are."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.dockerfile import PORT
from jupyter_deploy.targets.addresses import in_url
from jupyter_deploy.targets.base import Report, Status
from jupyter_deploy.targets.kubernetes import hand_edits, reach, unserved
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.documents import hidden
from jupyter_deploy.targets.kubernetes.gateway import shared_route
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.lease import Lease
from jupyter_deploy.targets.kubernetes.manifests import Plan, route, service
from jupyter_deploy.targets.kubernetes.names import pod_labels, router_name, version_name
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord, keep_manifests, kept_manifests
from jupyter_deploy.targets.kubernetes.removal import remove_others, still_running
from jupyter_deploy.targets.kubernetes.rollout import Rollout, owned
from jupyter_deploy.targets.kubernetes.router import ENDING_SECONDS, answers_at, router
from jupyter_deploy.targets.kubernetes.running import Running, look
from jupyter_deploy.targets.kubernetes.scaling import SCALERS, stopped
from jupyter_deploy.targets.shares import Traffic

_LOOK_EVERY = 0.2
_PATIENCE = 20.0
"""Seconds until every node sends what comes to the service's port where it is to go now."""
_OF_A_VERSION = ("Deployment", "PodDisruptionBudget", *SCALERS)
"""Kinds of which each version has its own, under the name of its Deployment."""


class Split:
    """Versions on their way to share the requests of a service, or one of them to have them all.

    Parameters
    ----------
    cluster : where. lease : on the service's objects. plans : of all versions that are to run. traffic : how they share the requests.
    record : of the service, which serves. report : of the operation.
    """

    def __init__(
        self,
        cluster: Cluster,
        lease: Lease,
        plans: Sequence[Plan],
        traffic: Traffic,
        record: KubernetesRecord,
        report: Report,
    ) -> None:
        self._cluster = cluster
        self._lease = lease
        self._traffic = traffic
        self._record = record
        self._report = report
        self._place, self._namespace, self._apis = plans[0].place, plans[0].namespace, plans[0].apis
        self._folder = self._place.folder
        self._former = kept_manifests(self._folder)
        self._running: Running = look(cluster, self._place, self._namespace)
        self._plans = {plan.version: self._named(plan) for plan in plans}
        self._common = self._rollout(replace(self._base, deployment=router_name(self._place)))
        self._owner: Object = {}
        self._kept: list[Object] = []
        self._shared_route: Object = {}
        self._is_done = False

    def _named(self, plan: Plan) -> Plan:
        """The plan under the name that its version's Deployment has, or may have; the entrance stays where it is."""
        there = self._running.of_version(plan.version)
        usual = version_name(plan.place, plan.version)
        name = there["metadata"]["name"] if there else self._running.free_name(usual)
        return replace(plan, deployment=name, entrance=self._running.entrance)

    def _rollout(self, plan: Plan) -> Rollout:
        return Rollout(self._cluster, self._lease, plan, self._record, self._report)

    @property
    def _base(self) -> Plan:
        """The plan of the version that the service returns to."""
        return self._plans[self._traffic.base(self._record.version)]

    def begin(self) -> None:
        """Bring up what does not run yet, and the router; requests go where they went.

        Raises
        ------
        TargetError : KEDA scales a version; a version or the router does not come up.
        """
        if self._traffic.is_shared and any(
            plan.options.follows_load and plan.scaled_by == "keda" for plan in self._plans.values()
        ):
            raise TargetError(
                "KEDA reads the slots in use at the service's address, where it would find the router",
                remedy="fix the number of pods (num_replicas) while versions share the requests",
            )
        self._owner = self._common.put(service(self._base))  # as it is
        began = []
        for plan in self._plans.values():
            if things := self._of_running(plan):
                self._keep(things)
                continue
            rollout = self._rollout(plan)
            rollout.begin()
            self._keep(rollout.applied)
            began.append(rollout)
        for rollout in began:
            rollout.wait()
        if self._traffic.is_shared:
            self._route()
        self._common.be_reached()  # which after a stop needs its tunnel again

    def _of_running(self, plan: Plan) -> list[Object]:
        """The objects of a version that runs, as they were applied, with those that all versions share; nothing where it does not run."""
        deployment = self._running.deployments.get(plan.workload)
        if deployment is None or not deployment["spec"]["replicas"]:
            return []
        found = list(_objects_of(plan.workload, self._former))
        return [*found, *_common(plan, self._former)] if found else []

    def _keep(self, things: Sequence[Object]) -> None:
        names = {_identity(thing) for thing in self._kept}
        self._kept += [thing for thing in things if _identity(thing) not in names]

    def _route(self) -> None:
        """Give each version an address within the cluster, and make ready what shares requests between these."""
        base = self._base
        addresses, names = {}, {}
        for version, plan in self._plans.items():
            thing = owned(_address(plan), self._owner)
            made = self._common.put(thing)
            self._keep([thing])
            addresses[version], names[version] = f"{in_url(made['spec']['clusterIP'])}:80", thing["metadata"]["name"]
        if base.options.route == "gateway":
            self._shared_route = shared_route(route(base), self._traffic, names)
            self._cluster.apply(owned(self._shared_route, self._owner), dry_run=True)
        else:
            self._have_router([owned(thing, self._owner) for thing in router(base, self._traffic, addresses)])

    def _have_router(self, things: Sequence[Object]) -> None:
        for thing in things:
            self._common.put(thing)
        self._keep(things)
        try:
            self._common.wait()
        except TargetError as error:
            remedy = "name an image with nginx that the nodes can get: update the service with router_image"
            raise TargetError(f"the router does not come up: {error.what}", error.why, remedy) from None

    def take_over(self) -> Status:
        """Send requests where they are to go from now on, and end what is not among the versions any more."""
        base, traffic = self._base, self._traffic if self._traffic.is_shared else None
        switched = self._switched()
        changed = {_identity(thing) for thing in switched}
        kept = [*switched, *(thing for thing in self._kept if _identity(thing) not in changed)]
        shared = traffic.to_json() if traffic else {}
        record = replace(self._record, version=base.version, is_stopped=False, shared=shared)
        keep_manifests(
            self._folder, [hidden(thing) for thing in kept]
        )  # before: who is killed here leaves what can be returned to
        record.write(self._folder)
        self._is_done = True
        for thing in switched:
            self._common.put(thing)
        self._see_switched()
        with contextlib.suppress(TargetError):  # what is left now goes with the next operation
            self._end_routers(kept)
            remove_others(self._cluster, self._place, self._namespace, kept, self._apis)
        return Status("Healthy", record.version, record.scoring_uri, traffic=traffic)

    def _switched(self) -> list[Object]:
        """What decides where requests go, as it is to be: the service's address, and the route that leads there, if there is one."""
        base = self._base
        has_router = self._traffic.is_shared and not self._shared_route
        entry = service(replace(base, entrance=router_name(self._place) if has_router else base.workload))
        ways = [owned(self._shared_route or route(base), self._owner)] if base.options.route else []
        return [entry, *ways]

    def _see_switched(self) -> None:
        """Wait until requests from here go where they are to go; a connection that is made before and kept goes on where it went."""
        record, has_router = self._record, self._traffic.is_shared and not self._shared_route
        if record.reach not in (reach.NODE_PORT, reach.TUNNEL):
            return
        deadline = time.monotonic() + _PATIENCE
        while answers_at(record.host, record.port) is not has_router and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY)

    def _end_routers(self, kept: Sequence[Object]) -> None:
        """Wait until no former router is left, which would send on to versions that go now."""
        name = router_name(self._place)
        staying = next((thing["spec"]["replicas"] for thing in kept if _identity(thing) == ("Deployment", name)), 0)
        if not staying and name in self._running.deployments:
            self._cluster.delete({"apiVersion": "apps/v1", "kind": "Deployment", **_named(name, self._namespace)})
        deadline = time.monotonic() + ENDING_SECONDS
        labels = pod_labels(self._place, name)
        while still_running(self._cluster, self._namespace, labels) > staying and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY)

    def withdraw(self) -> None:
        """Return to what served before, where this has not been taken over."""
        if self._is_done:
            return
        try:
            self._lease.require()
            self._take_back()
        except TargetError as error:  # why it failed is what is to be told
            self._report(f"what was begun could not be taken back: {error.what}")

    def _take_back(self) -> None:
        for thing in self._former:
            asleep = stopped(thing) if self._record.is_stopped else None
            if asleep:
                hand_edits.end_pods(self._cluster, asleep)
            elif thing["kind"] != "Secret":  # which is the service's, not the versions'
                self._common.put(thing)
        remove_others(self._cluster, self._place, self._namespace, self._former, self._apis)
        self._report("the versions that served are as they were")
        unserved.end_all(self._cluster, self._place, self._namespace)


def _address(plan: Plan) -> Object:
    """An address of one version alone, within the cluster."""
    port = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": PORT}
    spec = {"type": "ClusterIP", "selector": plan.pod_labels, "ports": [port]}
    about = plan.about(version_name(plan.place, plan.version))
    return {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": spec}


def _objects_of(deployment: str, things: Sequence[Object]) -> Iterator[Object]:
    """Of some objects the Deployment of this name, and what belongs to it."""
    mounted: set[str] = set()
    for thing in things:
        if _identity(thing) == ("Deployment", deployment):
            volumes = thing["spec"]["template"]["spec"]["volumes"]
            mounted = {each["configMap"]["name"] for each in volumes if "configMap" in each}
    if not mounted:
        return
    for thing in things:
        kind, name = _identity(thing)
        if (kind in _OF_A_VERSION and name == deployment) or (kind == "ConfigMap" and name in mounted):
            yield thing


def _common(plan: Plan, things: Sequence[Object]) -> Iterator[Object]:
    """Of some objects those that are of no version: the account, the Secret, the policies of the network, the service's own address."""
    for thing in things:
        kind, name = _identity(thing)
        if kind not in (*_OF_A_VERSION, "ConfigMap") and (kind != "Service" or name == plan.name):
            yield thing


def _identity(thing: Object) -> tuple[str, str]:
    return thing["kind"], thing["metadata"]["name"]


def _named(name: str, namespace: str) -> Object:
    return {"metadata": {"name": name, "namespace": namespace}}
