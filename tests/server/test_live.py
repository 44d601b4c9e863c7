"""A real service, watched and changed by panels."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.server import rates
from tests.helpers import READS_ITS_MODEL, post, register_text, write_script
from tests.server.conftest import Fetch, Listen
from tests.server.panels import Panel
from tests.services import NAME, begin


def state(wanted: str) -> Callable[[Panel], bool]:
    return lambda panel: panel.rows["services"].get(NAME, {}).get("state") == wanted


def succeeded(operation: str) -> Callable[[Panel], bool]:
    return lambda panel: panel.rows["operations"].get(operation, {}).get("state") == "Succeeded"


@pytest.mark.soak
async def test_a_service_is_followed_through_its_life_by_two_panels(
    workspace: Workspace, tmp_path: Path, listen: Listen, jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "PERIOD", 0.3)
    model = register_text(workspace)
    panels = [await listen(), await listen()]

    async def both(wanted: str) -> Panel:
        await asyncio.gather(*(panel.until(state(wanted)) for panel in panels))
        return panels[0]

    async def do(action: str) -> str:
        body = json.dumps({"action": action, "service": NAME})
        return str(
            json.loads((await jp_fetch("jupyter-deploy", "actions", method="POST", body=body)).body)["operation"]
        )

    service = begin(workspace, write_script(tmp_path, READS_ITS_MODEL), [model])
    panel = await both("Transitioning")
    panel = await both("Healthy")
    row = panel.rows["services"][NAME]
    assert (row["url"], row["models"]) == (service.scoring_uri, ["tiny:1"])
    assert panel.rows["models"]["tiny:1"]["usedBy"] == [NAME]

    def used(panel: Panel) -> float:
        assert post(row["url"]).json == "one"
        return panel.rows["services"][NAME]["requestsPerSecond"] or 0.0

    assert await panel.until(used) > 0

    supervisor = psutil.Process(service.view.status.details["front"]).parent()
    assert supervisor is not None
    supervisor.kill()
    panel = await both("Stopped")
    assert "was killed or crashed" in panel.rows["services"][NAME]["error"]
    assert panel.rows["services"][NAME]["requestsPerSecond"] is None

    operation = await do("start")
    await panel.until(succeeded(operation))
    panel = await both("Healthy")
    assert post(row["url"]).json == "one"

    operation = await do("delete")
    for panel in panels:
        await panel.until(lambda panel: NAME not in panel.rows["services"])
        await panel.until(succeeded(operation))
        assert panel.rows["models"]["tiny:1"]["usedBy"] == []
