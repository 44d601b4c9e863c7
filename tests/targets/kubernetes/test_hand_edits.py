"""Fields of objects by their paths, as clusters write them."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_deploy.targets.kubernetes.hand_edits import value_at

PORTS = [{"containerPort": 80, "protocol": "TCP", "name": "a"}, {"containerPort": 80, "protocol": "UDP", "name": "b"}]
DEPLOYMENT: dict[str, Any] = {
    "metadata": {"labels": {"app": "x", "app.kubernetes.io/name": "tiny"}, "finalizers": ["one", "two"]},
    "spec": {
        "replicas": 2,
        "template": {"spec": {"containers": [{"name": "other"}, {"name": "service", "image": "a:1", "ports": PORTS}]}},
    },
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (".spec.replicas", 2),
        ('.spec.template.spec.containers[name="service"].image', "a:1"),
        ('.spec.template.spec.containers[name="service"].ports[containerPort=80,protocol="UDP"].name', "b"),
        (".metadata.labels.app.kubernetes.io/name", "tiny"),
        (".metadata.labels.app", "x"),
        ('.metadata.finalizers[="two"]', "two"),
        (".metadata.finalizers[0]", "one"),
        (".metadata.finalizers[5]", None),
        ('.spec.template.spec.containers[name="third"].image', None),
        (".spec.paused", None),
        (".spec.strategy.type", None),
    ],
)
def test_a_field_is_found_by_its_path(field: str, value: object) -> None:
    assert value_at(DEPLOYMENT, field) == value
