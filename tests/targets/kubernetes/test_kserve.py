"""A service as an InferenceService: what is applied, what KServe's words for it mean, and a cluster without KServe.

None runs here: the lab's API server does not live through a custom resource (custom_resources.py). What is applied is held against
KServe's schema and Knative's rules, and what KServe answers is played.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from jupyter_deploy import AksWebservice, InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.errors import OperationFailed, TargetError
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes import kserve_rollout, kserve_status, kserve_watch, rollout
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.kserve import described, predictor_names
from jupyter_deploy.targets.kubernetes.lease import Lease
from jupyter_deploy.targets.kubernetes.manifests import Plan
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord
from jupyter_deploy.targets.kubernetes.refusals import Missing
from jupyter_deploy.targets.kubernetes.removal import remove_others
from jupyter_deploy.targets.kubernetes.target import KubernetesTarget
from jupyter_deploy.targets.shares import Traffic
from tests.clusters import attached, kubectl
from tests.engines import BASE_IMAGE
from tests.helpers import ECHO, write_script
from tests.targets.kubernetes.custom_resources import problems
from tests.targets.kubernetes.plans import every_choice_of_kserve, objects, plan

NAME = "diabetes-service-1a2b3c4d"
POD = {
    "serviceAccountName",
    "automountServiceAccountToken",
    "enableServiceLinks",
    "imagePullSecrets",
    "containers",
    "volumes",
}
CONTAINER = {
    "name", "args", "command", "env", "envFrom", "image", "imagePullPolicy", "livenessProbe", "ports", "readinessProbe", "resources",
    "securityContext", "startupProbe", "terminationMessagePath", "terminationMessagePolicy", "volumeMounts", "workingDir",
}  # fmt: skip
CONTEXT = {
    "allowPrivilegeEscalation",
    "capabilities",
    "readOnlyRootFilesystem",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "seccompProfile",
}
SCALE = {"minReplicas", "maxReplicas", "scaleMetric", "scaleTarget", "containerConcurrency", "timeout"}
"""What Knative takes of a pod where its cluster's settings allow no more, and what KServe has beside it."""


def applied(**options: Any) -> Object:
    """The InferenceService of a service with these options."""
    *_, found = objects(plan(KubernetesOptions(run_as="kserve", **options)))
    return found


def test_inference_services_of_every_option_are_valid(tmp_path: Path) -> None:
    found = [objects(plan(options))[-1] for options in every_choice_of_kserve(tmp_path)]
    assert len(found) > 40
    assert [problem for thing in found for problem in problems(thing)] == []
    found[0]["spec"]["predictor"]["minReplica"] = 1
    assert problems(found[0]) == [
        "$.spec.predictor: Additional properties are not allowed ('minReplica' was unexpected)"
    ]


def test_knative_takes_the_pods_of_every_option(tmp_path: Path) -> None:
    for options in every_choice_of_kserve(tmp_path):
        predictor = objects(plan(options))[-1]["spec"]["predictor"]
        assert set(predictor) <= POD | SCALE
        (container,) = predictor["containers"]
        assert container["name"] == "kserve-container"
        assert set(container) <= CONTAINER
        assert set(container["securityContext"]) <= CONTEXT
        assert container["ports"] == [{"name": "http1", "containerPort": 5001, "protocol": "TCP"}]
        assert not any("valueFrom" in each or each["name"] in ("PORT", "K_SERVICE") for each in container["env"])
        assert not [each for each in container["args"] if "$(" in each]


def test_all_of_it_belongs_to_the_account_so_that_nothing_changes_before_all_is_checked() -> None:
    made = objects(plan(KubernetesOptions(run_as="kserve")))
    assert [thing["kind"] for thing in made] == ["ServiceAccount", "Secret", "ConfigMap", "InferenceService"]
    assert {thing["metadata"]["name"] for thing in made if thing["kind"] != "ConfigMap"} == {NAME}


def test_pods_follow_the_requests_in_progress_down_to_none() -> None:
    found = applied(
        autoscale_min_replicas=0, autoscale_max_replicas=4, autoscale_target_utilization=50,
        replica_max_concurrent_requests=3, scoring_timeout_ms=9_000, max_request_wait_time=900,
    )  # fmt: skip
    predictor = found["spec"]["predictor"]
    assert {name: predictor[name] for name in SCALE} == {
        "minReplicas": 0, "maxReplicas": 4, "scaleMetric": "concurrency", "scaleTarget": 3, "containerConcurrency": 3, "timeout": 11,
    }  # fmt: skip
    assert found["metadata"]["annotations"] == {
        "serving.kserve.io/deploymentMode": "Serverless",
        "serving.knative.dev/progress-deadline": "370s",
        "autoscaling.knative.dev/target-utilization-percentage": "50",
    }
    assert described(found)["text"] == (
        "the number of pods follows the requests in progress (KServe): 50 % of 3 in each pod, 0 to 4 pods"
    )
    fixed = applied(num_replicas=2)["spec"]["predictor"]
    assert (fixed["minReplicas"], fixed["maxReplicas"]) == (2, 2)


