"""Who may ask, and from where; and that nothing that people wrote becomes a page."""

from __future__ import annotations

import json
import warnings
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import JupyterServerAuthWarning
from tornado.httpclient import HTTPResponse

from jupyter_deploy import Workspace
from tests.helpers import register_text
from tests.server.conftest import Fetch, Listen

EVIL = "<img src=x onerror=alert(1)>"
LISTS = ("models", "services", "computes", "operations")
Ask = Callable[..., Awaitable[HTTPResponse]]


@pytest.fixture(autouse=True)
def chosen(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(workspace.path))


@pytest.fixture
def ask(jp_fetch: Fetch, http_server_client: Any, jp_base_url: str) -> Ask:
    """Call it with a path and what belongs to a request, but a token, for the answer."""

    def asked(path: str, **given: Any) -> Any:
        return http_server_client.fetch(f"{jp_base_url}{path}", raise_error=False, follow_redirects=False, **given)

    return asked


@pytest.fixture
def log_in(ask: Ask, jp_serverapp: ServerApp) -> Callable[[], Awaitable[dict[str, str]]]:
    """Call it for the cookies of a browser that has logged in, as a header, and its XSRF token."""

    async def logged_in() -> dict[str, str]:
        answer = await ask(f"tree?token={jp_serverapp.identity_provider.token}")
        cookies = [cookie.partition(";")[0] for cookie in answer.headers.get_list("Set-Cookie")]
        token = next(cookie.partition("=")[2] for cookie in cookies if cookie.startswith("_xsrf"))
        return {"Cookie": "; ".join(cookies), "X-XSRFToken": token}

    return logged_in


STOP = json.dumps({"action": "stop", "service": "no-such-service"})


async def test_without_a_token_nothing_is_answered(ask: Ask) -> None:
    for path in (*LISTS, "events"):
        assert (await ask(f"jupyter-deploy/{path}")).code == 403
        assert (await ask(f"jupyter-deploy/{path}?token=wrong")).code == 403
    assert (await ask("jupyter-deploy/actions", method="POST", body=STOP)).code == 403


async def test_a_page_of_another_origin_can_do_nothing_with_a_browser_s_cookies(ask: Ask, log_in: Any) -> None:
    cookies = await log_in()
    actions = {"path": "jupyter-deploy/actions", "method": "POST", "body": STOP}
    assert (await ask(**actions, headers=cookies)).code == 404  # which is what the action says of such a service
    assert "no-such-service" in (await ask(**actions, headers=cookies)).body.decode()
    without, other = {"Cookie": cookies["Cookie"]}, {**cookies, "X-XSRFToken": "2|0123|4567|1"}
    assert (await ask(**actions, headers=without)).code == 403
    assert (await ask(**actions, headers=other)).code == 403
    foreign = {**cookies, "Origin": "https://elsewhere.example"}
    for path in (*LISTS, "events"):
        answer = await ask(f"jupyter-deploy/{path}", headers=foreign)
        assert answer.code in (403, 404)
        assert answer.headers.get("Access-Control-Allow-Origin") is None
    refused = await ask(**actions, headers=foreign)
    assert refused.code in (403, 404)
    assert b"no-such-service" not in refused.body


STRANGE = (
    "..%2fmodels",
    "models%2f..",
    "models/..",
    "models/../actions",
    "%2e%2e",
    "secrets",
    "models/tiny:1",
    "actions/..",
    "events/x",
)


async def test_other_paths_lead_nowhere(ask: Ask, jp_auth_header: Mapping[str, str]) -> None:
    codes = [(await ask(f"jupyter-deploy/{path}", headers=dict(jp_auth_header))).code for path in STRANGE]
    assert codes == [404] * len(STRANGE)


async def test_what_people_wrote_is_text_in_json(workspace: Workspace, jp_fetch: Fetch, listen: Listen) -> None:
    model = register_text(workspace)
    model.update(tags={EVIL: EVIL}, description=f"{EVIL}\u2028</script>\U0001f600" + "x" * 1000)
    answer = await jp_fetch("jupyter-deploy", "models")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    [row] = json.loads(answer.body)
    assert row["tags"] == {EVIL: EVIL}
    assert row["description"].startswith(EVIL)
    assert len(row["description"]) == 501
    panel = await listen()
    await panel.until(lambda panel: panel.last)
    assert panel.rows["models"] == {"tiny:1": row}
    refused = await jp_fetch(
        "jupyter-deploy",
        "actions",
        method="POST",
        body=json.dumps({"action": "stop", "service": EVIL}),
        raise_error=False,
    )
    assert refused.headers["Content-Type"] == "application/json"
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert EVIL in json.loads(refused.body)["error"]["what"]


async def test_no_secret_is_in_any_answer(
    workspace: Workspace, jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch, listen: Listen
) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", "postgresql://ada:secret-password@127.0.0.1:1/models")
    panel = await listen()
    await panel.until(lambda panel: panel.last)
    assert panel.workspace == "postgresql://ada@127.0.0.1:1/models"
    assert "secret-password" not in json.dumps(panel.document)


def test_every_handler_says_who_may_ask(
    jp_configurable_serverapp: Callable[..., ServerApp], jp_server_config: Mapping[str, Any]
) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        app = jp_configurable_serverapp(allow_unauthenticated_access=False)
    assert app.extension_manager.extension_apps["jupyter_deploy.server"]
    assert [str(each.message) for each in said if issubclass(each.category, JupyterServerAuthWarning)] == []
