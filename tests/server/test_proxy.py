from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from jupyter_server.serverapp import ServerApp
from tornado.httpclient import HTTPResponse
from tornado.simple_httpclient import HTTPStreamClosedError, HTTPTimeoutError

from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace
from jupyter_deploy.config.certificates import trusting
from jupyter_deploy.server import proxy
from jupyter_deploy.server.upstream import Upstream
from tests.helpers import register_text, take_away, write_script
from tests.server.conftest import Fetch

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

TELLS = """
import json, os, time
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def init():
    pass

def parts(gate):
    yield "first "
    while not os.path.exists(gate):
        time.sleep(0.01)
    yield "second"

@rawhttp
def run(request):
    if "gate" in request.args:
        return parts(request.args["gate"])
    told = {"method": request.method, "headers": dict(request.headers), "args": dict(request.args), "size": len(request.get_data())}
    answer = AMLResponse(json.dumps(told), 200, json_str=False)
    answer.headers["Set-Cookie"] = "stolen=1"
    answer.headers["X-Of-The-Script"] = "kept"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
"""


@pytest.fixture(scope="module")
def teller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A live service with a key that tells what it was asked."""
    folder = tmp_path_factory.mktemp("teller")
    workspace = Workspace(folder / "workspace")
    target = ProcessWebservice.deploy_configuration(auth_enabled=True, max_body_mb=1)
    script = InferenceConfig(str(write_script(folder, TELLS)))
    service = Model.deploy(workspace, "teller", [register_text(workspace)], script, target)
    service.wait_for_deployment()
    yield service
    take_away(workspace)


@pytest.fixture(autouse=True)
def workspace_of_the_service(teller: Webservice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(teller.workspace.path))


@pytest.fixture
def ask(jp_fetch: Fetch) -> Fetch:
    """Call it with a path of a service for the answer, whatever its status."""

    async def fetch(path: str, **given: Any) -> HTTPResponse:
        given.setdefault("raise_error", False)
        return await jp_fetch("jupyter-deploy", "services", *path.split("/"), **given)

    return fetch


def error_of(answer: HTTPResponse) -> dict[str, str]:
    """Why something was refused; the answer has to be confined, too."""
    assert "sandbox allow-scripts" in answer.headers["Content-Security-Policy"]
    error: dict[str, str] = json.loads(answer.body)["error"]
    return error


async def test_a_request_goes_to_the_service_with_its_own_key_and_nothing_of_jupyters(
    teller: Webservice, ask: Fetch
) -> None:
    key = teller.get_keys()[0]
    headers = {
        "X-Service-Authorization": f"Bearer {key}",
        "Cookie": "a=secret",
        "Referer": "http://a/?token=b",
        "Content-Type": "text/plain",
    }
    answer = await ask(
        "teller/score", method="POST", body=b"x" * 100_000, params={"a": "1 %&", "_xsrf": "2"}, headers=headers
    )
    told = json.loads(answer.body)
    assert (told["method"], told["size"], told["args"]) == ("POST", 100_000, {"a": "1 %&"})
    sent = {name.lower(): text for name, text in told["headers"].items()}
    assert sent["host"] == str(teller.scoring_uri).split("/")[2]
    assert sent["authorization"] == f"Bearer {key}"
    assert sent["content-type"] == "text/plain"
    assert not sent.keys() & {"cookie", "referer", "x-service-authorization", "x-xsrftoken"}


async def test_what_comes_back_can_do_nothing_in_jupyters_name(teller: Webservice, ask: Fetch) -> None:
    answer = await ask(
        "teller/score", method="GET", headers={"X-Service-Authorization": f"Bearer {teller.get_keys()[0]}"}
    )
    assert answer.headers["X-Of-The-Script"] == "kept"
    assert "sandbox allow-scripts" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers.get("Access-Control-Allow-Origin") != "*"
    assert not any("stolen" in each for each in answer.headers.get_list("Set-Cookie"))
    docs = await ask("teller/docs", headers={"X-Service-Authorization": f"Bearer {teller.get_keys()[0]}"})
    assert docs.code == 200
    assert len(docs.headers.get_list("Content-Security-Policy")) == 2, "the service's own holds beside ours"


async def test_a_service_refuses_who_has_not_its_key(ask: Fetch) -> None:
    answer = await ask("teller/score", method="POST", body=b"1")
    assert answer.code == 401
    assert "Www-Authenticate" not in answer.headers


async def test_an_answer_comes_as_it_is_made(teller: Webservice, ask: Fetch, tmp_path: Path) -> None:
    gate, seen = tmp_path / "gate", bytearray()

    def piece(text: bytes) -> None:
        seen.extend(text)
        if seen == b"first ":
            gate.touch()

    headers = {"X-Service-Authorization": f"Bearer {teller.get_keys()[0]}"}
    await ask("teller/score", method="POST", body=b"", params={"gate": gate}, headers=headers, streaming_callback=piece)
    assert seen == b"first second"


async def test_by_cookie_the_key_goes_as_usual_and_the_xsrf_token_is_asked_for(
    teller: Webservice, ask: Fetch, jp_serverapp: ServerApp
) -> None:
    login = (await ask("teller/live")).headers.get_list("Set-Cookie")[0].partition(";")[0]
    headers = {"Cookie": f"{login}; _xsrf=abc", "Authorization": f"Bearer {teller.get_keys()[0]}"}
    without = await ask("teller/score", method="POST", body=b"1", headers=dict(headers))
    assert without.code == 403
    answer = await ask("teller/score", method="POST", body=b"1", headers={**headers, "X-XSRFToken": "abc"})
    assert json.loads(answer.body)["headers"]["Authorization"] == headers["Authorization"]
    assert login.partition("=")[2] not in answer.body.decode()
    unknown = await ask("teller/score", headers={"Cookie": login, "Authorization": ""})
    assert unknown.code == 403, "a page elsewhere has the browser ask, which sends cookies and no Referer of Jupyter's"


async def test_who_has_no_token_gets_nothing(ask: Fetch, jp_serverapp: ServerApp) -> None:
    assert (await ask("teller/live", headers={"Authorization": ""}, follow_redirects=False)).code in (302, 403)
    assert (await ask("teller/score", method="POST", body=b"1", headers={"Authorization": ""})).code == 403
    assert (await ask("teller/live", params={"token": jp_serverapp.identity_provider.token})).code == 400


async def test_a_service_that_is_not_there_is_said(ask: Fetch) -> None:
    nobody = await ask("<b>nobody/score")
    assert nobody.code == 404
    assert "no service '<b>nobody'" in error_of(nobody)["what"]


@asynccontextmanager
async def serving(serve: Serve, monkeypatch: pytest.MonkeyPatch, patience: float = 5.0) -> AsyncIterator[None]:
    """Something of the test's own answers for the service."""

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer)
        writer.close()

    async with await asyncio.start_server(closing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setattr(proxy, "upstream_of", lambda *_: Upstream(f"http://127.0.0.1:{port}", patience))
        yield


async def test_a_service_that_is_gone_or_says_nothing_is_said(ask: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "upstream_of", lambda *_: Upstream("http://127.0.0.1:1", 1.0))
    gone = await ask("teller/score", method="POST", body=b"x" * 1_000_000)
    assert gone.code == 502
    assert error_of(gone)["what"] == "the service 'teller' does not answer"
    assert "Its state is Healthy" in error_of(gone)["why"]

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(silent, monkeypatch, patience=0.2):
        slow = await ask("teller/score")
    assert slow.code == 504


async def test_a_body_that_the_service_refuses_is_refused_with_its_words(teller: Webservice, ask: Fetch) -> None:
    headers = {"X-Service-Authorization": f"Bearer {teller.get_keys()[0]}"}
    answer = await ask("teller/score", method="POST", body=b"x" * 20_000_000, headers=headers)
    assert answer.code == 413
    assert "larger than 1 MiB" in answer.body.decode()


async def test_an_answer_that_breaks_off_is_not_taken_for_the_whole(
    ask: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        await writer.drain()

    async with serving(breaks, monkeypatch):
        with pytest.raises(HTTPStreamClosedError):
            await ask("teller/score")


async def test_a_slow_service_takes_a_large_body_piece_by_piece(ask: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    taken = 0

    class Counted(proxy.Arriving):
        async def put(self, piece: bytes) -> None:
            held.append(self._pieces.qsize())
            await super().put(piece)

    monkeypatch.setattr(proxy, "Arriving", Counted)

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        await reader.readuntil(b"\r\n\r\n")
        while taken < 8_000_000:
            taken += len(await reader.read(1 << 20))
            await asyncio.sleep(0.001)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()

    async with serving(slow, monkeypatch):
        answer = await ask("teller/score", method="PUT", body=b"x" * 8_000_000)
    assert (answer.code, taken) == (204, 8_000_000)
    assert max(held) <= proxy._AHEAD


async def test_who_hangs_up_ends_the_request_at_the_service(ask: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.read() == b""
        is_over.set()

    async with serving(endless, monkeypatch):
        with pytest.raises(HTTPTimeoutError):
            await ask("teller/score", request_timeout=2)
        await asyncio.wait_for(is_over.wait(), 10)


async def test_every_method_is_passed_on(ask: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    async def tells(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line = head.partition(b"\r\n")[0]
        writer.write(b"HTTP/1.1 299 Odd\r\nContent-Length: %d\r\nX-Line: %s\r\n\r\n" % (len(line), line))
        if not line.startswith(b"HEAD"):
            writer.write(line)
        await writer.drain()

    async with serving(tells, monkeypatch):
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            body = b"" if method in ("POST", "PUT", "PATCH") else None
            answer = await ask("teller/a%2Fb/../c", method=method, body=body, params={"x": "y"})
            assert (answer.code, answer.headers["X-Line"].split()[0]) == (299, method)


async def test_over_tls_the_service_is_known_by_its_own_certificate(
    ask: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("models.example").configure_cert(context)
    trusted = trusting(authority.cert_pem.bytes().decode())

    async def tells(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        is_meant = "host: models.example:8443\r\n" in head
        writer.write(b"HTTP/1.1 %d Said\r\nContent-Length: 0\r\n\r\n" % (200 if is_meant else 421))
        await writer.drain()

    async with await asyncio.start_server(tells, "127.0.0.1", 0, ssl=context) as server:
        origin = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        known = Upstream(origin, 5.0, "models.example:8443", "models.example", trusted)
        monkeypatch.setattr(proxy, "upstream_of", lambda *_: known)
        assert (await ask("teller/score")).code == 200
        monkeypatch.setattr(proxy, "upstream_of", lambda *_: replace(known, name="other.example"))
        assert (await ask("teller/score")).code == 502


async def test_a_service_that_was_stopped_is_not_asked(teller: Webservice, ask: Fetch) -> None:  # the last one here
    teller.stop()
    stopped = await ask("teller/score", method="POST", body=b"x" * 1_000_000)
    assert stopped.code == 409
    assert "does not serve, it is Stopped" in error_of(stopped)["what"]