def test_its_pods_are_told_by_labels_and_read_their_secrets_without_a_group() -> None:
    found = applied()
    assert found["metadata"]["labels"]["jupyter-deploy/version"] == "3"
    assert found["metadata"]["labels"]["jupyter-deploy/service"] == "diabetes-service"
    volumes = {each["name"]: each for each in found["spec"]["predictor"]["volumes"]}
    assert volumes["secrets"]["secret"] == {"secretName": NAME, "defaultMode": 0o444}


READY = {"type": "Ready", "status": "True"}
URL, PODS_URL = f"http://{NAME}.models.example.com", f"http://{NAME}-predictor.models.example.com"
NAMES = (f"{NAME}.models.example.com", f"{NAME}-predictor.models.example.com")


def answered(created: str = "", ready: str = "", *conditions: Object, url: str = URL, version: int = 3) -> Object:
    """An InferenceService as a cluster has it."""
    found = applied()
    found["metadata"]["labels"]["jupyter-deploy/version"] = str(version)
    predictor = {"latestCreatedRevision": created, "latestReadyRevision": ready, "url": PODS_URL} if created else {}
    found["status"] = {"conditions": list(conditions), "components": {"predictor": predictor}, **({"url": url} if url else {})}  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("found", "is_up"),
    [
        (applied(), False),
        (answered("p-00001", "p-00001", READY), False),  # of the version before
        (answered("p-00002", "p-00001", READY), False),
        (answered("p-00002", "p-00002", {"type": "Ready", "status": "Unknown"}), False),
        (answered("p-00002", "p-00002", READY, url=""), False),
        (answered("p-00002", "p-00002", READY), True),
    ],
)
def test_a_release_is_up_when_its_own_pods_serve_at_an_address(found: Object, is_up: bool) -> None:
    assert kserve_status.is_up(found, "p-00001") is is_up


def test_only_the_new_pods_can_fail() -> None:
    down = {
        "type": "PredictorConfigurationReady",
        "status": "False",
        "message": 'Revision "p-00002" failed',
        "severity": "Info",
    }
    assert kserve_status.failure(answered("p-00002", "p-00001", down), "p-00001") == 'Revision "p-00002" failed'
    assert kserve_status.failure(answered("p-00002", "p-00001", down), "p-00002") == ""
    begun = {"type": "IngressReady", "status": "False", "reason": "Predictor ingress not created"}
    assert kserve_status.failure(answered("p-00002", "p-00001", begun), "p-00001") == ""


def pod(phase: str) -> Object:
    """A pod that is ready, or finds no node."""
    conditions: dict[str, list[Object]] = {
        "ready": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
        "unschedulable": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
        ],
    }
    spec = {"containers": [{"name": "kserve-container"}, {"name": "queue-proxy"}]}
    return {
        "metadata": {"name": "pod", "uid": phase, "namespace": "models"},
        "spec": spec,
        "status": {"conditions": conditions[phase]},
    }


RECORD = KubernetesRecord("models", 3, "kserve", NAMES[0], 80)
DOWN = {"type": "PredictorReady", "status": "False", "message": "no revision is ready"}
NOT_READY = {"type": "Ready", "status": "False", "reason": "PredictorNotReady"}


@pytest.mark.parametrize(
    ("found", "pods", "state", "error", "version"),
    [
        (answered("p-2", "p-2", READY), [], "Healthy", "", 3),  # which has no pods while nobody asks
        (answered("p-2", "p-2", READY, version=4), ["ready", "ready"], "Healthy", "", 4),
        (
            answered("p-2", "p-2", READY),
            ["ready", "unschedulable"],
            "Healthy",
            "no node has room: 0/1 nodes",
            3,
        ),
        (answered("p-2", "p-1", NOT_READY), ["ready"], "Healthy", "Ready: PredictorNotReady", 3),
        (
            answered("p-2", "p-1", DOWN, NOT_READY),
            [],
            "Unhealthy",
            "PredictorReady: no revision is ready; Ready: PredictorNotReady",
            3,
        ),
        (
            answered("p-2", "p-1", NOT_READY),
            ["unschedulable"],
            "Unschedulable",
            "no node has room: 0/1 nodes",
            3,
        ),
        (applied(), [], "Unhealthy", "KServe does not say that it is ready", 3),
        (None, [], "Stopped", "its objects were removed from the cluster; starting the service brings it back", 3),
    ],
)
def test_how_a_service_is(found: Object | None, pods: list[str], state: str, error: str, version: int) -> None:
    status = kserve_status.status_of(RECORD, found, [pod(phase) for phase in pods], {})
    assert (status.state, status.error, status.version) == (state, error, version)
    assert status.scoring_uri == f"{URL}/score"
    known = {"reach": "kserve", "host": NAMES[0], "namespace": "models"}
    counts = {"replicas": len(pods), "serving": pods.count("ready")} if found else {}
    assert status.details == {**known, **counts}


