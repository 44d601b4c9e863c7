"""The process that sends what a service tells of itself: batches to a collector of OTLP, to Azure Monitor, or to both."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from . import azure_monitor, logs, otlp, telemetry
from .feed import Feed, Item, open_feed
from .settings import Settings
from .telemetry import AzureMonitor, Otlp

_EVERY = 1.0
"""Seconds for which records are gathered before they are sent."""
_MOST = 512
_AGAIN = (408, 429, 439, 502, 503, 504)
_PAUSES = (0.5, 2.0)
_QUIET = 60.0
"""Seconds between two lines of the log about what could not be sent."""


def main(argv: Sequence[str]) -> int:
    """Send until the front closes the link; returns the exit code."""
    feed, service, given = open_feed(argv, "secrets")
    secrets = Path(given["secrets"]) if "secrets" in given else None
    senders = _senders(telemetry.read(service, secrets), service)
    feed.tell("ready")
    _serve(feed, senders)
    return 0


class Sender(Protocol):
    """Sends batches to one place."""

    def send(self, items: Sequence[Item], pauses: Sequence[float]) -> int:
        """Send, again after each pause while it fails; returns how many records were lost."""
        ...


def _serve(feed: Feed, senders: Sequence[Sender]) -> None:
    waiting: list[Item] = []
    due = time.monotonic() + _EVERY
    while (items := feed.take(due - time.monotonic())) is not None:
        waiting += items
        if len(waiting) < _MOST and time.monotonic() < due:
            continue
        _send(feed, senders, waiting, _PAUSES)
        waiting, due = [], time.monotonic() + _EVERY
    _send(feed, senders, waiting, ())  # the service is ending, and nobody shall wait for that


def _send(feed: Feed, senders: Sequence[Sender], items: Sequence[Item], pauses: Sequence[float]) -> None:
    for start in range(0, len(items), _MOST):
        for sender in senders:
            batch = items[start : start + _MOST]
            try:
                lost = sender.send(batch, pauses)
            except Exception as error:  # whatever a server may answer: the next batch is tried all the same
                logs.server.warning("%d records were not sent: %r", len(batch), error)
                lost = len(batch)
            if lost:
                feed.tell("dropped", count=lost)


def _senders(destinations: telemetry.Destinations, service: Settings) -> list[Sender]:
    senders: list[Sender] = []
    if destinations.otlp is not None:
        senders.append(_OtlpSender(destinations.otlp))
    if destinations.azure is not None:
        senders.append(_AzureSender(destinations.azure, service))
    return senders


class _OtlpSender:
    """Sends to a collector."""

    def __init__(self, destination: Otlp) -> None:
        self._destination = destination
        self._traces = _Post(destination.traces, destination.trace_headers, destination.seconds)
        self._logs = _Post(destination.logs, destination.log_headers, destination.seconds)

    def send(self, items: Sequence[Item], pauses: Sequence[float]) -> int:
        requests = [record for record, _ in items if record["type"] == "request" and record["sampled"]]
        records = [record for record, _ in items if record["type"] == "log"]
        resource = self._destination.resource
        lost = 0
        if requests and self._destination.traces:
            answer = self._traces.send(otlp.traces(requests, resource), pauses)
            lost += len(requests) if answer is None else _rejected(answer, "rejectedSpans")
        if records and self._destination.logs:
            answer = self._logs.send(otlp.logs(records, resource), pauses)
            lost += len(records) if answer is None else _rejected(answer, "rejectedLogRecords")
        return lost


def _rejected(answer: Mapping[str, Any], name: str) -> int:
    partial = answer.get("partialSuccess")
    return int(partial.get(name, 0)) if isinstance(partial, dict) else 0


class _AzureSender:
    """Sends to Azure Monitor."""

    def __init__(self, destination: AzureMonitor, service: Settings) -> None:
        self._envelopes = azure_monitor.Envelopes(destination, service)
        self._post = _Post(destination.endpoint, {}, 10.0, follows=True)

    def send(self, items: Sequence[Item], pauses: Sequence[float]) -> int:
        envelopes: list[dict[str, Any]] = []
        for record, body in items:
            if record["type"] == "log":
                envelopes.append(self._envelopes.of_log(record))
            elif record["sampled"]:
                cut = record["input_bytes"]
                texts = (part.decode("utf-8", "replace") for part in (body[:cut], body[cut:]))
                envelopes.extend(self._envelopes.of_request(record, *texts))
        if not envelopes:
            return 0
        answer = self._post.send(envelopes, pauses)
        return len(envelopes) if answer is None else len(envelopes) - int(answer.get("itemsAccepted", len(envelopes)))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirections are errors, which ``_Post`` looks at."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class _Post:
    """Sends documents to one address, a failed one again after a pause, and says once a minute what is wrong.

    Attributes
    ----------
    follows : whether whoever answers may name another address, as Azure Monitor does for a resource's own region.
    """

    address: str
    headers: Mapping[str, str]
    seconds: float
    follows: bool = False
    said: float = -_QUIET

    def send(self, document: Any, pauses: Sequence[float]) -> dict[str, Any] | None:
        """Send a document, again after each pause; returns what was answered, None when it could not be delivered."""
        body = orjson.dumps(document)
        problem = ""
        for pause in (*pauses, None):
            try:
                return self._try(body)
            except urllib.error.HTTPError as error:
                problem = f"it answered {error.code} {error.reason}"
                error.close()
                if self._is_sent_on(error):
                    continue
                if error.code not in _AGAIN:
                    break
            except (OSError, ValueError, HTTPException) as error:
                problem = f"{type(error).__name__}: {error}"
            if pause is not None:
                time.sleep(pause)
        if time.monotonic() - self.said >= _QUIET:
            self.said = time.monotonic()
            host = urlsplit(self.address).netloc.rpartition("@")[2]
            logs.server.warning("what the service tells of itself cannot be sent to %s: %s", host, problem)
        return None

    def _is_sent_on(self, error: urllib.error.HTTPError) -> bool:
        """Take the address that a redirection names, where it is of the same kind."""
        target = error.headers.get("location", "")
        if not self.follows or error.code not in (307, 308) or urlsplit(target).scheme != urlsplit(self.address).scheme:
            return False
        self.address = target
        return True

    def _try(self, body: bytes) -> dict[str, Any]:
        headers = {**self.headers, "content-type": "application/json"}
        request = urllib.request.Request(self.address, body, headers, method="POST")  # noqa: S310 - http or https, checked
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=self.seconds) as response:
            text = response.read(65536)
        try:
            answer = orjson.loads(text or b"{}")
        except ValueError:
            return {}
        return answer if isinstance(answer, dict) else {}
