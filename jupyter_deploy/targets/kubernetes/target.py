"""The target ``kubernetes``: a service as a Deployment on a cluster that was attached."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_deploy.config.options import Options
from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Candidate, Draft, Place, Preview, Release, Report, Status, Work
from jupyter_deploy.targets.kubernetes import hand_edits, keys, kserve, kserve_rollout, lease, logs, reach, tunnel
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.connecting import SOON, compute_of, connected, require_namespace
from jupyter_deploy.targets.kubernetes.delivery import delivered, pull_login
from jupyter_deploy.targets.kubernetes.documents import as_yaml
from jupyter_deploy.targets.kubernetes.fetching import baked_note, fetching_of, files_of
from jupyter_deploy.targets.kubernetes.kinds import path_of
from jupyter_deploy.targets.kubernetes.listing import statuses_of
from jupyter_deploy.targets.kubernetes.manifests import Plan
from jupyter_deploy.targets.kubernetes.names import dns_names, own_labels
from jupyter_deploy.targets.kubernetes.notices import notices_of
from jupyter_deploy.targets.kubernetes.offers import apis_of, require, way_to_scale
from jupyter_deploy.targets.kubernetes.options import KSERVE, KubernetesOptions
from jupyter_deploy.targets.kubernetes.preview import NOT_BUILT, image_of, preview
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord, kept_manifests, remove_record
from jupyter_deploy.targets.kubernetes.refusals import Missing
from jupyter_deploy.targets.kubernetes.removal import remove_all
from jupyter_deploy.targets.kubernetes.rollout import Rollout
from jupyter_deploy.targets.kubernetes.running import look
from jupyter_deploy.targets.kubernetes.scaling import described, scaler_of, stopped
from jupyter_deploy.targets.kubernetes.state import never_served, status_of, unclear, unknown
from jupyter_deploy.targets.kubernetes.traffic import Split
from jupyter_deploy.targets.kubernetes.vault import secrets_of
from jupyter_deploy.targets.shares import Traffic

if TYPE_CHECKING:
    from jupyter_deploy.environments import Lock


class KubernetesTarget:
    """Runs a service as pods that the cluster keeps running."""

    name: ClassVar[str] = "kubernetes"
    options: ClassVar[type[Options]] = KubernetesOptions
    unsupported: ClassVar[Mapping[str, str]] = {}
    needs: ClassVar[str] = (
        "A Kubernetes cluster that was attached (1.20 or newer), and a Docker Engine that builds the image its nodes run."
    )

    def missing(self) -> str:
        """Nothing that could be known without a cluster's name."""
        return ""

    def server_settings(self, options: Options) -> Mapping[str, Any]:
        """What the scoring server has to know; the names it answers to on a cluster are added there."""
        assert isinstance(options, KubernetesOptions)
        return options.settings()

    def prepare(self, place: Place, release: Release, lock: Lock, work: Work) -> Release:
        """Build the image of the bundle, unless the engine has it; first see that the cluster would take what is to run it."""
        from jupyter_deploy.environments import exact_lock
        from jupyter_deploy.images.build import build
        from jupyter_deploy.images.context import context_of

        options = release.options
        assert isinstance(options, KubernetesOptions)
        with connected(place) as cluster:
            require_namespace(cluster, _namespace(cluster, options, KubernetesRecord.read(place.folder)))
            require(options, apis_of(cluster), cluster.compute.name)
        logins = json.loads(place.logins.read_text(encoding="utf-8")) if place.logins else {}
        with work.step("image", "image"):
            context = context_of(release.bundle, exact_lock(lock, work.say), release.recipe)
            if fetching_of(place, release.options, files_of(release)):
                context = context.without_models()
            elif note := baked_note(place, release):
                work.report(note)
            image = build(context, work, logins)
        return replace(release, runtime=delivered(image, compute_of(place), work))

    @contextlib.contextmanager
    def bring_up(self, place: Place, release: Release, report: Report) -> Iterator[Candidate]:
        """Have the cluster replace its pods one by one, each when the next is ready."""
        record = _served(place)
        with connected(place) as cluster:
            plan = _plan_of_next(cluster, place, record, _draft(release), release.runtime)
            with lease.held(cluster, place, plan.namespace) as held:
                kind = kserve_rollout.InferenceRollout if plan.reach == KSERVE else Rollout
                rollout = kind(cluster, held, plan, record, report)
                try:
                    rollout.begin()
                    rollout.wait()
                    rollout.be_reached()
                    rollout.be_alone()
                    yield rollout
                finally:
                    rollout.withdraw()

    @contextlib.contextmanager
    def share(self, place: Place, releases: Sequence[Release], traffic: Traffic, report: Report) -> Iterator[Candidate]:
        """Have each version in a Deployment of its own, and a router before them; one alone needs none."""
        record = KubernetesRecord.read(place.folder)
        assert record is not None  # what never served shares nothing
        if record.reach == KSERVE:
            raise TargetError(
                f"'{place.service}' is run by KServe, where one version serves at a time",
                remedy="deploy it anew without run_as=kserve (--as), or update it, which replaces the version that serves",
            )
        with connected(place) as cluster:
            plans = [_plan(cluster, place, record, _draft(release), release.runtime) for release in releases]
            with lease.held(cluster, place, record.namespace) as held:
                split = Split(cluster, held, plans, traffic, record, report)
                try:
                    split.begin()
                    yield split
                finally:
                    split.withdraw()

    def status(self, place: Place) -> Status:
        """Ask the cluster for its Deployments, or the InferenceService, and their pods."""
        record = KubernetesRecord.read(place.folder)
        if record is None:
            return never_served()
        try:
            with connected(place, SOON) as cluster:
                if record.reach == KSERVE:
                    return kserve_rollout.status(cluster, place, record)
                running = look(cluster, place, record.namespace)
                pods = cluster.find("Pod", record.namespace, own_labels(place)) if running.deployments else []
                scaling = _scaling(cluster, place)
                notices = notices_of(cluster, unclear(running, pods))
        except TargetError as error:
            return unknown(record, error)
        return reach.seen_from_here(place, record, status_of(record, running, pods, scaling, notices))

    def statuses(self, places: Sequence[Place]) -> Sequence[Status]:
        """Ask the cluster once for all Deployments, and once for all pods where one of them is not whole."""
        return statuses_of(places)

    def manifests(self, place: Place) -> str:
        """The objects that were applied last."""
        return as_yaml(kept_manifests(place.folder))

    def preview(self, place: Place, draft: Draft) -> Preview:
        """Have the cluster say what the objects would become."""
        record = _served(place)
        runs_the_same = record is not None and draft.runs_the_same
        image = image_of(kept_manifests(place.folder), record.version) if record and runs_the_same else NOT_BUILT
        with connected(place) as cluster:
            return preview(cluster, _plan_of_next(cluster, place, record, draft, image), record)

    def stop(self, place: Place) -> None:
        """Have the cluster end all pods, each after its requests; all else stays."""
        record = KubernetesRecord.read(place.folder)
        if record is None:
            return
        with connected(place) as cluster, lease.held(cluster, place, record.namespace):
            pods = cluster.find("Pod", record.namespace, own_labels(place))
            for thing in kept_manifests(place.folder):
                if changed := stopped(thing):
                    hand_edits.end_pods(cluster, changed)
            if record.reach == KSERVE:
                kserve_rollout.end(cluster, place, record.namespace)
            logs.copy(cluster, place, pods)
        reach.fall_silent(record)
        tunnel.end(place)
        replace(record, is_stopped=True).write(place.folder)

    def delete(self, place: Place) -> None:
        """Take all objects away; images stay, since other versions and services share their layers."""
        record = KubernetesRecord.read(place.folder)
        if record is not None:
            with connected(place) as cluster, lease.held(cluster, place, record.namespace):
                remove_all(cluster, place, record.namespace, apis_of(cluster))
        tunnel.end(place)
        logs.remove(place)
        remove_record(place.folder)

    def reload_keys(self, place: Place) -> None:
        """Put the keys where the pods read them, and have each read them again."""
        record = KubernetesRecord.read(place.folder)
        if record is not None:
            with connected(place) as cluster:
                keys.reload(cluster, place, record.namespace)

    def logs(self, place: Place) -> tuple[Path, ...]:
        """The copied files, after the copy was brought up to date where the cluster can be asked."""
        record = KubernetesRecord.read(place.folder)
        if record is not None:
            with contextlib.suppress(TargetError), connected(place, logs.PATIENCE) as cluster:
                logs.copy(cluster, place, cluster.find("Pod", record.namespace, own_labels(place)))
        return logs.files(place)


