from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.errors import UserError
from jupyter_deploy.server.actions import act
from tests.computes import document_of, record_service
from tests.helpers import register_text, wait_until
from tests.server.conftest import Fetch
from tests.server.pretended import NAME, begin, behind, record_elsewhere, serve

Do = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
def do(workspace: Workspace, jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> Do:
    """Call it with what is sent, as a document or as it is, for the status and the document of the answer."""
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(workspace.path))

    async def sent(body: bytes | None = None, **document: Any) -> tuple[int, Any]:
        data = json.dumps(document) if body is None else body
        answer = await jp_fetch("jupyter-deploy", "actions", method="POST", body=data, raise_error=False)
        return answer.code, json.loads(answer.body)

    return sent


@pytest.fixture
def service(workspace: Workspace) -> Webservice:
    return serve(workspace)


def ended(service: Webservice, operation: str) -> str:
    """What became of the operation that was begun."""
    found = service.operation
    assert found is not None
    assert found.id == operation
    return found.wait().kind


async def test_a_service_is_changed_by_operations_that_are_named_at_once(service: Webservice, do: Do) -> None:
    serve(service.workspace, text="two")
    for action, state in (("rollback", "Healthy"), ("stop", "Stopped"), ("start", "Healthy"), ("restart", "Healthy")):
        status, begun = await do(action=action, service=NAME)
        assert (status, ended(service, begun["operation"])) == (200, action)
        assert service.state == state
    assert service.version == 3
    assert service.models[0].id == "tiny:1"
    status, begun = await do(action="start", service=NAME)
    assert (status, begun) == (200, {"operation": ""})  # it runs
    status, begun = await do(action="delete", service=NAME)
    assert status == 200
    assert service.workspace.folder.operations.get(begun["operation"]).kind == "delete"  # type: ignore[union-attr]
    wait_until(lambda: not service.workspace.folder.operations.list(running=True))
    assert service.workspace.webservices == {}


async def test_while_an_operation_is_under_way_it_can_be_cancelled_and_others_are_refused(
    workspace: Workspace, do: Do, tmp_path: Path
) -> None:
    service = begin(workspace, **behind(tmp_path / "gate"))
    for action in ("restart", "stop", "rollback", "start"):
        status, refused = await do(action=action, service=NAME)
        assert status == 409
        assert refused["error"]["what"].startswith(f"another operation on '{NAME}' is under way: 'deploy', begun")
        assert refused["error"]["remedy"] == "wait for it, or cancel it"
    operation = service.operation
    assert operation is not None
    assert await do(action="cancel", service=NAME) == (200, {"operation": operation.id})
    with pytest.raises(Exception, match="cancelled"):
        operation.wait()
    status, refused = await do(action="cancel", service=NAME)
    assert (status, refused["error"]["what"]) == (409, f"nothing is under way on '{NAME}'")


async def test_a_deletion_ends_what_is_under_way(workspace: Workspace, do: Do, tmp_path: Path) -> None:
    service = begin(workspace, **behind(tmp_path / "gate"))
    status, begun = await do(action="delete", service=NAME)
    assert (status, ended(service, begun["operation"])) == (200, "delete")
    assert workspace.webservices == {}


async def test_what_cannot_be_done_is_said_in_words(service: Webservice, do: Do) -> None:
    status, refused = await do(action="rollback", service=NAME)
    assert (status, refused["error"]["what"]) == (400, f"'{NAME}' has no earlier version to return to")
    status, refused = await do(action="stop", service="pretender")
    assert (status, refused["error"]["what"]) == (404, "WebserviceNotFound: there is no service 'pretender'")
    assert refused["error"]["why"] == f"did you mean '{NAME}'?"
    workspace = service.workspace
    record_elsewhere(workspace, "far-service")
    for action in ("stop", "cancel", "delete"):
        status, refused = await do(action=action, service="far-service")
        assert status == 409
        assert "runs on far-away, workspace 0123abcd" in refused["error"]["what"]
    free = register_text(workspace, name="free")
    assert await do(action="delete", model=free.id) == (200, {"operation": ""})
    assert list(workspace.models) == ["tiny"]
    status, refused = await do(action="delete", model="tiny:1")
    assert (status, refused["error"]["what"]) == (409, f"model tiny:1 is in use by {NAME}")
    assert refused["error"]["remedy"] == "update or delete these services first"
    status, refused = await do(action="delete", model=free.id)
    assert status == 404
    assert refused["error"]["what"].startswith("ModelNotFound: there is no model 'free:1'")


