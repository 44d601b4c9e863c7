from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import ProcessWebservice, Webservice, Workspace
from jupyter_deploy.errors import DeployError, ScoringFailed, ServiceNotFound, UserError
from tests.helpers import ECHO, write_script
from tests.services import NAME, begin, operation_of, serve

FAILS = """
def init():
    pass

def run(data):
    return 1 / int(data)
"""
HOSTILE = "<script>alert('tag')</script>"


def test_what_a_service_says_of_itself(shared: Webservice) -> None:
    service = Webservice(shared.workspace, NAME)
    assert type(service) is ProcessWebservice
    assert (service.name, service.compute_type, service.state, service.error) == (NAME, "process", "Healthy", "")
    assert service.scoring_uri == f"http://127.0.0.1:{service.port}/score"
    assert service.swagger_uri == f"http://127.0.0.1:{service.port}/swagger.json"
    assert (service.version, service.auth_enabled, service.description) == (1, True, "")
    assert (service.tags, service.properties) == ({"team": "blue"}, {"origin": "test"})
    assert [model.id for model in service.models] == ["tiny:1"]
    now = datetime.now(timezone.utc)
    assert now - timedelta(minutes=5) < service.created_time <= service.updated_time <= now
    assert service.created_by
    operation = operation_of(service)
    assert (operation.kind, operation.state) == ("deploy", "Succeeded")
    assert service.findings == ()


def test_a_service_becomes_json_without_its_keys(shared: Webservice) -> None:
    document = shared.serialize()
    text = json.dumps(document)
    assert document["name"] == NAME
    assert document["state"] == "Healthy"
    assert document["computeType"] == "process"
    assert document["scoringUri"] == shared.scoring_uri
    assert document["modelIds"] == ["tiny:1"]
    assert document["workspaceName"] == shared.workspace.name
    assert document["deploymentConfig"] == {"computeType": "process", "authEnabled": True}
    for shown in (text, repr(shared), shared._repr_html_()):
        assert not [key for key in shared.get_keys() if key in shown]


def test_services_are_listed_with_filters_and_as_a_frame(shared: Webservice) -> None:
    ws = shared.workspace
    assert [service.name for service in Webservice.list(ws)] == [NAME]
    assert list(ws.webservices) == [NAME]
    fitting: list[Mapping[str, Any]] = [
        {"compute_type": "Process"}, {"model_name": "tiny"}, {"model_id": "tiny:1"}, {"tags": ["team"]},
        {"tags": [["team", "blue"]]}, {"properties": [["origin", "test"]]},
    ]  # fmt: skip
    assert [len(Webservice.list(ws, **filters)) for filters in fitting] == [1] * len(fitting)
    others: list[Mapping[str, Any]] = [{"model_name": "other"}, {"model_id": "tiny:2"}, {"tags": [["team", "red"]]}]
    assert [len(Webservice.list(ws, **filters)) for filters in others] == [0] * len(others)
    with pytest.raises(UserError, match="there is no target 'moon'"):
        Webservice.list(ws, compute_type="moon")
    with pytest.raises(UserError, match="a filter is a list"):
        Webservice.list(ws, tags="team")
    frame = Webservice.list(ws).to_frame()
    assert frame.loc[0, ["name", "state", "target"]].tolist() == [NAME, "Healthy", "process"]
    text = repr(Webservice.list(ws)).splitlines()
    assert text[0].split() == ["name", "state", "target", "version", "models", "scoring_uri", "error"]
    assert text[1].split()[:5] == [NAME, "Healthy", "process", "1", "tiny:1"]


def test_what_is_shown_as_html_is_escaped(shared: Webservice) -> None:
    shared.update(tags={"team": "blue", "note": HOSTILE}, description=HOSTILE)
    try:
        for html in (shared._repr_html_(), Webservice.list(shared.workspace)._repr_html_(), shared.history()._repr_html_()):
            assert "<script" not in html
            assert f"{NAME}" in html or "tiny:1" in html
        assert "&lt;script&gt;" in shared._repr_html_()
        assert HOSTILE in repr(shared)
    finally:
        shared.update(tags={"team": "blue"}, description="")


