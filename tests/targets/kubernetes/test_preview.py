"""What a version would be made of, shown before it is: by the cluster itself, with nothing changed there or recorded here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_deploy import AksWebservice, Webservice, Workspace
from jupyter_deploy.cli.main import main
from jupyter_deploy.errors import NameTaken, TargetError
from jupyter_deploy.sdk.previewing import Preview
from jupyter_deploy.widgets.service_answers import ServiceAnswers
from tests.clusters import COMPUTE, NAMESPACE, kubectl
from tests.engines import BASE_IMAGE
from tests.targets.kubernetes.living import inference, living

NAME = "shown"
SAME: dict[str, Any] = {
    "num_replicas": 1, "autoscale_enabled": False, "auth_enabled": True, "memory_gb": 0.2, "scoring_timeout_ms": 50_000,
}  # fmt: skip


@pytest.fixture(scope="module")
def service(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AksWebservice]:
    with living(tmp_path_factory.mktemp("shown"), NAME) as made:
        yield made


def folder(service: AksWebservice) -> Path:
    return service.workspace.path.parent


def objects(text: str) -> dict[str, Any]:
    return {thing["kind"]: thing for thing in yaml.safe_load_all(text)}


def changed(preview: Preview) -> list[str]:
    lines = preview.difference.splitlines()
    return [line for line in lines if line[:1] in "+-" and not line.startswith(("+++", "---"))]


def content(workspace: Workspace) -> dict[str, bytes]:
    """All files of a workspace but its database's and locks."""
    kept = [path for path in workspace.path.rglob("*") if path.is_file() and path.parent.name != "locks"]
    return {str(path): path.read_bytes() for path in kept if not path.name.startswith("records.db")}


def on_cluster() -> str:
    kinds = "deployments,services,configmaps,secrets,hpa,pdb,networkpolicies,serviceaccounts"
    found = json.loads(kubectl("get", kinds, "-o", "json"))["items"]
    return json.dumps(
        sorted((each["kind"], each["metadata"]["name"], each["metadata"].get("generation")) for each in found)
    )


def test_the_objects_of_a_service_are_readable_and_hold_no_secret(service: AksWebservice) -> None:
    text = service.manifests()
    found = objects(text)
    assert {"Service", "Deployment", "ConfigMap", "Secret", "ServiceAccount", "NetworkPolicy"} <= set(found)
    assert set(found["Secret"]["data"].values()) == {"(hidden)"}
    assert not [key for key in service.get_keys() if key in text]
    assert "ownerReferences" not in text
    assert json.loads(found["ConfigMap"]["data"]["service.json"])["name"] == NAME
    assert '  service.json: |\n    {\n      "format": 1,' in text
    for thing in found.values():
        kubectl("get", thing["kind"], thing["metadata"]["name"])


def test_a_first_deployment_is_only_looked_at(service: AksWebservice) -> None:
    before, there = content(service.workspace), on_cluster()
    options = AksWebservice.deploy_configuration(autoscale_max_replicas=3, primary_key="a-secret-key")
    preview = AksWebservice.preview(
        service.workspace, "another", ["tiny"], inference(folder(service)), options, COMPUTE
    )
    found = objects(preview.manifests)
    [pod] = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert pod["image"] == "(built when it is deployed)"
    assert found["HorizontalPodAutoscaler"]["spec"]["maxReplicas"] == 3
    assert "a-secret-key" not in str(preview)
    assert preview.difference == "nothing of it is there yet"
    assert (content(service.workspace), on_cluster()) == (before, there)
    assert [each.name for each in Webservice.list(service.workspace)] == [NAME]


def test_only_what_would_change_is_in_the_difference(service: AksWebservice) -> None:
    before, there = content(service.workspace), on_cluster()
    preview = service.preview_update(num_replicas=2)
    removed, *added = changed(preview)
    assert removed == "-    jupyter-deploy/version: '1'"
    assert added[:1] == ["+    jupyter-deploy/version: '2'"]
    assert [line.strip("+- ") for line in added[1:3]] == ["replicas: 1", "replicas: 2"]
    assert {line[0] for line in added[3:]} == {"+"}
    assert "+kind: PodDisruptionBudget" in added
    for noise in ("managedFields", "uid", "resourceVersion", "generation", "status:", "terminationMessagePath"):
        assert noise not in preview.difference
    assert (
        objects(preview.manifests)["Deployment"]["spec"]["template"]
        == objects(service.manifests())["Deployment"]["spec"]["template"]
    )
    assert (content(service.workspace), on_cluster()) == (before, there)
    assert service.version == 1


