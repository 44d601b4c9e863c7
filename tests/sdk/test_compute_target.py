from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from jupyter_deploy import AksCompute, ComputeTarget, KubernetesCompute, Workspace
from jupyter_deploy.errors import ComputeNotFound, InUse, NotInRelease, UserError
from jupyter_deploy.sdk.compute_target import AttachConfiguration
from tests.computes import document_of, record_service

SHOWN_ROOM = {"nodes": 1, "cpus": 2, "cpu": 2, "memoryInGB": 23.4, "freeCpu": 1.5, "freeMemoryInGB": 21.4}


def attached(
    workspace: Workspace, name: str = "lab", kind: str = "kubernetes", say: Callable[[str], None] = print
) -> ComputeTarget:
    return ComputeTarget.attach(workspace, name, AttachConfiguration(kind, document_of), say=say)


def test_what_has_to_be_seen_before_is_printed_or_said(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    attached(workspace)
    assert capsys.readouterr().out == "its kubeconfig runs: /opt/login\n"
    said: list[str] = []
    attached(workspace, say=said.append)
    assert said == ["its kubeconfig runs: /opt/login"]
    assert capsys.readouterr().out == ""


def test_it_is_found_by_its_name_in_the_class_of_its_kind(workspace: Workspace) -> None:
    assert (attached(workspace).type, attached(workspace, "azure", "aks").type) == ("Kubernetes", "AKS")
    assert isinstance(ComputeTarget(workspace, "lab"), KubernetesCompute)
    assert isinstance(ComputeTarget(workspace, "azure"), AksCompute)
    assert isinstance(AksCompute(workspace, "lab"), AksCompute)
    assert {name: type(compute) for name, compute in workspace.compute_targets.items()} == {
        "azure": AksCompute,
        "lab": KubernetesCompute,
    }
    with pytest.raises(
        ComputeNotFound, match=r"^ComputeTargetNotFound: there is no compute 'myaks'\nattached are azure, lab"
    ):
        AksCompute(workspace, "myaks")


def test_what_was_found_is_shown(workspace: Workspace) -> None:
    assert repr(ComputeTarget.list(workspace)) == "no compute is attached yet; ComputeTarget.attach attaches one"
    compute = attached(workspace)
    assert repr(ComputeTarget.list(workspace)).splitlines() == [
        "name  kind        server            namespace  purpose  version  room",
        "lab   kubernetes  https://lab:6443  models     DevTest  v1.20.2  1.5 of 2 CPUs and 21.4 of 23.4 GB free on 1 node",
    ]
    assert repr(compute).startswith(f"KubernetesCompute(workspace={workspace!r}, name='lab', kind='kubernetes', ")
    assert "notes='it is <small>; and old'" in repr(compute)
    html = compute._repr_html_()
    for text in (
        "Compute lab",
        "1.5 of 2 CPUs",
        "it is &lt;small&gt;; and old",
        "metrics.k8s.io",
        "/home/ada/.kube/config",
    ):
        assert text in html
    assert "<small>" not in html


def test_its_properties_are_those_of_the_original(workspace: Workspace) -> None:
    before = datetime.now(timezone.utc)
    compute = attached(workspace)
    assert before <= compute.created_on <= datetime.now(timezone.utc)
    assert compute.is_attached
    assert compute.cluster_purpose == "DevTest"
    assert (compute.provisioning_state, compute.provisioning_errors) == ("Succeeded", [])
    document = compute.serialize()
    assert (document["name"], document["computeType"], document["provisioningState"]) == (
        "lab",
        "kubernetes",
        "Succeeded",
    )
    assert (document["context"], document["namespace"], document["room"]) == ("own", "models", SHOWN_ROOM)


def test_one_whose_kubeconfig_is_gone_is_unknown_and_its_record_stays(workspace: Workspace) -> None:
    compute = attached(workspace)
    assert compute.get_status() == "Unknown"
    assert compute.provisioning_errors[0].startswith("there is no kubeconfig at /home/ada/.kube/config\n")
    assert ComputeTarget(workspace, "lab").serialize()["room"] == SHOWN_ROOM


def test_waiting_has_nothing_to_wait_for(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    compute = attached(workspace, say=lambda _: None)
    compute.wait_for_completion()
    assert capsys.readouterr().out == ""
    compute.wait_for_completion(show_output=True)
    assert capsys.readouterr().out == "lab is attached\n"


def test_it_is_detached_and_never_deleted(workspace: Workspace) -> None:
    compute = attached(workspace)
    with pytest.raises(
        UserError, match=r"^'lab' was attached, so it is not deleted from here\nNothing was changed"
    ) as raised:
        compute.delete()
    assert "detach()" in raised.value.remedy
    record_service(workspace.folder, "diabetes", "lab")
    with pytest.raises(InUse, match="services of this workspace: diabetes"):
        compute.detach()
    workspace.folder.services.remove("diabetes")
    compute.detach()
    assert workspace.compute_targets == {}
    with pytest.raises(ComputeNotFound):
        compute.detach()


def test_clusters_are_not_created(workspace: Workspace) -> None:
    for refused in (
        lambda: AksCompute.provisioning_configuration(cluster_purpose=AksCompute.ClusterPurpose.DEV_TEST),
        lambda: ComputeTarget.create(workspace=workspace, name="myaks", provisioning_configuration=None),
    ):
        with pytest.raises(NotInRelease, match=r"^clusters cannot be created") as raised:
            refused()
        assert "KubernetesCompute.attach_configuration(context=" in raised.value.remedy