def test_history_tells_what_served(shared: Webservice) -> None:
    (version,) = shared.history()
    assert (version.number, version.current, version.note, version.models, version.error) == (1, True, "deploy", ("tiny:1",), None)
    assert version.served_time is not None
    assert repr(shared.history()).splitlines()[0].split() == ["version", "current", "how", "models", "served", "error"]


def test_requests_are_sent_as_given_or_as_json(workspace: Workspace, tmp_path: Path) -> None:
    service = serve(workspace, write_script(tmp_path, ECHO))
    assert service.run('{"data": [1]}') == '{"data": [1]}'
    assert service.run('{"data": "ä"}'.encode()) == '{"data": "ä"}'
    assert json.loads(service.run({"data": [[1.5, None]]})) == {"data": [[1.5, None]]}
    assert json.loads(service.run([1, 2])) == [1, 2]
    uri = service.scoring_uri
    service.stop()
    assert (service.state, service.scoring_uri, service.error) == ("Stopped", uri, "")
    with pytest.raises(UserError, match=f"'{NAME}' does not serve, it is Stopped") as refused:
        service.run("x")
    assert "service.start()" in refused.value.remedy
    service.stop()  # twice is no error
    service.start()
    service.start()
    assert (service.state, service.scoring_uri, service.run("back")) == ("Healthy", uri, "back")


def test_a_request_that_fails_carries_the_answer(workspace: Workspace, tmp_path: Path) -> None:
    service = serve(workspace, write_script(tmp_path, FAILS))
    assert service.run("2") == 0.5
    with pytest.raises(ScoringFailed, match=rf"^'{NAME}' answered 500: ") as failed:
        service.run("0")
    error = failed.value
    assert error.status_code == 500
    assert error.headers["x-ms-run-function-failed"].lower() == "true"
    assert "message" in json.loads(error.body)
    assert error.remedy == f"see %service_logs {NAME}"
    with pytest.raises(ScoringFailed) as failed:
        service.run(b"\xff\xfe")
    assert failed.value.status_code == 400


def test_waiting_prints_the_steps_and_ends_with_the_line_of_the_original(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = begin(workspace, write_script(tmp_path))
    service.wait_for_deployment(show_output=True)
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == 'Process service creation operation finished, operation "Succeeded"'
    for step in ("environment", "bundle", "start", "switch"):
        assert any(f"  {step}: " in line for line in lines)
    service.wait_for_deployment()
    assert capsys.readouterr().out.splitlines() == [last]
    service.update(inference_config=None, max_request_wait_time=800)
    service.wait_for_deployment()
    assert capsys.readouterr().out.splitlines() == ['Process service update operation finished, operation "Succeeded"']


def test_waiting_for_a_failure_ends_with_that_line_and_the_cause(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = begin(workspace, write_script(tmp_path, "def init():\n    1 / 0\ndef run(data):\n    return data"))
    with pytest.raises(DeployError, match="ZeroDivisionError"):
        service.wait_for_deployment(show_output=True)
    assert capsys.readouterr().out.splitlines()[-1] == 'Process service creation operation finished, operation "Failed"'
    assert (service.state, service.scoring_uri, service.swagger_uri, service.version) == ("Failed", None, None, None)
    with pytest.raises(UserError, match=f"'{NAME}' does not serve, it is Failed: .*ZeroDivisionError"):
        service.run("x")
    (version,) = service.history()
    assert not version.current
    assert version.served_time is None
    assert "ZeroDivisionError" in str(version.error)
    assert "ZeroDivisionError" in repr(service.history())


def test_a_wait_that_is_shown_ends_in_time_too(workspace: Workspace, tmp_path: Path) -> None:
    service = begin(workspace, write_script(tmp_path, "import time\ndef init():\n    time.sleep(60)\ndef run(data):\n    return data"))
    with pytest.raises(TimeoutError, match="it goes on, and can be waited for again or cancelled"):
        service.wait_for_deployment(show_output=True, timeout_sec=0.5)
    assert service.state == "Transitioning"
    service.delete()
    with pytest.raises(ServiceNotFound, match="^WebserviceNotFound"):
        _ = service.state
    assert "deleted" in repr(service)
    assert "deleted" in service._repr_html_()
    assert repr(Webservice.list(workspace)) == "no services yet; deploy one with %deploy"
