"""What is applied: readable, valid for every version of Kubernetes, and accepted by a real cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.documents import as_yaml
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.offers import apis_of
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from tests.clusters import NAMESPACE, kubeconfig
from tests.goldens import assert_golden
from tests.targets.kubernetes.plans import NEWEST, every_choice, objects, plan

VERSIONS = sorted(set(kubernetes_validate.utils.all_versions()), key=lambda text: int(text.split(".")[1]))
KINDS = {
    "ConfigMap", "Deployment", "HorizontalPodAutoscaler", "Ingress", "NetworkPolicy", "PodDisruptionBudget", "Secret", "Service",
    "ServiceAccount",
}  # fmt: skip
ADDED = {"HTTPRoute", "InferenceService"}
"""Kinds that are no part of Kubernetes itself."""


def distinct(folder: Path, **facts: Any) -> list[Object]:
    """Every object that any option leads to, each once."""
    found = [thing for options in every_choice(folder) for thing in objects(plan(options, **facts))]
    return list({json.dumps(thing, sort_keys=True): thing for thing in found}.values())


def test_every_choice_that_is_looked_at_is_one_that_a_user_has(tmp_path: Path) -> None:
    assert [problem for options in every_choice(tmp_path) for problem in options.problems()] == []


def test_every_option_has_manifests_of_all_kinds_and_no_two_objects_of_one_name(tmp_path: Path) -> None:
    kinds = set()
    for options in every_choice(tmp_path):
        made = objects(plan(options))
        names = [(thing["kind"], thing["metadata"]["name"]) for thing in made]
        assert len(set(names)) == len(names)
        kinds |= {kind for kind, _ in names}
    assert kinds == KINDS | ADDED


def test_the_versions_begin_where_they_should() -> None:
    assert VERSIONS[0] == "1.25.0"
    assert len(VERSIONS) >= 13


@pytest.mark.parametrize("version", VERSIONS)
def test_manifests_of_every_option_are_valid(version: str, tmp_path: Path) -> None:
    made = distinct(tmp_path)
    for kind in sorted(KINDS):
        items = [thing for thing in made if thing["kind"] == kind]
        whole = {"apiVersion": items[0]["apiVersion"], "kind": f"{kind}List", "items": items}
        assert kubernetes_validate.validate(whole, version, strict=True) == version.rpartition(".")[0]


def test_a_key_that_is_misspelt_is_not_valid(tmp_path: Path) -> None:
    service = distinct(tmp_path)[0]
    service["spec"]["selektor"] = service["spec"].pop("selector")
    with pytest.raises(kubernetes_validate.ValidationError, match="selektor"):
        kubernetes_validate.validate(service, VERSIONS[-1], strict=True)


@pytest.fixture
def api(cluster: None) -> Iterator[Cluster]:
    """The cluster's API."""
    with Cluster(Compute("lab", str(kubeconfig()), "", NAMESPACE)) as found:
        yield found


def test_a_cluster_accepts_the_manifests_of_every_option(api: Cluster, tmp_path: Path) -> None:
    apis = {**NEWEST, **apis_of(api)}
    kinds = set()
    for thing in distinct(tmp_path, namespace=NAMESPACE, apis=apis):
        if thing["kind"] not in ADDED:
            assert api.apply(thing, dry_run=True)["metadata"]["name"] == thing["metadata"]["name"]
            kinds.add(thing["kind"])
    assert kinds == KINDS


def test_what_is_applied_can_be_read() -> None:
    options = KubernetesOptions(
        ingress_host="models.example.com",
        ingress_tls_secret="models-tls",
        autoscale_max_replicas=5,
        cpu_cores=1,
        memory_gb=2,
    )
    assert_golden("kubernetes/diabetes-service.yml", as_yaml(objects(plan(options))).rstrip())
