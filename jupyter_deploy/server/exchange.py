"""A request to a service, and its answer, both as they come."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence
from typing import Any

import httpx

from jupyter_deploy.server.passed import Header, returned
from jupyter_deploy.server.upstream import Upstream

CONNECT = 5.0
"""Seconds to wait for a connection."""


class Exchange:
    """A request to a service, and its answer.

    Parameters
    ----------
    upstream : the service. base : the path that stands for it here.
    """

    def __init__(self, upstream: Upstream, base: str) -> None:
        self._upstream, self._base = upstream, base
        self._timeout = httpx.Timeout(upstream.patience, connect=CONNECT)
        self._client = httpx.AsyncClient(verify=upstream.trusted or False, trust_env=False, timeout=self._timeout)
        self._response: httpx.Response | None = None

    async def ask(self, method: str, url: str, headers: Sequence[Header], body: AsyncIterable[bytes] | None) -> None:
        """Send the request, and wait for the beginning of the answer."""
        host = [("Host", self._upstream.host)] if self._upstream.host else []
        extensions: dict[str, Any] = {"timeout": self._timeout.as_dict()}
        if self._upstream.name:
            extensions["sni_hostname"] = self._upstream.name
        raw = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in [*host, *headers]]
        request = httpx.Request(method, url, headers=raw, content=body, extensions=extensions)
        try:
            self._response = await self._client.send(request, stream=True)
        except BaseException:
            await self._client.aclose()
            raise

    @property
    def status(self) -> int:
        """Of the answer."""
        return self._answered.status_code

    def headers(self) -> Iterator[Header]:
        """Of the answer, as the browser gets them."""
        found = [(name.decode("latin-1"), text.decode("latin-1")) for name, text in self._answered.headers.raw]
        return returned(found, self._upstream.origin, self._base)

    def pieces(self) -> AsyncIterator[bytes]:
        """The body of the answer, as it comes."""
        return self._answered.aiter_raw()

    async def __aenter__(self) -> Exchange:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._answered.aclose()
        await self._client.aclose()

    @property
    def _answered(self) -> httpx.Response:
        assert self._response is not None
        return self._response