class Playing:
    """A cluster with KServe, whose InferenceService gets from look to look further.

    Parameters
    ----------
    there : what it is before; None where it is not there. rounds : what it is at each look after it was applied once, twice and so on; the
    last look stays. events : warnings of it.
    """

    def __init__(self, there: Object | None, *rounds: list[Object | None], events: tuple[str, ...] = ()) -> None:
        self._rounds = [[there], *rounds]
        self._events = events
        self.applied: list[Object] = []
        self.deleted: list[str] = []

    def get(self, path: str, **_: str) -> Any:
        if path.endswith("/events"):
            return {"items": [{"message": text, "lastTimestamp": str(at)} for at, text in enumerate(self._events)]}
        looks = self._rounds[sum(thing["kind"] == "InferenceService" for thing in self.applied) + len(self.deleted)]
        look = looks[0] if "inferenceservices" in path else None
        if len(looks) > 1 and look:
            looks.pop(0)
        if look is None:
            raise Missing(f"nothing at {path}")
        return look

    def find(self, kind: str, *_: object, **__: object) -> list[Object]:
        return []

    def apply(self, thing: Object, *, dry_run: bool = False, force: bool = False) -> Object:
        if not dry_run:
            self.applied.append(thing)
        return {**thing, "metadata": {**thing["metadata"], "uid": "1"}}

    def delete(self, thing: Object) -> None:
        self.deleted.append(thing["metadata"]["name"])


class Held:
    """A lease that nobody takes."""

    def require(self) -> None:
        pass


@pytest.fixture
def brought_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Any, list[str]]]:
    """Brings a release up on a cluster that is played, and returns the rollout and what was said."""
    monkeypatch.setattr(rollout, "_LOOK_EVERY", 0.001)
    monkeypatch.setattr(kserve_rollout, "_LOOK_EVERY", 0.001)

    def bring(cluster: Playing, record: KubernetesRecord | None = None, **changes: Any) -> tuple[Any, list[str]]:
        said: list[str] = []
        made = planned(tmp_path, **changes)
        new = kserve_rollout.InferenceRollout(
            cast(Cluster, cluster), cast(Lease, Held()), made, record, lambda text, **_: said.append(text)
        )
        new.begin()
        new.wait()
        new.be_reached()
        return new, said

    return bring


def planned(folder: Path, **options: Any) -> Plan:
    made = plan(KubernetesOptions(run_as="kserve", **options))
    place = Place("1a2b3c4d", "diabetes-service", folder, None)
    names = predictor_names(place, made.namespace)
    settings = {**made.settings, "allowedHosts": [*made.settings["allowedHosts"], *names]}
    return Plan(**{**vars(made), "place": place, "hosts": names, "settings": settings})


def allowed(cluster: Playing) -> list[list[str]]:
    """The hosts that pods answer to, each time that they were applied."""
    configs = [thing for thing in cluster.applied if thing["kind"] == "ConfigMap"]
    return [json.loads(each["data"]["service.json"])["allowedHosts"] for each in configs]


def test_a_first_version_is_applied_again_when_its_address_is_known(brought_up: Any) -> None:
    first, second = answered("p-1", "p-1", READY), answered("p-2", "p-2", READY)
    cluster = Playing(None, [answered("p-1", ""), first], [first, answered("p-2", "p-1"), second])
    done, said = brought_up(cluster)
    assert [text for text in said if "address" in text] == [
        f"its address is {URL}; it is applied again, so that its pods answer to that"
    ]
    before, after = allowed(cluster)
    assert f"{NAME}-predictor.models.svc.cluster.local" in before
    assert set(after) - set(before) == set(NAMES)
    status = done.take_over()
    assert (status.state, status.scoring_uri) == ("Healthy", f"{URL}/score")
    owners = {thing["kind"]: thing["metadata"].get("ownerReferences") for thing in cluster.applied}
    assert owners["InferenceService"] == [{"apiVersion": "v1", "kind": "ServiceAccount", "name": NAME, "uid": "1"}]


