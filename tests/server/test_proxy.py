from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator

import pytest
from tornado.httpclient import HTTPResponse

from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace
from tests.helpers import register_text, take_away, write_script

Fetch = Callable[..., Awaitable[HTTPResponse]]

RAW = """
import json
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def init():
    pass

@rawhttp
def run(request):
    told = {"method": request.method, "headers": dict(request.headers), "query": request.query_string, "size": len(request.get_data())}
    answer = AMLResponse(json.dumps(told, default=str), 200, json_str=False)
    answer.headers["Set-Cookie"] = "stolen=1"
    answer.headers["X-Of-The-Script"] = "kept"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
"""


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A live service with a key that tells what it was asked."""
    folder = tmp_path_factory.mktemp("raw")
    workspace = Workspace(folder / "workspace")
    target = ProcessWebservice.deploy_configuration(auth_enabled=True)
    script = InferenceConfig(str(write_script(folder, RAW)))
    service = Model.deploy(workspace, "teller", [register_text(workspace)], script, target)
    service.wait_for_deployment()
    yield service
    take_away(workspace)


@pytest.fixture(autouse=True)
def workspace_of_the_service(raw: Webservice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(raw.workspace.path))


async def test_a_large_request_goes_to_the_service_with_its_own_key_and_nothing_of_jupyters(
    raw: Webservice, jp_fetch: Fetch
) -> None:
    key = raw.get_keys()[0]
    answer = await jp_fetch(
        "jupyter-deploy",
        "services",
        "teller",
        "score",
        method="POST",
        body=b"x" * 100_000,
        params={"a": "1", "_xsrf": "2"},
        headers={
            "X-Service-Authorization": f"Bearer {key}",
            "Cookie": "jupyter=secret",
            "Content-Type": "text/plain",
            "Referer": "http://a/?token=1",
        },
    )
    print(answer.headers, answer.body)
    told = json.loads(answer.body)
    assert told["method"] == "POST"
    assert told["size"] == 100_000
