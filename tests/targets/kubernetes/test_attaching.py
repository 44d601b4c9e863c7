"""Attaching a cluster, and credentials that do not do: at attach, at deploy, and when a service is asked how it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from jupyter_deploy import (
    AksCompute,
    AksWebservice,
    ComputeTarget,
    InferenceConfig,
    KubernetesCompute,
    Model,
    Webservice,
    Workspace,
)
from jupyter_deploy.errors import OperationFailed, TargetError
from tests.clusters import NAMESPACE, clear, kubeconfig, kubectl
from tests.engines import BASE_IMAGE
from tests.helpers import wait_until, write_script
from tests.targets.kubernetes.kubeconfigs import for_account, line_of, plug_in, usual, written

pytestmark = pytest.mark.usefixtures("cluster")

Broken = Callable[[Path], object]


def attach(workspace: Workspace, file: Path | None = None, namespace: str | None = NAMESPACE) -> ComputeTarget:
    return ComputeTarget.attach(
        workspace, "own", KubernetesCompute.attach_configuration(file or kubeconfig(), namespace=namespace)
    )


def refusal(workspace: Workspace, file: Path | None = None, namespace: str | None = NAMESPACE) -> TargetError:
    with pytest.raises(TargetError) as raised:
        attach(workspace, file, namespace)
    assert ComputeTarget.list(workspace) == []
    return raised.value


def broken(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


FAULTS: dict[str, tuple[Broken, str]] = {
    "wrong token": (
        lambda file: written(file, {"token": "wrong"}, usual()[1]),
        "the cluster 'own' does not accept the credentials of context 'own': they are expired or wrong",
    ),
    "nobody at the port": (
        lambda file: written(file, {"token": "unused"}, {"server": "https://127.0.0.1:1"}),
        "the cluster at https://127.0.0.1:1 does not answer",
    ),
    "an authority that is not the cluster's": (
        lambda file: written(file, {"token": "unused"}, {"server": usual()[1]["server"]}),
        "no trusted connection to the cluster at SERVER can be made: ",
    ),
    "no file": (lambda file: file.unlink(missing_ok=True), "there is no kubeconfig at FILE"),
    "no YAML": (lambda file: broken(file, "users: ["), "the kubeconfig FILE is no YAML in line 1"),
    "no kubeconfig": (lambda file: broken(file, "- a\n"), "FILE is no kubeconfig: "),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_do_is_said_first_when_it_is_attached(workspace: Workspace, tmp_path: Path, fault: str) -> None:
    file = tmp_path / "config"
    spoil, what = FAULTS[fault]
    spoil(file)
    found = refusal(workspace, file)
    assert found.what.startswith(what.replace("FILE", str(file)).replace("SERVER", usual()[1]["server"]))
    assert found.remedy


@pytest.fixture
def taken(workspace: Workspace) -> Iterator[float]:
    """The CPUs that a pod on a node asks for."""
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "taker"},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {"name": "idle", "image": BASE_IMAGE, "command": ["sleep", "600"], "resources": {"requests": {"cpu": "100m"}}}
            ],
        },
    }  # fmt: skip
    kubectl("apply", "-f", "-", stdin=json.dumps(pod))
    kubectl("wait", "--for=condition=PodScheduled", "pod/taker", "--timeout=60s")
    yield 0.1
    kubectl("delete", "pod", "taker", "--wait=false")


def test_path_and_context_are_recorded_and_what_is_there_is_seen(
    workspace: Workspace, tmp_path: Path, taken: float
) -> None:
    file = tmp_path / "config"
    user, cluster = usual()
    written(file, user, cluster, namespace=NAMESPACE)
    shown: list[str] = []
    configuration = KubernetesCompute.attach_configuration(file)
    compute = ComputeTarget.attach(workspace, "own", configuration, say=shown.append)
    assert len(shown) == int(cluster.get("insecure-skip-tls-verify", False))
    assert all("insecure-skip-tls-verify" in line for line in shown)
    document = compute.serialize()
    assert (document["kubeconfig"], document["context"], document["namespace"]) == (str(file), "own", NAMESPACE)
    assert document["server"] == cluster["server"]
    assert "metrics.k8s.io" in document["offers"]
    assert document["room"]["nodes"] == len(kubectl("get", "nodes", "-o", "name").split())
    assert 0 < document["room"]["freeCpu"] <= document["room"]["cpu"] - taken
    assert document["notes"] == shown
    assert compute.get_status() == "Succeeded"
    for path in filter(Path.is_file, workspace.path.rglob("*")):
        assert user["token"].encode() not in path.read_bytes()


def test_a_cluster_for_production_is_refused_with_all_that_it_lacks(workspace: Workspace) -> None:
    configuration = AksCompute.attach_configuration(kubeconfig=kubeconfig(), namespace=NAMESPACE)
    with pytest.raises(TargetError) as raised:
        ComputeTarget.attach(workspace, "own", configuration)
    assert raised.value.what.startswith("the cluster 'own' is too small for FastProd: it has ")
    assert "CPUs, and takes at least 12; it has 1 node, and takes at least 3" in raised.value.what
    purpose = AksCompute.ClusterPurpose.DEV_TEST
    configuration = AksCompute.attach_configuration(
        kubeconfig=kubeconfig(), namespace=NAMESPACE, cluster_purpose=purpose
    )
    compute = ComputeTarget.attach(workspace, "own", configuration)
    assert isinstance(compute, AksCompute)
    assert compute.cluster_purpose == "DevTest"


def test_a_command_for_credentials_is_shown_before_it_first_runs(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "config"
    user, cluster = usual()
    about, runs = plug_in(tmp_path, {"token": user["token"]})
    written(file, {"exec": about}, cluster, namespace=NAMESPACE)
    shown: dict[str, bool] = {}
    configuration = KubernetesCompute.attach_configuration(file)
    ComputeTarget.attach(workspace, "own", configuration, say=lambda line: shown.update({line: runs.exists()}))
    assert shown[f"for the credentials of 'own' its kubeconfig runs: {line_of(about)}"] is False
    assert runs.exists()
    assert line_of(about) not in json.dumps(ComputeTarget(workspace, "own").serialize())
    written(file, {"exec": {**about, "args": [about["args"][0], "--for", "somebody else"]}}, cluster)
    runs.unlink()
    compute = ComputeTarget(workspace, "own")
    assert compute.get_status() == "Unknown"
    assert compute.provisioning_errors[0].startswith(
        "what runs for the credentials of the cluster 'own' is not what it"
    )
    assert "--for 'somebody else'" in compute.provisioning_errors[0]
    assert not runs.exists()


def test_a_namespace_that_is_missing_or_on_its_way_out_is_refused(workspace: Workspace, ending: str) -> None:
    assert refusal(workspace, namespace="gone").what == "the cluster 'own' has no namespace 'gone'"
    assert refusal(workspace, namespace=ending).what.startswith("the namespace is being deleted: ")


@pytest.fixture(scope="module")
def ending() -> Iterator[str]:
    """A namespace that is being deleted, until somebody lets it."""
    name = f"{NAMESPACE}-ending"
    kubectl("create", "namespace", name)
    holder = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "holder", "finalizers": ["jupyter-deploy/test"]},
    }
    kubectl("create", "-f", "-", stdin=json.dumps(holder), namespace=name)
    kubectl("delete", "namespace", name, "--wait=false")
    yield name
    kubectl("patch", "configmap", "holder", "--type=merge", "-p", '{"metadata":{"finalizers":null}}', namespace=name)


@dataclass(frozen=True)
class Deployed:
    """A service that was deployed by an account which may do what the Role says, and no more."""

    service: Webservice
    file: Path
    refused: TargetError

    def deploy(self, folder: Path, **options: str) -> OperationFailed:
        """Deploy another one, which has to fail, and return why."""
        configuration = AksWebservice.deploy_configuration(num_replicas=1, **options)
        config = InferenceConfig(str(write_script(folder)), base_image=BASE_IMAGE)
        other = Model.deploy(self.service.workspace, "other", [], config, configuration, "own")
        with pytest.raises(OperationFailed) as raised:
            other.wait_for_deployment()
        return raised.value


@pytest.fixture(scope="module")
def deployed(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("attaching")
    workspace = Workspace(folder / "workspace")
    file = for_account(folder / "config", "limited")
    refused = refusal(workspace, file, None)
    kubectl("apply", "-f", "-", stdin=refused.why.rpartition("\n\n")[2])
    bind()
    attach(workspace, file, None)
    config = InferenceConfig(str(write_script(folder)), base_image=BASE_IMAGE)
    options = AksWebservice.deploy_configuration(num_replicas=1, auth_enabled=False)
    service = Model.deploy(workspace, "limited", [], config, options, "own")
    service.wait_for_deployment()
    yield Deployed(service, file, refused)
    clear(workspace)


def bind() -> None:
    """Give the account the role, and wait until the cluster decides by it."""
    account = f"{NAMESPACE}:limited"
    kubectl("create", "rolebinding", "limited", "--role=jupyter-deploy", f"--serviceaccount={account}")
    user = {"kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1"}
    asked = {"namespace": NAMESPACE, "verb": "list", "group": "apps", "resource": "deployments"}
    review = {**user, "spec": {"user": f"system:serviceaccount:{account}", "resourceAttributes": asked}}
    answer = ("create", "-f", "-", "-o", "jsonpath={.status.allowed}")
    wait_until(lambda: kubectl(*answer, stdin=json.dumps(review)) == "true")


def test_rights_that_are_missing_are_named_with_a_role_that_is_enough(deployed: Deployed) -> None:
    first, *lines = str(deployed.refused).splitlines()
    assert first.startswith(
        "context 'own' may not do on the cluster 'own' what services need in the namespace"
        f" '{NAMESPACE}': get, list, watch, create, patch, delete services, and "
    )
    assert "  get, list, watch, create, patch, delete deployments.apps" in lines
    assert "  get pods/log" in lines
    assert "  list events" in lines
    role = yaml.safe_load(deployed.refused.why.rpartition("\n\n")[2])
    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", NAMESPACE)
    assert "create rolebinding" in lines[-1]
    assert deployed.service.run('{"data": 1}') == '{"data": 1}'
    compute = ComputeTarget(deployed.service.workspace, "own")
    assert compute.serialize()["room"] == {}
    assert "its nodes may not be seen" in repr(compute)


@pytest.mark.parametrize("fault", ["wrong token", "nobody at the port", "no file"])
def test_credentials_that_did_and_do_no_more_are_said_first(deployed: Deployed, tmp_path: Path, fault: str) -> None:
    spoil, what = FAULTS[fault]
    what = what.replace("FILE", str(deployed.file)).replace("SERVER", usual()[1]["server"])
    good = deployed.file.read_text()
    spoil(deployed.file)
    try:
        assert deployed.service.state == "Unknown"
        assert deployed.service.error.startswith(what)
        assert str(deployed.deploy(tmp_path)).startswith(what)
    finally:
        deployed.file.write_text(good)
    assert deployed.service.state == "Healthy"


def test_a_right_that_was_taken_is_named_by_verb_and_resource(deployed: Deployed, tmp_path: Path) -> None:
    kubectl("delete", "rolebinding", "limited")
    try:
        wait_until(lambda: deployed.service.state == "Unknown")  # the cluster decides by what it has learnt
        assert deployed.service.error.startswith("you may not do this on the cluster 'own': ")
        assert 'cannot list resource "deployments" in API group "apps"' in deployed.service.error
        first = str(deployed.deploy(tmp_path)).splitlines()[0]
        assert 'cannot patch resource "configmaps"' in first
    finally:
        bind()
    assert deployed.service.state == "Healthy"


@pytest.mark.soak
def test_a_deployment_into_a_namespace_that_does_not_do_is_refused(
    deployed: Deployed, tmp_path: Path, ending: str
) -> None:
    good = deployed.file.read_text()
    user, cluster = usual()
    written(deployed.file, user, cluster)  # who may use all namespaces
    try:
        error = deployed.deploy(tmp_path, namespace="gone")
        assert str(error).startswith("the cluster 'own' has no namespace 'gone'\n")
        error = deployed.deploy(tmp_path, namespace=ending)
        assert str(error).startswith("the namespace is being deleted: ")
    finally:
        deployed.file.write_text(good)