def test_one_whose_host_was_named_is_applied_once(brought_up: Any) -> None:
    cluster = Playing(None, [answered("p-1", "p-1", READY)])
    done, _ = brought_up(cluster, allowed_hosts=NAMES[:1])
    assert len(allowed(cluster)) == 1
    assert done.take_over().scoring_uri == f"{URL}/score"


def test_an_address_with_a_port_and_tls_is_kept(brought_up: Any) -> None:
    up = answered("p-1", "p-1", READY, url=f"https://{NAMES[0]}:8443")
    cluster = Playing(None, [up], [answered("p-2", "p-2", READY, url=f"https://{NAMES[0]}:8443")])
    done, _ = brought_up(cluster)
    assert done.take_over().scoring_uri == f"https://{NAMES[0]}:8443/score"


def test_the_same_version_anew_has_new_pods(brought_up: Any) -> None:
    cluster = Playing(answered("p-1", "p-1", READY), [answered("p-2", "p-2", READY)])
    brought_up(cluster, RECORD, allowed_hosts=NAMES)
    *_, sent = cluster.applied
    assert "jupyter-deploy/restarted" in sent["metadata"]["annotations"]


def test_what_knative_gives_up_is_told(brought_up: Any) -> None:
    down = {"type": "PredictorConfigurationReady", "status": "False", "message": "Container image is not there"}
    cluster = Playing(answered("p-1", "p-1", READY), [answered("p-2", "p-1", down)])
    with pytest.raises(TargetError, match="Knative has given the new pods up: Container image is not there"):
        brought_up(cluster, RECORD)


def test_kserve_that_does_not_begin_is_told_with_what_it_notes(
    brought_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kserve_watch, "_BEGINNING", 0.01)
    cluster = Playing(None, [answered()], events=("older", "admission webhook denied: timeoutSeconds is 700"))
    with pytest.raises(TargetError, match="KServe does not begin with it") as error:
        brought_up(cluster)
    assert error.value.why == "admission webhook denied: timeoutSeconds is 700"


def test_a_stopped_service_has_no_inference_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kserve_rollout, "_LOOK_EVERY", 0.001)
    place = Place("1a2b3c4d", "diabetes-service", tmp_path, None)
    cluster = Playing(answered("p-1", "p-1", READY), [answered("p-1", "p-1"), None])
    kserve_rollout.end(cast(Cluster, cluster), place, "models")
    assert cluster.deleted == [NAME]
    kserve_rollout.end(cast(Cluster, cluster), place, "models")
    assert cluster.deleted == [NAME]
    monkeypatch.setattr(kserve_rollout, "_GOING", 0.01)
    with pytest.raises(TargetError, match="KServe did not take 'diabetes-service' away within 0 s"):
        kserve_rollout.end(cast(Cluster, Playing(answered("p-1", "p-1"), [answered("p-1", "p-1")])), place, "models")


def test_its_versions_share_no_requests(tmp_path: Path) -> None:
    RECORD.write(tmp_path)
    place = Place("1a2b3c4d", "diabetes-service", tmp_path, None)
    sharing = KubernetesTarget().share(place, [], Traffic.of(3), print)
    with (
        pytest.raises(TargetError, match="'diabetes-service' is run by KServe, where one version serves at a time"),
        sharing,
    ):
        pass


def test_what_kserve_made_with_our_labels_is_left_to_it(tmp_path: Path) -> None:
    class Listing(Playing):
        def find(self, kind: str, *_: object, **__: object) -> list[Object]:
            made = {"apiVersion": "serving.knative.dev/v1", "kind": "Revision", "name": "p-1", "controller": True}
            names = {"Deployment": {"name": "p-1-deployment", "ownerReferences": [made]}, "ConfigMap": {"name": "old"}}
            return [{"metadata": names[kind]}] if kind in names else []

    cluster, made = Listing(None), plan(KubernetesOptions(run_as="kserve"))
    remove_others(cast(Cluster, cluster), made.place, made.namespace, [], made.apis)
    assert cluster.deleted == ["old"]


def test_a_cluster_without_kserve_refuses_it_by_name(cluster: None, workspace: Workspace, tmp_path: Path) -> None:
    attached(workspace)
    config = InferenceConfig(str(write_script(tmp_path, ECHO)), base_image=BASE_IMAGE)
    options = AksWebservice.deploy_configuration(run_as="kserve", autoscale_min_replicas=0, compute_target_name="lab")
    with pytest.raises(OperationFailed, match="the cluster 'lab' has no KServe, which run_as=kserve needs"):
        Model.deploy(workspace, "asked", [], config, options).wait_for_deployment()
    label = f"jupyter-deploy/workspace={workspace.folder.id}"
    assert json.loads(kubectl("get", "serviceaccount", "-l", label, "-o", "json"))["items"] == []
    assert Webservice(workspace, "asked").state == "Failed"
