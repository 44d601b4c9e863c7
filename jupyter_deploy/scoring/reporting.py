"""Tells the process that sends things on about requests and log records, each with the trace it belongs to."""

from __future__ import annotations

import time
from typing import Any

from . import tracing
from .aside import Aside
from .exchange import Exchange
from .tracing import Sampler, Span

_LONGEST = 32768
"""Bytes of a body that are sent on where bodies are wanted: what Azure Monitor keeps of one property, with room for long characters."""
_UNTOLD = ("/", "/live", "/ready", "/metrics")


class Reporter:
    """The front's side of traces and logs.

    Parameters
    ----------
    aside : what sends. sampler : decides which requests are sent. inputs, responses : whether what was
        asked and what was answered are sent too.
    """

    def __init__(self, aside: Aside, sampler: Sampler, *, inputs: bool, responses: bool) -> None:
        self._aside = aside
        self._sampler = sampler
        self._inputs = inputs
        self._responses = responses
        self._spans: dict[str, Span] = {}  # of the requests under way, by their ids

    def begin(self, exchange: Exchange) -> None:
        """Begin the span of a request; what ``run()`` does in turn belongs to it."""
        request = exchange.request
        if request.path not in _UNTOLD:
            exchange.span = self._spans[request.id] = self._sampler.begin(request)
            request.headers = tracing.with_parent(request.headers, exchange.span)

    def answered(self, exchange: Exchange, status: int, size: int, seconds: float) -> None:
        """Tell of a request that is answered."""
        request = exchange.request
        if request.path in _UNTOLD:
            return
        span = exchange.span or self._sampler.begin(request)
        self._spans.pop(request.id, None)
        if not span.sampled:
            return
        answer = exchange.given
        sent = bytes(request.received[:_LONGEST]) if self._inputs else b""
        record = {
            "type": "request", "time": time.time(), "seconds": seconds, "request_id": request.id, "client_id": exchange.ids.client,
            "method": request.method, "path": request.path, "status": status, "bytes_in": len(request.received), "bytes_out": size,
            "run_ms": answer.run_ms if answer else None, "trace": span.trace, "span": span.id, "parent": span.parent,
            "sampled": True, "input_bytes": len(sent),
        }  # fmt: skip
        self._aside.offer(record, sent, answer.body[:_LONGEST] if answer and self._responses else b"")

    def left(self, exchange: Exchange) -> None:
        """Forget a request whose client has gone."""
        self._spans.pop(exchange.request.id, None)

    def tell_log(self, record: dict[str, Any]) -> None:
        """Tell of a log record, of this process or of a worker; of a batch it belongs to the first request's trace."""
        span = self._spans.get(record["request_id"].partition(",")[0])
        self._aside.offer({**record, "trace": span.trace if span else "", "span": span.id if span else ""})
