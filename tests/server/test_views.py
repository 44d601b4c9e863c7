from __future__ import annotations

import pytest

from jupyter_deploy import Webservice
from tests.server.conftest import Open


@pytest.fixture(autouse=True)
def workspace_of_the_service(live: Webservice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(live.workspace.path))


async def test_a_service_is_looked_at_over_the_socket(live: Webservice, open_view: Open) -> None:
    async with open_view("service", name=live.name) as view:
        assert (await view.next())["opened"] == "service"
        found = await view.ask("look")
        assert found["state"] == "Healthy"
        assert found["reach"]["url"] == live.scoring_uri
        newest = await view.ask("newest", "log", count=50)
        assert newest["lines"]