async def test_a_compute_is_detached_but_not_while_services_are_on_it(workspace: Workspace, do: Do) -> None:
    for name in ("lab", "other"):
        workspace.folder.computes.put(name, "kubernetes", document_of(name, lambda _: None))
    record_service(workspace.folder, "on-the-lab", "lab")
    assert await do(action="detach", compute="other") == (200, {"operation": ""})
    status, refused = await do(action="detach", compute="lab")
    assert (status, refused["error"]["what"]) == (409, "'lab' has services of this workspace: on-the-lab")
    status, refused = await do(action="detach", compute="other")
    assert status == 404
    assert [each.name for each in workspace.folder.computes.list()] == ["lab"]
    workspace.folder.services.remove("on-the-lab")


NOT_NAMES = (
    "..",
    "../../etc",
    "a/b",
    "<img src=x onerror=alert(1)>",
    "",
    "x" * 1000,
    "\x00abc",
    "\ud800abc",
    "ab\ncd",
    "²²²²",
)


@pytest.mark.parametrize("name", NOT_NAMES)
def test_what_is_no_name_is_refused(workspace: Workspace, name: str) -> None:
    folder = workspace.folder
    folder.services.list()
    before = sorted(workspace.path.rglob("*"))
    for given in ({"action": "stop", "service": name}, {"action": "detach", "compute": name}):
        with pytest.raises(UserError, match="is not a valid"):
            act(folder, given)
    for model in (name, f"{name}:1"):
        with pytest.raises(UserError, match="is not a valid model name"):
            act(folder, {"action": "delete", "model": model})
    assert sorted(workspace.path.rglob("*")) == before


@pytest.mark.parametrize("version", ["", "0", "-1", "1.5", "²", "9" * 5000, "01", "..", "1:1"])
def test_what_is_no_version_is_refused(workspace: Workspace, version: str) -> None:
    register_text(workspace)
    with pytest.raises(UserError, match=r"is no (version of a model|model id)"):
        act(workspace.folder, {"action": "delete", "model": f"tiny:{version}"})
    assert list(workspace.models) == ["tiny"]


NO_ACTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"action": "stop"},
    {"service": NAME},
    {"action": "stop", "service": 3},
    {"action": ["stop"], "service": NAME},
    {"action": "delete", "service": NAME, "model": "tiny:1"},
    {"action": "stop", "service": NAME, "force": "yes"},
    {"action": "stop", "operation": "x"},
)


@pytest.mark.parametrize("given", NO_ACTIONS, ids=str)
def test_what_is_no_action_is_refused(workspace: Workspace, given: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"^the request is no action"):
        act(workspace.folder, given)


@pytest.mark.parametrize(
    "given", [{"action": "explode", "service": NAME}, {"action": "stop", "model": "tiny:1"}], ids=str
)
def test_an_action_that_is_not_known_is_refused_with_those_that_are(
    workspace: Workspace, given: dict[str, Any]
) -> None:
    with pytest.raises(UserError, match=f"{given['action']!r}.*\n.*delete"):
        act(workspace.folder, given)


NO_OBJECTS = (
    b"", b"no JSON", b"[]", b"1", b'"stop"', b"\xff\xfe", b'{"action": "stop"', b"[" * 60_000, b'{"a": "%s"}' % (b"x" * 70_000)
)  # fmt: skip


async def test_what_is_no_object_is_refused_in_words(do: Do) -> None:
    for body in NO_OBJECTS:
        status, refused = await do(body)
        assert (status, refused["error"]["what"]) == (400, "the request is no JSON object")
        assert '{"action": "restart", "service": "diabetes"}' in refused["error"]["remedy"]
    status, refused = await do(action="stop")
    assert (status, refused["error"]["what"]) == (400, "the request is no action")


async def test_without_a_workspace_nothing_is_made(do: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "none"
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(folder))
    status, refused = await do(action="stop", service=NAME)
    assert status == 503
    assert str(folder) in refused["error"]["what"]
    assert not folder.exists()
