from __future__ import annotations

import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace
from jupyter_deploy.server import links, processes, views
from tests.helpers import register_text, take_away, wait_until, write_script
from tests.server.conftest import Fetch
from tests.server.talking import Browser, OpenView

Connect = Callable[..., Awaitable[WebSocketClientConnection]]

SPEAKS = """
def init():
    pass

def run(data):
    print(f"I was sent {data}", flush=True)
    return data
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A live service of two versions that writes into its log what it is sent."""
    folder = tmp_path_factory.mktemp("live")
    workspace = Workspace(folder / "workspace")
    script = InferenceConfig(str(write_script(folder, SPEAKS)))
    service = Model.deploy(
        workspace, "noisy", [register_text(workspace)], script, ProcessWebservice.deploy_configuration()
    )
    service.wait_for_deployment()
    service.update([register_text(workspace, "two")])
    service.wait_for_deployment()
    yield service
    take_away(workspace)


@pytest.fixture(autouse=True)
def workspace_of_the_service(live: Webservice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(live.workspace.path))


def answering() -> list[psutil.Process]:
    """The processes that answer for views; one that ends has no command line any more, and is there."""
    found = []
    for each in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            words = each.cmdline()
            if not words or "jupyter_deploy.server.answering" in words:
                found.append(each)
    return found


async def opened(view: OpenView) -> dict[str, Any]:
    """The first message of a view that can be had."""
    message = await view.next()
    assert "opened" in message, message
    return message


async def test_a_service_is_looked_at_tested_and_rolled_back(live: Webservice, browser: Browser) -> None:
    async with browser.shows("service", name="noisy") as view:
        assert (await opened(view))["opened"] == "service"
        found = await view.ask("look")
        assert (found["state"], found["version"], found["reach"]["url"]) == ("Healthy", 2, live.scoring_uri)
        assert await view.ask("newest", "log", count=50)
        answer = await view.ask("send", "test", source={"text": '"hello <b>"'}, content_type="application/json")
        assert answer["status"] == 200
        lines = await view.told("lines", "log", lambda one: any("hello <b>" in line[2] for line in one["lines"]))
        assert lines["begin"] < lines["end"]
        await view.ask("rollback")
        back = await view.told("overview", is_wanted=lambda one: one["overview"]["version"] == 3)
        assert back["overview"]["models"] == ["tiny:1"]
    assert live.version == 3


async def test_a_view_whose_socket_broke_goes_on_without_a_loss(live: Webservice, browser: Browser) -> None:
    async with browser.shows("service", name="noisy") as view:
        await opened(view)
        await view.ask("newest", "log", count=1)
        lost = await view.begin("send", "test", source={"text": "1"}, content_type="application/json")
        await view.breaks()
        live.run("while nobody listened")
        await view.open()
        assert await view.next() == {"resumed": True}
        await view.send(
            ask="send", part="test", id=lost, given={"source": {"text": "1"}, "content_type": "application/json"}
        )
        assert (await view.reply(lost))["answer"]["status"] == 200
        assert await view.told("lines", "log", lambda one: any("while nobody" in line[2] for line in one["lines"]))
        assert len(await view.ask("history", "test")) == 1, "a question that came twice is asked once"


async def test_a_view_that_stays_away_is_closed_and_comes_back_as_a_new_one(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "IDLE", 0.0)
    async with browser.shows("service", name="noisy") as view:
        await opened(view)
        (process,) = answering()
        monkeypatch.setattr(links, "KEPT", 0.0)
        await view.breaks()
        assert await until(lambda: not process.is_running())
        await view.open()
        assert (await opened(view))["n"] == 1


async def test_views_of_one_folder_share_a_process_which_ends_after_the_last(
    browser: Browser, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "IDLE", 0.0)
    (jp_root_dir / "below").mkdir()
    async with browser.shows("service", name="noisy") as first:
        await opened(first)
        async with browser.shows("register") as second, browser.shows("register", folder="below") as third:
            await opened(second)
            await opened(third)
            folders = [Path(each.cwd()) for each in answering()]
            assert sorted(folders) == [jp_root_dir, jp_root_dir / "below"]
        assert await until(lambda: len(answering()) == 1)
        assert await first.ask("ping")
    assert await until(lambda: not answering())


async def test_a_killed_process_is_told_and_begun_anew(browser: Browser) -> None:
    async with browser.shows("service", name="noisy") as view:
        await opened(view)
        await view.ask("look")
        (process,) = answering()
        process.send_signal(signal.SIGKILL)
        told = await view.until(lambda message: "over" in message)
        assert told["over"]["what"] == "the process that answered for this view has ended"
        assert await view.closed() == links.OVER
        await view.open()
        assert (await opened(view))["n"] == 1
        assert (await view.ask("look"))["state"] == "Healthy"


