"""The connection string of Azure Monitor: kept where the keys are, needed where it is switched on, gone with the service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.errors import ConfigError
from tests.helpers import wait_until, write_script
from tests.scoring.sinks import Sink
from tests.services import NAME, begin, serve

KEY = "11111111-2222-3333-4444-555555555555"


def test_a_deployed_service_reports_to_where_its_secret_says(workspace: Workspace, tmp_path: Path) -> None:
    with Sink() as first, Sink() as second:
        connection = f"InstrumentationKey={KEY};IngestionEndpoint={first.url}"
        options = {"enable_app_insights": True, "app_insights_connection_string": connection}
        script = write_script(tmp_path)
        service = serve(workspace, script, options=options)
        service.run("hello")
        wait_until(lambda: first.sent_to("/v2.1/track"))
        (file,) = (workspace.path / "secrets").iterdir()
        assert json.loads(file.read_text()) == {"appInsightsConnectionString": connection}
        options["app_insights_connection_string"] = connection.replace(first.url, second.url)
        serve(workspace, script, options=options, overwrite=True)  # the same content, but for the secret
        service.run("hello")
        wait_until(lambda: second.sent_to("/v2.1/track"))
    service.delete()
    assert list((workspace.path / "secrets").iterdir()) == []


def test_without_a_connection_string_nothing_is_deployed(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APPLICATIONINSIGHTS_CONNECTION_STRING", raising=False)
    with pytest.raises(ConfigError, match="enable_app_insights needs a connection string") as error:
        begin(workspace, write_script(tmp_path), options={"enable_app_insights": True})
    assert "APPLICATIONINSIGHTS_CONNECTION_STRING" in error.value.remedy
    assert workspace.folder.services.get(NAME) is None
