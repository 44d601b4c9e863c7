"""What of an object is ours, read from the cluster's account of its fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import yaml

from jupyter_deploy.targets.kubernetes.documents import as_yaml
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.own_fields import own_part
from jupyter_deploy.targets.kubernetes.preview import NOT_BUILT, image_of
from tests.targets.kubernetes.plans import objects, plan

OURS = {
    "f:metadata": {"f:labels": {"f:a.b/c": {}}, "f:annotations": {".": {}}},
    "f:spec": {
        "f:selector": {},
        "f:containers": {'k:{"name":"service"}': {".": {}, "f:name": {}, "f:image": {}, "f:args": {}}},
        "f:finalizers": {'v:"ours"': {}},
        "f:rows": {"i:1": {"f:text": {}}},
    },
}


def thing(**facts: Any) -> dict[str, Any]:
    entries = [
        {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:paused": {}}}},
        {"manager": "jupyter-deploy", "operation": "Update", "fieldsV1": {"f:spec": {"f:paused": {}}}},
        {"manager": "jupyter-deploy", "operation": "Apply", "fieldsV1": OURS},
    ]
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "status": {"replicas": 1},
        "metadata": {
            "name": "web", "uid": "1", "managedFields": entries, "labels": {"a.b/c": "1", "other": "2"},
            "annotations": {"theirs": "x"}, **facts,
        },
        "spec": {
            "paused": True, "selector": {"whole": {"value": 1}}, "finalizers": ["theirs", "ours"],
            "rows": [{"text": "0"}, {"text": "1", "other": "2"}],
            "containers": [
                {"name": "sidecar", "image": "theirs"},
                {"name": "service", "image": "ours", "args": ["a", "b"], "terminationMessagePath": "/dev/log"},
            ],
        },
    }  # fmt: skip


def test_only_what_we_have_applied_is_ours() -> None:
    assert own_part(thing()) == {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"a.b/c": "1"}, "annotations": {}},
        "spec": {
            "selector": {"whole": {"value": 1}}, "finalizers": ["ours"], "rows": [{"text": "1"}],
            "containers": [{"name": "service", "image": "ours", "args": ["a", "b"]}],
        },
    }  # fmt: skip


def test_of_an_object_that_we_never_applied_nothing_is() -> None:
    assert own_part(thing(managedFields=[])) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
    }


def test_what_must_not_be_seen_is_hidden_and_files_are_lines() -> None:
    secret = {
        "apiVersion": "v1", "kind": "Secret", "data": {"keys.json": "c2VjcmV0"},
        "metadata": {"name": "web", "ownerReferences": [{"uid": "1"}]},
    }  # fmt: skip
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"a": "one\ntwo\n"}}
    text = as_yaml([secret, config])
    assert "c2VjcmV0" not in text
    assert "ownerReferences" not in text
    assert "  a: |\n    one\n    two\n" in text
    assert [each["kind"] for each in yaml.safe_load_all(text)] == ["Secret", "ConfigMap"]


def test_the_image_of_a_version_is_that_of_its_own_pods() -> None:
    made = replace(plan(KubernetesOptions(num_replicas=1)), image="ours:3", version=3)
    router = {
        "kind": "Deployment",
        "metadata": {"labels": {}},
        "spec": {"template": {"spec": {"containers": [{"image": "nginx"}]}}},
    }
    things = [router, *objects(made)]
    assert image_of(things, 3) == "ours:3"
    assert image_of(things, 2) == NOT_BUILT
    kserve = replace(plan(KubernetesOptions(run_as="kserve")), image="ours:4", version=4)
    assert image_of(objects(kserve), 4) == "ours:4"