async def test_what_cannot_be_had_is_refused_in_words(browser: Browser) -> None:
    wanted = [
        ("service", {"name": "<b>nobody</b>"}, "<b>nobody</b>"),
        ("nonsense", {}, "nonsense"),
        ("service", {}, "''"),
    ]
    for kind, given, named in wanted:
        async with browser.shows(kind, **given) as view:
            assert named in (await view.next())["refused"]["what"]
            assert await view.closed() == links.REFUSED


async def test_a_folder_outside_of_the_root_is_refused(browser: Browser, jp_root_dir: Path) -> None:
    (jp_root_dir / "leads-out").symlink_to("/etc")
    for folder in ("..", "below/../..", "/etc/../..", "leads-out", "~", "~nobody/x"):
        async with browser.shows("register", folder=folder) as view:
            assert "outside of the folder that Jupyter shows" in (await view.next())["refused"]["what"]
            assert await view.closed() == links.REFUSED
    for folder in ("nowhere<b>", "x" * 5000):
        async with browser.shows("register", folder=folder) as view:
            assert (await view.next())["refused"]["what"] == f"there is no folder '{folder}'"
    assert not answering()


async def test_a_path_outside_of_the_root_is_refused_in_a_form(browser: Browser, jp_root_dir: Path) -> None:
    (jp_root_dir / "leads-out").symlink_to("/etc")
    asked = [
        ("check", {"values": {"path": "../model.pkl"}}),
        ("register", {"values": {"path": "/etc/passwd", "name": "tiny"}}),
        ("folder", {"path": "leads-out"}),
        ("deploy", {"values": {"script": "~/score.py", "name": "tiny-service", "models": ["tiny"]}}),
        ("check", {"values": {"settings": {"source_directory": ".."}}}),
    ]
    async with browser.shows("register") as view:
        await opened(view)
        for what, given in asked:
            assert "outside" in (await view.refusal(what, **given))["what"]
        assert await view.ask("check", values={"path": str(jp_root_dir / "model.pkl")})


async def test_a_model_is_registered_from_a_file_and_told(
    live: Webservice, browser: Browser, jp_root_dir: Path
) -> None:
    (jp_root_dir / "work").mkdir()
    (jp_root_dir / "work" / "<b>.txt").write_text("three")
    async with browser.shows("register", folder="work", path="<b>.txt") as view:
        assert (await opened(view))["values"]["path"] == "<b>.txt"
        values = {"path": "<b>.txt", "name": "tiny"}
        assert (await view.ask("typed", values=values))["problems"] == []
        assert (await view.ask("offers"))["variables"] == []
        made = await view.ask("register", values=values)
        told = await view.told("registered")
        assert told["model"] == made["model"]
        assert told["line"] == '%register_model "<b>.txt" --name tiny'
    assert Model(live.workspace, id=made["model"]).id == made["model"]


async def test_who_has_no_token_or_comes_from_elsewhere_is_refused(
    jp_fetch: Fetch, jp_ws_fetch: Connect, jp_http_port: int
) -> None:
    answer = await jp_fetch("jupyter-deploy", "kernels", headers={"Host": f"localhost:{jp_http_port}"})
    login = answer.headers.get_list("Set-Cookie")[0].partition(";")[0]

    async def connect(**headers: str) -> int:
        try:
            socket = await jp_ws_fetch("jupyter-deploy", "views", headers={"Authorization": "", **headers})
        except HTTPClientError as error:
            return error.code
        socket.close()
        return 101

    assert await connect() == 403
    assert await connect(Cookie=login, Origin="https://elsewhere.example") == 403
    assert await connect(Cookie=login, Origin=f"http://localhost:{jp_http_port}") == 101


async def test_a_message_that_is_too_large_or_makes_no_sense_ends_the_socket(browser: Browser) -> None:
    async with browser.shows("register") as view:
        await opened(view)
        with contextlib.suppress(WebSocketClosedError):
            await view.send(ask="check", part="", id="q", given={"values": {"name": "x" * views.LARGEST}})
        assert await view.closed() == 1009
        await view.open()
        assert await view.ask("ping"), "the view is still there"
        for nonsense in (
            "{",
            "[]",
            '{"ask": "ping"}',
            '{"ask": "ping", "id": "q", "given": 1}',
            '{"taken": "x"}',
            "\x00",
        ):
            await view.socket.write_message(nonsense)
            refused = await view.until(lambda message: "refused" in message)
            assert "no message" in refused["refused"]["what"]
            assert await view.closed() == links.REFUSED
            await view.open()


async def until(condition: Callable[[], object]) -> bool:
    """Wait for a condition while the server goes on."""
    import asyncio

    await asyncio.to_thread(wait_until, condition)
    return True
