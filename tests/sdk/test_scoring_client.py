from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.errors import ScoringFailed, UserError
from jupyter_deploy.sdk.scoring_client import Client
from tests.helpers import take_away, write_script
from tests.services import NAME, begin, behind, serve

ECHO_OR_FAIL = """
def init():
    pass

def run(data):
    if data == "fail":
        raise ValueError("as asked")
    return data
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


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A service that answers with what it is sent, and fails when it is told to."""
    folder = tmp_path_factory.mktemp("echo")
    workspace = Workspace(folder / "workspace")
    yield serve(workspace, write_script(folder, ECHO_OR_FAIL))
    take_away(workspace)


def test_requests_are_sent_as_given_or_as_json(service: Webservice) -> None:
    assert service.run('{"data": [1]}') == '{"data": [1]}'
    assert service.run('{"data": "ä"}'.encode()) == '{"data": "ä"}'
    assert json.loads(service.run({"data": [[1.5, None]]})) == {"data": [[1.5, None]]}
    assert json.loads(service.run([1, 2])) == [1, 2]


def test_a_request_that_fails_carries_the_answer(service: Webservice) -> None:
    with pytest.raises(ScoringFailed, match=rf"^'{NAME}' answered 500: ") as failed:
        service.run("fail")
    error = failed.value
    assert error.status_code == 500
    assert error.headers["x-ms-run-function-failed"].lower() == "true"
    assert "message" in json.loads(error.body)
    assert error.remedy == "the log has the cause, under the same request id"
    with pytest.raises(ScoringFailed) as failed:
        service.run(b"\xff\xfe")
    assert failed.value.status_code == 400


def test_a_stopped_service_keeps_its_address_and_says_how_to_start_it(service: Webservice) -> None:
    uri = service.scoring_uri
    service.stop()
    assert (service.state, service.scoring_uri, service.error) == ("Stopped", uri, "")
    with pytest.raises(UserError, match=f"'{NAME}' does not serve, it is Stopped") as refused:
        service.run("x")
    assert "start" in refused.value.remedy
    service.stop()  # twice is no error
    service.start()
    service.start()
    assert (service.state, service.scoring_uri, service.run("back")) == ("Healthy", uri, "back")


def test_an_answer_that_is_no_json_is_text(workspace: Workspace, tmp_path: Path) -> None:
    assert serve(workspace, write_script(tmp_path, ANSWERS_RAW)).run("{}") == "plain text"


def test_a_service_that_is_being_deployed_for_the_first_time_does_not_serve_yet(
    workspace: Workspace, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    service = begin(workspace, write_script(tmp_path, behind(gate)))
    with pytest.raises(UserError, match="does not serve yet, it is being deployed"):
        Client(service)
    gate.touch()
    service.wait_for_deployment()
    with Client(service) as client:
        assert client.post(b"[1]").json() == "[1]"
