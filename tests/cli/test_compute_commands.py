from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.sdk import clusters
from jupyter_deploy.targets.kubernetes.attaching import Wish
from tests.cli.conftest import Cli
from tests.computes import document_of, record_service


@pytest.fixture
def wishes(monkeypatch: pytest.MonkeyPatch) -> list[Wish]:
    """What was to be attached; no cluster is asked."""
    seen: list[Wish] = []

    def look(wish: Wish, name: str, say: Callable[[str], None]) -> Mapping[str, Any]:
        seen.append(wish)
        return document_of(name, say)

    monkeypatch.setattr(clusters, "attach", look)
    return seen


def test_a_cluster_is_attached_listed_shown_and_detached(cli: Cli, wishes: list[Wish], workspace: Workspace) -> None:
    words = (
        "--kubeconfig",
        "config",
        "--context",
        "own",
        "--namespace",
        "models",
        "--image-registry",
        "r.example.com/team",
    )
    outcome = cli("computetarget", "attach", "kubernetes", "-n", "lab", *words, "--cluster-purpose", "FastProd")
    assert wishes == [Wish("config", "own", "models", "r.example.com/team", "FastProd")]
    assert outcome.err == "its kubeconfig runs: /opt/login\n"  # the command line's results alone are on standard output
    assert (outcome.document["name"], outcome.document["server"]) == ("lab", "https://lab:6443")
    assert outcome.document["notes"] == ["it is <small>", "and old"]
    assert cli("computetarget", "list").document == [
        {
            "name": "lab",
            "computeType": "kubernetes",
            "server": "https://lab:6443",
            "namespace": "models",
            "clusterPurpose": "DevTest",
        }
    ]
    assert cli("computetarget", "show", "-n", "lab").document == outcome.document
    table = cli("computetarget", "show", "--name", "lab", "-o", "table").out
    assert "freeCpu=1.5" in table
    assert "metrics.k8s.io" in table
    record_service(workspace.folder, "diabetes", "lab")
    refused = cli("computetarget", "detach", "-n", "lab")
    assert (refused.code, refused.cause) == (1, "'lab' has services of this workspace: diabetes")
    workspace.folder.services.remove("diabetes")
    assert cli("computetarget", "detach", "-n", "lab").document == {"name": "lab"}
    assert cli("computetarget", "list").document == []
    gone = cli("computetarget", "show", "-n", "lab")
    assert (gone.code, gone.cause) == (1, "ComputeTargetNotFound: there is no compute 'lab'")


@pytest.mark.parametrize(("kind", "purpose"), [("kubernetes", "DevTest"), ("aks", "FastProd")])
def test_what_a_cluster_is_for_has_a_default_by_its_kind(cli: Cli, wishes: list[Wish], kind: str, purpose: str) -> None:
    assert cli("computetarget", "attach", kind, "-n", "lab", "--context", "own").document["computeType"] == kind
    assert [wish.purpose for wish in wishes] == [purpose]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (("aks", "-n", "lab"), "attach_configuration: the cluster is not named"),
        (("aks", "-n", "lab", "-i", "mycluster"), "attach_configuration: resource_id is 'mycluster'"),
        (
            ("aks", "-n", "lab", "-i",
             "/subscriptions/0/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/mycluster"),
            "the cluster 'mycluster' cannot be attached by its name in Azure",
        ),
        (("kubernetes", "-n", "lab", "-i", "mycluster"), "--compute-resource-id is for aks"),
        (("kubernetes", "-n", "local"), "'local' is not a valid name of a compute"),
        (("kubernetes",), "jupyter ml computetarget attach: the following arguments are required: -n/--name"),
        (("-n", "lab"), "jupyter ml computetarget attach: the following arguments are required: kind"),
        (("vm", "-n", "lab"), "jupyter ml computetarget attach: argument kind: invalid choice: 'vm'"),
        (("kubernetes", "-n", "lab", "--kubeconfig", "/nowhere/config"), "there is no kubeconfig at /nowhere/config"),
    ],
)  # fmt: skip
def test_what_cannot_be_attached_is_refused(cli: Cli, words: tuple[str, ...], cause: str) -> None:
    outcome = cli("computetarget", "attach", *words)
    assert outcome.cause.startswith(cause)
    assert cli("computetarget", "list").document == []
