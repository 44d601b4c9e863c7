from __future__ import annotations

from jupyter_deploy import Workspace
from tests.helpers import register_text
from tests.server.conftest import Listen


async def test_a_model_that_is_registered_elsewhere_is_told(workspace: Workspace, listen: Listen) -> None:
    register_text(workspace)
    panel = await listen()
    await panel.until(lambda panel: panel.rows)
    assert list(panel.rows["models"]) == ["tiny:1"]
    register_text(workspace)
    await panel.until(lambda panel: "tiny:2" in panel.rows["models"])
