"""What goes wrong around a service on a cluster: others change it, its API is away, an operation is killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy import AksWebservice, Operation, Webservice, Workspace
from jupyter_deploy.engine.services import where
from jupyter_deploy.errors import OperationFailed, ServiceNotFound
from jupyter_deploy.targets.kubernetes import lease
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute
from tests.clusters import NAMESPACE, attached, clear, kubeconfig, kubectl
from tests.helpers import wait_until
from tests.targets.kubernetes.conftest import Tunnelled, deployed, script


@pytest.fixture(scope="module")
def service(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AksWebservice]:
    """A service of one pod that others lay hands on."""
    folder = tmp_path_factory.mktemp("faults")
    workspace = Workspace(folder / "workspace")
    attached(workspace)
    yield deployed(workspace, "touched", script(folder, "one"))
    clear(workspace)


def name_of(service: Webservice) -> str:
    return f"{service.name}-{service.workspace.folder.id}"


def deployment_of(service: Webservice) -> dict[str, object]:
    """What its Deployment is to be."""
    found: dict[str, object] = json.loads(kubectl("get", "deployment", name_of(service), "-o", "json"))["spec"]
    return found


def failure_of(service: Webservice) -> OperationFailed:
    with pytest.raises(OperationFailed) as raised:
        service.wait_for_deployment()
    return raised.value


def patch(service: Webservice, field: str, value: object) -> None:
    kubectl("patch", "deployment", name_of(service), "--type=merge", "-p", json.dumps({"spec": {field: value}}))


def test_a_field_that_was_changed_by_hand_is_shown_and_not_overruled(service: AksWebservice) -> None:
    version = service.version
    patch(service, "progressDeadlineSeconds", 555)
    before = deployment_of(service)
    service.update(initial_delay_seconds=100)  # which sets the same field
    error = failure_of(service)
    assert error.what == (
        f"the Deployment '{name_of(service)}' was changed by hand:"
        " .spec.progressDeadlineSeconds is 555 there (kubectl-patch), and would be 160"
    )
    assert "undo that change, or give the option the same value" in error.remedy
    assert deployment_of(service) == before
    assert (service.state, service.version) == ("Healthy", version)

    patch(service, "progressDeadlineSeconds", 370)  # as it was
    service.update(initial_delay_seconds=100)
    service.wait_for_deployment()
    assert deployment_of(service)["progressDeadlineSeconds"] == 160


@pytest.mark.soak
def test_a_number_of_pods_that_was_set_by_hand_is_shown_and_not_overruled(service: AksWebservice) -> None:
    kubectl("scale", "deployment", name_of(service), "--replicas=2")
    service.update(max_request_wait_time=400)
    error = failure_of(service)
    assert error.what.startswith(f"the Deployment '{name_of(service)}' was changed by hand: .spec.replicas is 2 there")
    assert error.what.endswith("and would be 1")
    assert deployment_of(service)["replicas"] == 2
    kubectl("scale", "deployment", name_of(service), "--replicas=1")


@pytest.mark.soak
def test_a_number_of_pods_that_was_set_by_hand_is_taken_over_when_it_is_asked_for(service: AksWebservice) -> None:
    kubectl("scale", "deployment", name_of(service), "--replicas=2")
    service.update(num_replicas=2)
    service.wait_for_deployment()
    assert (service.state, service.view.status.details["serving"]) == ("Healthy", 2)


@pytest.mark.soak
def test_what_was_changed_by_hand_stays_through_a_stop_and_what_was_scaled_to_none_is_started(
    service: AksWebservice,
) -> None:
    patch(service, "minReadySeconds", 1)
    patch(service, "revisionHistoryLimit", 7)
    service.stop()
    assert (deployment_of(service)["replicas"], deployment_of(service)["revisionHistoryLimit"]) == (0, 7)
    patch(service, "revisionHistoryLimit", 2)
    service.start()
    assert (service.state, deployment_of(service)["minReadySeconds"]) == ("Healthy", 1)
    kubectl("scale", "deployment", name_of(service), "--replicas=0")
    wait_until(lambda: service.state == "Stopped")
    assert "scaled to no pods; starting the service brings it back" in service.error
    service.start()
    assert service.state == "Healthy"


def test_an_object_of_somebody_else_is_left_alone_and_nothing_is_applied(
    cluster: None, workspace: Workspace, tmp_path: Path
) -> None:
    attached(workspace)
    name = f"taken-{workspace.folder.id}"
    kubectl("create", "serviceaccount", name)
    # the cluster adds its part a moment later
    wait_until(lambda: kubectl("get", "serviceaccount", name, "-o", "jsonpath={.secrets[*].name}"))
    before = kubectl("get", "serviceaccount", name, "-o", "jsonpath={.metadata.resourceVersion}")
    with pytest.raises(OperationFailed) as raised:
        deployed(workspace, "taken", script(tmp_path, "one"))
    assert f"the name '{name}' is taken by a ServiceAccount in the namespace {NAMESPACE}" in raised.value.what
    assert "left alone" in raised.value.what
    assert "rename or delete it" in raised.value.remedy
    kinds = "services,deployments,configmaps,networkpolicies,poddisruptionbudgets,leases"
    assert name not in kubectl("get", kinds, "-o", "name")
    Webservice(workspace, "taken").delete()
    assert kubectl("get", "serviceaccount", name, "-o", "jsonpath={.metadata.resourceVersion}") == before


@pytest.mark.soak
def test_two_people_who_change_one_service_do_not_get_into_each_others_way(service: AksWebservice) -> None:
    _, place = where(service.workspace.folder, service.view)
    before = service.version
    with Cluster(Compute("lab", str(kubeconfig()), "", NAMESPACE)) as other, lease.held(other, place, NAMESPACE):
        service.update(max_request_wait_time=300)
        error = failure_of(service)
        assert "another operation on 'touched' is under way on the cluster: of " in error.what
        assert f"(process {os.getpid()}), since 20" in error.what
    assert (service.state, service.version) == ("Healthy", before)
    assert kubectl("get", "leases", "-o", "name") == ""


@pytest.mark.soak
@pytest.mark.parametrize("seconds", [3, 30])
def test_a_rollout_goes_on_when_the_api_is_back(tunnelled: Tunnelled, seconds: float) -> None:
    service = tunnelled.service
    service.update(inference_config=tunnelled.script(f"after {seconds} s", pause=1))
    operation = service.operation
    assert operation is not None
    wait_until(lambda: any("applied" in event.text for event in operation.events()), 60)
    tunnelled.way.cut()
    threading.Event().wait(seconds)
    tunnelled.way.mend()
    service.wait_for_deployment()
    texts = [event.text for event in operation.events()]
    assert any("does not answer; waiting until it does" in text for text in texts)
    assert "the cluster answers again" in texts
    assert (service.state, service.run("1")["answer"]) == ("Healthy", f"after {seconds} s")


def process_of(operation: Operation) -> int:
    """The process of an operation."""
    found: int = next(event.facts["process"]["pid"] for event in operation.events() if "process" in event.facts)
    return found


def test_a_deletion_that_was_interrupted_is_finished_by_the_next(service: AksWebservice) -> None:
    def delete() -> None:
        with contextlib.suppress(OperationFailed):
            service.delete()

    name, held = name_of(service), {"metadata": {"finalizers": ["jupyter-deploy/test"]}}
    # so that the deletion cannot end before it is killed
    kubectl("patch", "service", name, "--type=merge", "-p", json.dumps(held))
    deleting = threading.Thread(target=delete)
    deleting.start()
    wait_until(lambda: name not in kubectl("get", "deployments", "-o", "name"), 60)
    operation = service.operation
    assert operation is not None
    os.kill(process_of(operation), signal.SIGKILL)
    deleting.join()
    assert Webservice(service.workspace, "touched").name == "touched"  # its record stays
    kubectl("patch", "service", name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    service.delete()
    with pytest.raises(ServiceNotFound):
        Webservice(service.workspace, "touched")
    kinds = "services,deployments,secrets,configmaps,serviceaccounts,networkpolicies,leases,horizontalpodautoscalers"
    assert kubectl("get", kinds, "-o", "name", "-l", f"jupyter-deploy/workspace={service.workspace.folder.id}") == ""
