"""Hands what was asked and answered to the process that keeps it."""

from __future__ import annotations

import time
from typing import Any

from .aside import Aside
from .exchange import Exchange


class Collector:
    """The front's side of data collection.

    Parameters
    ----------
    aside : what keeps the data. version : of the service.
    """

    def __init__(self, aside: Aside, version: str) -> None:
        self._aside = aside
        self._version = version

    def begin(self, exchange: Exchange) -> None:
        """Nothing is kept of a request before its answer."""

    def answered(self, exchange: Exchange, status: int, size: int, seconds: float) -> None:  # noqa: ARG002 - an observer's
        """Keep a request that was scored, and its answer."""
        request, answer = exchange.request, exchange.given
        if status != 200 or answer is None or request.method == "OPTIONS":
            return
        if request.path != "/score" and answer.run_ms is None:  # what no run() answered
            return
        sent, kind = request.body, request.header("content-type")
        if request.method == "GET":
            sent, kind = request.query.encode("latin-1"), "application/x-www-form-urlencoded"
        record = {
            "type": "call", "time": time.time(), "request_id": request.id, "version": self._version, "input_type": kind,
            "input_bytes": len(sent), "output_type": next((value for name, value in answer.headers if name == "content-type"), ""),
        }  # fmt: skip
        self._aside.offer(record, sent, answer.body)

    def left(self, exchange: Exchange) -> None:
        """Nothing is kept of a request that was not answered."""

    def tell_data(self, record: dict[str, Any], rows: bytes) -> None:
        """Keep what the script collects itself."""
        self._aside.offer(record, rows)
