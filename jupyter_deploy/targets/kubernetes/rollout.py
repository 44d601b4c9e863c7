"""A release on its way to a cluster: checked, applied, watched until every pod serves it, and taken back where it does not."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Report, Status
from jupyter_deploy.targets.kubernetes import hand_edits, reach, tunnel, unserved
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.documents import hidden
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.lease import Lease
from jupyter_deploy.targets.kubernetes.manifests import Plan, others, owner, route, service
from jupyter_deploy.targets.kubernetes.names import CONTAINER, VERSION
from jupyter_deploy.targets.kubernetes.ownership import own_objects
from jupyter_deploy.targets.kubernetes.patience import Patience
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord, keep_manifests, kept_manifests, remove_record
from jupyter_deploy.targets.kubernetes.refusals import Conflicts
from jupyter_deploy.targets.kubernetes.removal import remove_all, remove_others
from jupyter_deploy.targets.kubernetes.replicas import hand_over
from jupyter_deploy.targets.kubernetes.routes import see_taken_up
from jupyter_deploy.targets.kubernetes.scaling import SCALERS, described, scaler_of
from jupyter_deploy.targets.kubernetes.watching import Watch

_LOOK_EVERY = 0.3
RESTARTED = "jupyter-deploy/restarted"


class Rollout:
    """A release on its way.

    Parameters
    ----------
    cluster : where. lease : on the service's objects. plan : what is to be there. record : what served before; None for a first version.
    report : of the operation.
    """

    def __init__(
        self, cluster: Cluster, lease: Lease, plan: Plan, record: KubernetesRecord | None, report: Report
    ) -> None:
        self._cluster = cluster
        self._lease = lease
        self._ask = Patience(report).ask
        self._plan = plan
        self._record = record
        self._report = report
        self._folder = plan.place.folder
        self._former = kept_manifests(self._folder)
        self._applied: list[Object] = []
        self._is_done = False

    @property
    def applied(self) -> list[Object]:
        """The objects that were applied."""
        return self._applied

    def begin(self) -> None:
        """Apply all objects, after the cluster has checked each; nothing is changed where it refuses one."""
        plan = self._plan
        things = self._steady([owner(plan), *others(plan)])
        self._ask(lambda: require_free(self._cluster, plan, things, self._former, self._record))
        for thing in things:
            self._ask(partial(apply, self._cluster, thing, self._former, dry_run=True))
        if self._record is None:
            self._record = KubernetesRecord(
                plan.namespace, 0, plan.reach, "", 0, plan.options.ssl_enabled, hosts=plan.hosts, cname=plan.options.ssl_cname or ""
            )  # fmt: skip
            self._record.write(self._folder)
        holder = self.put(things[0])
        if plan.reach == reach.BALANCER and not plan.hosts:
            host = self._ask(lambda: reach.balancer_host(self._cluster, plan.namespace, plan.name, self._report))
            things[1:] = self._reached_at(host)
        self._ask(lambda: self._change_scale(things))
        for thing in things[1:]:
            self.put(owned(thing, holder))
        if plan.options.follows_load:
            self._ask(lambda: hand_over(self._cluster, plan))  # which a first version begins with
        self._report(f"applied {len(self._applied)} objects in the namespace {plan.namespace}", name=plan.name)

    def _change_scale(self, things: Sequence[Object]) -> None:
        """Before pods are: what they followed and will not goes, as it would set their number anew; what they will follow has it."""
        plan, cluster = self._plan, self._cluster
        remove_others(cluster, plan.place, plan.namespace, things, plan.apis, SCALERS, plan.workload)
        if plan.options.follows_load:
            hand_over(cluster, plan)
        if scaler := scaler_of(things):
            self._report(described(scaler, scaler)["text"])

    def _reached_at(self, host: str) -> list[Object]:
        """All objects but the Service, of pods that know by which address they are reached."""
        assert self._record is not None
        settings = {**self._plan.settings, "allowedHosts": [*self._plan.settings["allowedHosts"], host]}
        self._plan = replace(self._plan, hosts=(host,), settings=settings)
        self._record = replace(self._record, hosts=(host,))
        return others(self._plan)

    def put(self, thing: Object) -> Object:
        """Apply an object that is to be there; what others have changed of it by hand is shown, and not overruled."""
        self._applied.append(thing)
        return self._ask(partial(apply, self._cluster, thing, self._former))

    def _steady(self, things: list[Object]) -> list[Object]:
        """Pods that would differ in nothing but the number of the version stay as they are; those of a restart do not."""
        kept = steady(things, self._former, self._plan.version)
        return list(map(_restarted, kept)) if self._is_restart() else kept

    def _is_restart(self) -> bool:
        """Whether it is the version that serves, whose pods are to be made anew."""
        record = self._record
        if record is None or record.version != self._plan.version or record.is_stopped:
            return False
        return not self._lacks_tunnel(record)

    def _lacks_tunnel(self, record: KubernetesRecord) -> bool:
        """Whether it is the way to the pods that is to be started anew, not the pods."""
        return record.reach == reach.TUNNEL and bool(tunnel.trouble(self._folder))

    def wait(self) -> None:
        """Wait until every pod is of this release and serves.

        Raises
        ------
        TargetError : a pod goes no further; the cluster does not answer for too long.
        """
        watch = self._watch()
        began = time.monotonic()
        while not self._ask(watch.look):
            self._lease.require()
            time.sleep(_LOOK_EVERY)
        self._report("every pod serves it", seconds=round(time.monotonic() - began, 3))

    def _watch(self) -> Watch:
        return Watch(self._cluster, self._plan, self._report)

    def be_reached(self) -> None:
        """Find out where the service answers from here, and see it answer there.

        Raises
        ------
        TargetError : it does not.
        """
        assert self._record is not None
        record, plan = self._record, self._plan
        if plan.options.route:
            if not record.host:
                see_taken_up(self._cluster, route(plan), plan.options, self._report)
            is_https = plan.options.has_tls_route
            host, port = plan.options.ingress_host or "", 443 if is_https else 80
            self._record = replace(record, host=host, port=port, tls=is_https)
            return
        if record.host or plan.options.reach is not None or record.reach != reach.NODE_PORT:
            host, port = self._ask(lambda: reach.address(self._cluster, plan, record))
        else:
            host, port = self._found_reach(record)
        self._record = replace(self._record, host=host, port=port)

    def _found_reach(self, record: KubernetesRecord) -> tuple[str, int]:
        """Where nobody said how a first version is reached: at a port of the nodes, or, where nothing answers there, through a tunnel."""
        try:
            return self._ask(lambda: reach.address(self._cluster, self._plan, record, reach.FEW_SECONDS))
        except reach.Unreachable:
            self._report("its nodes are not reached from here; it gets a tunnel (reach=port-forward)")
        plan = self._plan = replace(self._plan, reach=reach.TUNNEL)
        found = self._record = replace(record, reach=reach.TUNNEL)
        self._applied[0] = service(plan)
        self._ask(lambda: apply(self._cluster, service(plan), self._former))
        return self._ask(lambda: reach.address(self._cluster, plan, found))

    def be_alone(self) -> None:
        """Wait until no pod of the version before answers here any more."""
        record = self._record
        assert record is not None
        workloads = [thing for thing in self._applied if thing["kind"] == "Deployment"]
        if record.version and not record.is_stopped and workloads:
            labels = workloads[0]["spec"]["template"]["metadata"]["labels"]
            reach.lead_to(record, labels[VERSION])  # which is that before, where its pods stayed as they were

    def take_over(self) -> Status:
        """Remember that this release serves, and take away what the one before had and this one has not."""
        assert self._record is not None
        plan = self._plan
        record = replace(self._record, version=plan.version, is_stopped=False, shared={})
        keep_manifests(self._folder, [hidden(thing) for thing in self._applied])
        record.write(self._folder)
        self._is_done = True
        with contextlib.suppress(TargetError):  # what is left now goes with the next operation
            remove_others(self._cluster, plan.place, plan.namespace, self._applied, plan.apis)
            unserved.end_known(self._cluster, plan.place, plan.namespace)  # of a release that was killed half-way
        return Status("Healthy", record.version, record.scoring_uri)

    def withdraw(self) -> None:
        """Return to what served before, where this release has not taken over; a first one is taken away."""
        if self._is_done or not self._applied:
            return
        try:
            self._lease.require()
            self._take_back()
        except TargetError as error:  # why the release failed is what is to be told
            self._report(f"what was begun could not be taken back: {error.what}")

    def _take_back(self) -> None:
        assert self._record is not None
        plan = self._plan
        if not self._record.version:
            tunnel.end(plan.place)
            self._ask(lambda: remove_all(self._cluster, plan.place, plan.namespace, plan.apis))
            remove_record(self._folder)
            return
        for thing in self._former:
            if thing["kind"] != "Secret":  # which is the service's, not the version's
                self._ask(partial(apply, self._cluster, thing, self._former))
        self._report("the version that served is applied again")
        self._ask(lambda: unserved.end_all(self._cluster, plan.place, plan.namespace))


def require_free(
    cluster: Cluster, plan: Plan, things: Sequence[Object], former: Sequence[Object], record: KubernetesRecord | None
) -> None:
    """See that nobody else has an object of a name that is wanted, and that nobody has scaled what serves.

    Raises
    ------
    TargetError : somebody has.
    """
    there = own_objects(cluster, plan.place, things)
    if record is not None and not record.is_stopped:
        hand_edits.require_scale(there, things, former)


def apply(cluster: Cluster, thing: Object, former: Sequence[Object], *, dry_run: bool = False) -> Object:
    """Make an object so, and return it; what others have set stays.

    Parameters
    ----------
    former : the objects as they were applied last. dry_run : only have the cluster check it, and say what it would be.

    Raises
    ------
    Conflicts : others have set otherwise what it sets.
    """
    try:
        return cluster.apply(thing, dry_run=dry_run)
    except Conflicts as error:
        hand_edits.require_none(cluster, thing, _same(former, thing), error)
        return cluster.apply(thing, dry_run=dry_run, force=True)


def steady(things: list[Object], former: Sequence[Object], version: int) -> list[Object]:
    """Pods that would differ from those before in nothing but the number of the version stay as they are."""
    for thing in things:
        held = _same(former, thing)
        if held is None or thing["kind"] != "Deployment":
            continue
        if _with_version(held["spec"]["template"], version) == thing["spec"]["template"]:
            thing["spec"]["template"] = held["spec"]["template"]
    return things


def _restarted(thing: Object) -> Object:
    """A Deployment whose pods are made anew, though they are the same; another object as it is."""
    if thing["kind"] != "Deployment":
        return thing
    template = thing["spec"]["template"]
    notes = {RESTARTED: moment()}
    anew = {**template, "metadata": {**template["metadata"], "annotations": notes}}
    return {**thing, "spec": {**thing["spec"], "template": anew}}


def _same(things: Sequence[Object], thing: Object) -> Object | None:
    """The object of the same kind and name among others; the one that was applied last, so without what is hidden in it."""
    wanted = (thing["kind"], thing["metadata"]["name"])
    return next((each for each in things if (each["kind"], each["metadata"]["name"]) == wanted), None)


def moment() -> str:
    """Now, as it is noted of a restart."""
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")


def owned(thing: Object, holder: Object) -> Object:
    """The object, which goes with the one that is its owner."""
    about = holder["metadata"]
    reference = {
        "apiVersion": holder["apiVersion"], "kind": holder["kind"], "name": about["name"], "uid": about["uid"],
    }  # fmt: skip
    return {**thing, "metadata": {**thing["metadata"], "ownerReferences": [reference]}}


def _with_version(template: Object, version: int) -> Object:
    """A pod's template with another number of the version in it."""
    about, spec = template["metadata"], template["spec"]
    containers = [
        {**each, "env": _with_number(each["env"], version)} if each["name"] == CONTAINER else each
        for each in spec["containers"]
    ]
    labels = {**about["labels"], VERSION: str(version)}
    return {"metadata": {**about, "labels": labels}, "spec": {**spec, "containers": containers}}


def _with_number(variables: Sequence[Object], version: int) -> list[Object]:
    return [{**each, "value": str(version)} if each["name"] == "SERVICE_VERSION" else each for each in variables]