def test_what_the_server_is_told_is_compared_line_by_line(service: AksWebservice) -> None:
    lines = changed(service.preview_update(scoring_timeout_ms=5000))
    assert '-      "scoringTimeoutMs": 50000,' in lines
    assert '+      "scoringTimeoutMs": 5000,' in lines
    assert "+        image: (built when it is deployed)" in [
        line.replace("- ", "  ", 1) for line in lines if "image:" in line
    ]
    assert not [line for line in lines if "maxQueueWaitMs" in line]


def test_a_name_is_taken_in_a_look_as_in_a_deployment(service: AksWebservice) -> None:
    same = AksWebservice.deploy_configuration(**SAME)
    given = (service.workspace, NAME, ["tiny"], inference(folder(service)))
    assert AksWebservice.preview(*given, same, COMPUTE).difference == "nothing would change"
    other = AksWebservice.deploy_configuration(**{**SAME, "num_replicas": 3})
    with pytest.raises(NameTaken):
        AksWebservice.preview(*given, other, COMPUTE)
    assert "+  replicas: 3" in AksWebservice.preview(*given, other, COMPUTE, overwrite=True).difference


def test_what_was_changed_by_hand_is_told_before(service: AksWebservice) -> None:
    name = objects(service.manifests())["Deployment"]["metadata"]["name"]
    kubectl("patch", "deployment", name, "--field-manager", "somebody", "-p", '{"spec":{"revisionHistoryLimit":7}}')
    try:
        with pytest.raises(TargetError, match="was changed by hand"):
            service.preview_update(num_replicas=2)
    finally:
        kubectl("patch", "deployment", name, "--field-manager", "somebody", "-p", '{"spec":{"revisionHistoryLimit":2}}')


def test_what_the_cluster_would_refuse_is_told_before(service: AksWebservice) -> None:
    with pytest.raises(TargetError, match="somewhere-else"):
        AksWebservice.preview(
            service.workspace, "another", ["tiny"], inference(folder(service)),
            AksWebservice.deploy_configuration(namespace="somewhere-else"), COMPUTE,
        )  # fmt: skip


def test_the_command_line_prints_the_same(service: AksWebservice, capsys: pytest.CaptureFixture[str]) -> None:
    expected = service.preview_update(num_replicas=2)
    words = ["service", "update", "-n", NAME, "--nr", "2", "--dry-run", "-w", str(service.workspace.path)]
    capsys.readouterr()
    assert main(words) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == (expected.manifests, f"{expected.difference}\n")
    assert "  replicas: 2" in shown.out.splitlines()
    file = ["-dc", str(folder(service) / "deploymentconfig.json"), "-ct", COMPUTE, "--base-image", BASE_IMAGE]
    words = [
        "model",
        "deploy",
        "-n",
        "another",
        "-m",
        "tiny",
        "--es",
        str(folder(service) / "score.py"),
        *file,
        "--dry-run",
    ]
    assert main([*words, "-w", str(service.workspace.path)]) == 0
    shown = capsys.readouterr()
    assert shown.err.splitlines()[-1] == "nothing of it is there yet"
    assert objects(shown.out)["Deployment"]["spec"]["replicas"] == 1
    assert main(["service", "update", "-n", NAME, "--nr", "0", "--dry-run", "-w", str(service.workspace.path)]) == 1


def test_its_attributes_are_those_of_the_original(service: AksWebservice) -> None:
    assert (service.compute_name, service.namespace, service.num_replicas) == (COMPUTE, NAMESPACE, 1)
    assert service.deployment_status == {"replicas": 1, "availableReplicas": 1, "error": None}
    whole = service.serialize()
    assert (whole["computeName"], whole["namespace"], whole["deploymentStatus"]["replicas"]) == (COMPUTE, NAMESPACE, 1)
    assert service.run(b"[3]") == "[3]"


@pytest.mark.soak
def test_the_cards_controls_set_the_number_of_pods(service: AksWebservice) -> None:
    controls = ServiceAnswers(service, lambda: None, lambda *_, **__: None)
    try:
        assert {row["name"]: row["value"] for row in controls.look()["scale"]} == {"num_replicas": 1, "worker_count": 1}
        controls.update(options={"num_replicas": 2})
        service.wait_for_deployment()
        found = controls.look()
    finally:
        controls.close()
    assert (found["pods"], found["version"]) == ({"wanted": 2, "serving": 2}, 2)
    assert service.deployment_status == {"replicas": 2, "availableReplicas": 2, "error": None}
    assert (
        len(
            kubectl(
                "get", "pods", "-o", "name", "-l", f"jupyter-deploy/workspace={service.workspace.folder.id}"
            ).split()
        )
        == 2
    )
