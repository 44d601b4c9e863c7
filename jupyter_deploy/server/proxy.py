"""A service, asked through the Jupyter server: so one on the server's own loopback can be tried from a browser elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import httpx
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import ensure_async
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated, stream_request_body

from jupyter_deploy.errors import DeployError, NotFound, TargetError, UserError
from jupyter_deploy.server.exchange import Exchange
from jupyter_deploy.server.passed import asked, sent
from jupyter_deploy.server.problems import problem_of
from jupyter_deploy.server.upstream import state_of, upstream_of

_AHEAD = 4
"""Pieces of a request's body that are held for a service that is slower than the browser."""
MARK = "/jupyter-deploy/services/"
"""What comes before the name of a service in a path."""


class TooSlow(TargetError):
    """A service has not answered in time."""


_STATUS = ((NotFound, 404), (UserError, 409), (TooSlow, 504), (TargetError, 502), (DeployError, 503))
"""The first that fits an error."""


class Arriving:
    """The body of a request, piece by piece, while it arrives."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(_AHEAD)
        self._is_wanted = True

    async def put(self, piece: bytes) -> None:
        """Add a piece, once there is room for it; empty for the end."""
        if self._is_wanted:
            await self._pieces.put(piece)

    def unwanted(self) -> None:
        """Nobody takes the rest: it is dropped as it comes."""
        self._is_wanted = False
        while not self._pieces.empty():
            self._pieces.get_nowait()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self._pieces.get():
            yield piece


@stream_request_body
class ServiceHandler(JupyterHandler):
    """Passes a request on to a service, and its answer back, both as they come.

    The answer is confined (``sandbox``), so that a page of the service cannot act in Jupyter's name, and has nothing that speaks for
    Jupyter's address (:mod:`jupyter_deploy.server.passed`).
    """

    auth_resource = "jupyter_deploy"

    def initialize(self, root: Path) -> None:
        """Take what all requests share."""
        self._root = root
        self._body = Arriving()
        self._work: list[asyncio.Future[Any]] = []

    @property
    def content_security_policy(self) -> str:
        """The server's, and a page that comes from a service is nobody here."""
        return f"{super().content_security_policy}; sandbox allow-scripts"

    async def prepare(self) -> None:  # type: ignore[override]  # the server's own takes an argument more
        """Check who asks, before the first piece of the body is passed on."""
        await super().prepare()
        if self._finished:
            return
        if not self.current_user:
            raise HTTPError(403)
        self.check_xsrf_cookie()
        if self.get_query_arguments("token"):
            raise HTTPError(
                400, "Jupyter's token must not be in this address, which a page of the service can read: log in first"
            )
        if not await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, "execute", self.auth_resource)
        ):
            raise HTTPError(403)
        self._begin(self._ask())

    async def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body; the browser sends no more while the service does not take it."""
        await self._body.put(chunk)

    @authenticated
    async def get(self, *_parts: str) -> None:
        """Pass the answer back."""
        await self._body.put(b"")
        with contextlib.suppress(asyncio.CancelledError):  # the browser is gone
            await self._begin(self._answer(self._work[0]))

    post = put = patch = delete = head = options = get

    def on_connection_close(self) -> None:
        """The browser is gone: the service need not go on."""
        super().on_connection_close()
        for each in self._work:
            each.cancel()

    def compute_etag(self) -> None:
        """The service says it, or nobody."""

    def _begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be left to ask
        self._work.append(task)
        return task

    async def _ask(self) -> Exchange:
        """Send the request; what comes back is the beginning of the answer."""
        name, path = self.path_args[0], self.request.path
        base, _, rest = path.partition(MARK)
        raw_name, _, rest = rest.partition("/")
        try:
            upstream = await asyncio.to_thread(upstream_of, self._root, name)
            query = asked(self.request.query)
            url = f"{upstream.origin}/{rest}{'?' if query else ''}{query}"
            headers = sent(self.request.headers.get_all(), self.token_authenticated)
            exchange = Exchange(upstream, f"{base}{MARK}{raw_name}/")
            await exchange.ask(str(self.request.method), url, headers, self._body if self._has_body else None)
            return exchange
        except httpx.TimeoutException as error:
            raise await self._unanswered(name, error, TooSlow) from None
        except httpx.HTTPError as error:
            raise await self._unanswered(name, error, TargetError) from None
        finally:
            self._body.unwanted()

    @property
    def _has_body(self) -> bool:
        headers = self.request.headers
        return "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0"

    async def _unanswered(self, name: str, error: Exception, kind: type[TargetError]) -> TargetError:
        state = await asyncio.to_thread(state_of, self._root, name)
        why = f"{state}\n{type(error).__name__}: {error}"
        return kind(f"the service '{name}' does not answer", why, "see its log, or start it again")

    async def _answer(self, asking: asyncio.Future[Exchange]) -> None:
        try:
            exchange = await asking
        except DeployError as error:
            self.set_status(next(status for kind, status in _STATUS if isinstance(error, kind)))
            self.set_header("Content-Type", "application/json")
            await self.finish(json.dumps({"error": problem_of(error)}))
            return
        async with exchange:
            await self._return(exchange)

    async def _return(self, exchange: Exchange) -> None:
        self.set_status(exchange.status)
        self.clear_header("Content-Type")
        for name, text in exchange.headers():
            self.add_header(name, text)
        try:
            await self.flush()
            async for piece in exchange.pieces():
                self.write(piece)
                await self.flush()
            await self.finish()
        except httpx.HTTPError as error:
            self.log.warning("The answer of a service broke off: %s", error)
            self.detach().close()  # the browser must not take a part of it for the whole
        except StreamClosedError:
            pass  # the browser is gone