def _served(place: Place) -> KubernetesRecord | None:
    """The record of a service; None for a first version that was left on its way, too."""
    record = KubernetesRecord.read(place.folder)
    return record if record and record.version else None


def _draft(release: Release) -> Draft:
    settings = json.loads((release.bundle / "service.json").read_text(encoding="utf-8"))
    return Draft(release.version, release.options, settings, files_of(release))


def _plan_of_next(cluster: Cluster, place: Place, record: KubernetesRecord | None, draft: Draft, image: str) -> Plan:
    """What is to be there of a version that takes the place of the one, or those, that serve."""
    plan = _plan(cluster, place, record, draft, image)
    if record is None or plan.reach == KSERVE:
        return plan
    return replace(plan, deployment=look(cluster, place, record.namespace).entrance)


def _plan(cluster: Cluster, place: Place, record: KubernetesRecord | None, draft: Draft, image: str) -> Plan:
    options = draft.options
    assert isinstance(options, KubernetesOptions)
    namespace = _namespace(cluster, options, record)
    settings = {**draft.settings}
    del settings["version"]  # a pod is told, so that versions with the same settings share them
    apis = apis_of(cluster)
    require(options, apis, cluster.compute.name)
    reached_by = record.reach if record else options.route or options.reach or reach.NODE_PORT
    hosts = record.hosts if record else _hosts(cluster, place, namespace, options)
    settings["allowedHosts"] = list(dict.fromkeys([*settings["allowedHosts"], *dns_names(place, namespace), *hosts]))
    way = way_to_scale(cluster, apis, options) if options.follows_load else "cpu"
    return Plan(
        place, namespace, image, draft.version, options, settings, reached_by, hosts, secrets_of(place), apis, way,
        pull_login(cluster.compute), fetching_of(place, options, draft.files),
    )  # fmt: skip


def _hosts(cluster: Cluster, place: Place, namespace: str, options: KubernetesOptions) -> tuple[str, ...]:
    if options.is_kserve:
        return kserve.predictor_names(place, namespace)
    if options.ingress_host:
        return (options.ingress_host,)
    return tuple(reach.node_hosts(cluster)) if options.reach in (None, reach.NODE_PORT) else ()


def _namespace(cluster: Cluster, options: Options, record: KubernetesRecord | None) -> str:
    assert isinstance(options, KubernetesOptions)
    return record.namespace if record else options.namespace or cluster.compute.namespace


def _scaling(cluster: Cluster, place: Place) -> dict[str, Any]:
    """What the number of pods follows; nothing where it is fixed."""
    scaler = scaler_of(kept_manifests(place.folder))
    if scaler is None:
        return {}
    about = scaler["metadata"]
    try:
        found = cluster.get(path_of(scaler["kind"], about["namespace"], about["name"], api=scaler["apiVersion"]))
    except Missing:
        found = None
    return {"scaling": described(scaler, found)}
