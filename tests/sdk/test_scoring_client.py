from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.errors import ScoringFailed, UserError
from tests.helpers import ECHO, write_script
from tests.services import NAME, serve

FAILS = """
def init():
    pass

def run(data):
    return 1 / int(data)
"""

ANSWERS_RAW = """
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def init():
    pass

@rawhttp
def run(request):
    return AMLResponse("plain text", 200)
"""


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


def test_an_answer_that_is_no_json_is_text(workspace: Workspace, tmp_path: Path) -> None:
    assert serve(workspace, write_script(tmp_path, ANSWERS_RAW)).run("{}") == "plain text"
