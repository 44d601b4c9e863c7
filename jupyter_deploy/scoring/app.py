"""The routes: an ASGI application that checks, queues and answers, and reads no body that it could leave to the worker."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from . import docs_page, logs, outputs, request_ids
from .dispatch import Call, Dispatcher
from .gate import Gate
from .outputs import Answer
from .request import Request
from .settings import Settings
from .supervision import Readiness

SERVER_VERSION = "jupyter-deploy-scoring/1"
SWAGGER_VERSIONS = {"2": "2.0", "2.0": "2.0", "3": "3.0", "3.0": "3.0", "3.1": "3.1"}
_TEXT = (("content-type", "text/html; charset=utf-8"),)
_CSP = ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
_METHODS = {
    "/": ("GET", "HEAD"),
    "/live": ("GET", "HEAD"),
    "/ready": ("GET", "HEAD"),
    "/score": ("GET", "POST", "OPTIONS"),
    "/swagger.json": ("GET", "OPTIONS"),
    "/docs": ("GET", "OPTIONS"),
}
_OPEN = ("/", "/live", "/ready")  # load balancers ask these, by address and without a key
_IDENTIFIED = ("/score", "/swagger.json")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class ClientGone(Exception):
    """The client has closed the connection; there is nobody to answer."""


class Application:
    """The service's routes.

    Parameters
    ----------
    settings : the service's.
    gate : checks Host, Origin and key.
    dispatcher : takes requests for ``/score``.
    readiness : what is known of the worker.
    is_draining : tells whether answers should say that they are the connection's last.
    """

    def __init__(
        self,
        settings: Settings,
        gate: Gate,
        dispatcher: Dispatcher,
        readiness: Readiness,
        is_draining: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._gate = gate
        self._dispatcher = dispatcher
        self._readiness = readiness
        self._is_draining = is_draining
        self._most_bytes = settings.max_body_mb * 1024 * 1024

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        began = time.perf_counter()
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        ids, too_long = request_ids.read(headers)
        query = scope["query_string"].decode("latin-1")
        request = Request(ids.request, scope["method"], scope["path"], query, headers)
        if ids.deprecated:
            logs.server.warning("x-ms-request-id is deprecated; send x-ms-client-request-id (request %s)", ids.request)
        try:
            answer = self._refusal(request, too_long) or await self._serve(request, receive)
        except ClientGone:
            return
        await self._send(request, ids, answer, send)
        if request.path != "/":
            target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
            took = (time.perf_counter() - began) * 1000
            logs.server.info("%s %s %d %.3fms %d", request.method, target, answer.status, took, len(answer.body))

    def _refusal(self, request: Request, too_long: str) -> Answer | None:
        refusal = None if request.path in _OPEN else self._gate.refusal(request)
        if refusal is not None:
            return refusal
        methods = _METHODS.get(request.path)
        if methods is None:
            return outputs.message(404, f"there is no {request.path}; POST to /score, read /swagger.json")
        if request.method not in methods:
            allowed = ", ".join(methods)
            return outputs.message(405, f"{request.path} takes {allowed}, not {request.method}", (("allow", allowed),))
        if too_long:
            return outputs.message(431, f"the header {too_long} is longer than 100 characters")
        return None

    async def _serve(self, request: Request, receive: Receive) -> Answer:
        if request.method == "OPTIONS" and (self._gate.is_preflight(request) or not self._takes_options(request)):
            return Answer(200, b"", _TEXT)
        if request.path == "/score":
            return await self._score(request, receive)
        if request.path == "/live":
            return Answer(200, b"Live", _TEXT)
        if request.path == "/swagger.json":
            return self._swagger(request)
        if request.path == "/docs":
            return self._docs()
        return Answer(200, b"Healthy", _TEXT) if self._readiness.ready else Answer(503, b"Unhealthy", _TEXT)

    def _takes_options(self, request: Request) -> bool:
        return request.path == "/score" and self._readiness.raw

    def _swagger(self, request: Request) -> Answer:
        asked = parse_qs(request.query).get("version", ["2"])[0]
        document = self._readiness.swagger.get(SWAGGER_VERSIONS.get(asked, ""))
        if document is None:
            there = ", ".join(sorted(self._readiness.swagger)) or "none yet, the script is being loaded"
            return outputs.message(404, f"there is no swagger document of version {asked!r}; there is {there}")
        return Answer(200, outputs.encode(document))

    def _docs(self) -> Answer:
        documents = self._readiness.swagger
        if not documents:
            return outputs.message(503, "the script is being loaded; try again in a moment")
        page = docs_page.render(documents[max(documents)], self._settings.name)
        return Answer(200, page.encode(), (*_TEXT, _CSP))

    async def _score(self, request: Request, receive: Receive) -> Answer:
        try:
            body = await self._body(request, receive)
        except _TooLarge:
            most = self._settings.max_body_mb
            return outputs.message(413, f"the body is larger than {most} MiB (max_body_mb, maxBodyMb)")
        call = self._dispatcher.submit(dataclasses.replace(request, body=body))
        if not call.waits:
            return await call.answer
        return await self._wait(call, receive)

    async def _wait(self, call: Call, receive: Receive) -> Answer:
        """Wait in the queue, and leave it when the client does."""
        leaving = asyncio.ensure_future(self._leave_with_client(call, receive))
        try:
            return await call.answer
        except asyncio.CancelledError:
            if leaving.done():
                raise ClientGone from None
            raise
        finally:
            leaving.cancel()

    async def _leave_with_client(self, call: Call, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue
        self._dispatcher.withdraw(call)

    async def _body(self, request: Request, receive: Receive) -> bytes:
        declared = request.header("content-length")
        if declared.isdigit() and int(declared) > self._most_bytes:
            raise _TooLarge
        pieces: list[bytes] = []
        size = 0
        more = True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise ClientGone
            pieces.append(event["body"])
            size += len(event["body"])
            if size > self._most_bytes:
                raise _TooLarge
            more = event["more_body"]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _send(self, request: Request, ids: request_ids.RequestIds, answer: Answer, send: Send) -> None:
        headers = [*answer.headers, ("content-length", str(len(answer.body)))]
        if request.path in _IDENTIFIED:
            headers += ids.headers()
            headers.append(("x-ms-run-function-failed", str(answer.run_failed)))
            if answer.run_ms is not None:
                headers.append(("x-ms-run-fn-exec-ms", f"{answer.run_ms:.3f}"))
            if self._settings.send_server_version:
                headers.append(("x-ms-server-version", SERVER_VERSION))
        if request.path not in _OPEN:
            headers += self._gate.cors_headers(request)
        if self._is_draining():
            headers.append(("connection", "close"))
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
        await send({"type": "http.response.body", "body": answer.body})


class _TooLarge(Exception):
    """The body is over the limit."""
