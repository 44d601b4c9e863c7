"""What the controls of a service are drawn from: how many there are of it, and how many serve."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.targets.base import Status
from jupyter_deploy.widgets.overview import overview
from tests.recorded import record_service


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace whose services are on no cluster, so that there is nothing to take away."""
    return Workspace(tmp_path / "workspace")


@pytest.mark.parametrize(
    ("options", "scale"),
    [
        ({"num_replicas": 3}, {"num_replicas": 3, "worker_count": 1}),
        ({}, {"autoscale_min_replicas": 1, "autoscale_max_replicas": 10, "worker_count": 1}),
        (
            {"autoscale_max_replicas": 4, "worker_count": 2},
            {"autoscale_min_replicas": 1, "autoscale_max_replicas": 4, "worker_count": 2},
        ),
    ],
)
def test_what_says_how_many_there_are_is_what_can_be_changed(
    workspace: Workspace, options: dict[str, Any], scale: dict[str, Any]
) -> None:
    view = record_service(workspace, "counted", "away", **options).view
    found = overview(view)
    assert {row["name"]: row["value"] for row in found["scale"]} == scale
    assert found["pods"] is None
    partly = Status("Healthy", details={"replicas": 3, "serving": 2})
    assert overview(replace(view, status=partly))["pods"] == {"wanted": 3, "serving": 2}
