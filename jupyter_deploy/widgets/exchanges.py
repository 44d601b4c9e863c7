"""Requests that were sent to test a service, with their answers, as far back as memory allows."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from jupyter_deploy.engine.log_window import readable
from jupyter_deploy.errors import NotFound
from jupyter_deploy.sdk.scoring_client import Client
from jupyter_deploy.widgets.bodies import Body

KEPT = 30
HEAVIEST = 128 << 20
"""Bytes of bodies and answers that are kept."""
SHOWN = 200_000
"""Characters of an answer that are shown as text."""
LARGEST_JSON = 1 << 20
LARGEST_IMAGE = 8 << 20
_HIDDEN = "••••••"
_SHORTEST_SECRET = 6


@dataclass(frozen=True)
class Exchange:
    """A request and its answer.

    Parameters
    ----------
    number : in the order of their making. began : when it was sent. body : what was sent.
    status, reason, headers, content : of the answer; the key is hidden in it. seconds : until it was there.
    log_position : where the service's log ended before.
    """

    number: int
    began: datetime
    body: Body
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    content: bytes
    seconds: float
    log_position: int = 0

    @property
    def request_id(self) -> str:
        """By which its log lines are known."""
        named = {name.lower(): value for name, value in self.headers}
        return named.get("x-request-id") or named.get("x-ms-request-id", "")

    @property
    def content_type(self) -> str:
        """Of the answer, without parameters."""
        named = {name.lower(): value for name, value in self.headers}
        return named.get("content-type", "").partition(";")[0].strip().lower()

    def row(self) -> dict[str, Any]:
        """What the history shows of it."""
        text = self.body.file or readable(" ".join(self.body.content[:400].decode("utf-8", "replace").split()))
        return {
            "number": self.number, "began": self.began.strftime("%H:%M:%S"), "status": self.status, "sent": text[:100],
            "milliseconds": round(self.seconds * 1000, 2), "size": len(self.content),
        }  # fmt: skip

    def shown(self) -> dict[str, Any]:
        """What a view shows of it."""
        return {**self.row(), "reason": self.reason, "headers": self.headers, "answer": _answer(self)}


def send(client: Client, body: Body, number: int = 0, log_position: int = 0) -> Exchange:
    """Send a body.

    Raises
    ------
    ScoringFailed : there is no answer.
    """
    began, start = datetime.now(), time.perf_counter()
    answer = client.post(body.content, body.content_type)
    seconds = time.perf_counter() - start
    hidden = _Hidden(client.secret)
    headers = tuple((name, hidden.text(value)) for name, value in answer.headers.items())
    content = hidden.bytes(answer.content)
    return Exchange(number, began, body, answer.status_code, _reason(answer), headers, content, seconds, log_position)


class History:
    """The last exchanges; old ones go when there are too many, or when they are too large together."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []
        self._changing = threading.Lock()
        self._count = 0

    def number(self) -> int:
        """The number of the next exchange."""
        with self._changing:
            self._count += 1
            return self._count

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange."""
        with self._changing:
            self._exchanges.append(exchange)
            while len(self._exchanges) > KEPT or (len(self._exchanges) > 1 and _weight(self._exchanges) > HEAVIEST):
                del self._exchanges[0]

    def find(self, number: int) -> Exchange:
        """The exchange with a number.

        Raises
        ------
        NotFound : it is too old.
        """
        with self._changing:
            found = next((exchange for exchange in self._exchanges if exchange.number == number), None)
        if found is None:
            raise NotFound("this request is not kept any more", f"The last {KEPT} are.", "send it anew")
        return found

    def rows(self) -> list[dict[str, Any]]:
        """All that are kept, newest first."""
        with self._changing:
            return [exchange.row() for exchange in reversed(self._exchanges)]


class _Hidden:
    """Takes a secret out of what is shown: a script may answer with what it was sent."""

    def __init__(self, secret: str) -> None:
        self._secret = secret if len(secret) >= _SHORTEST_SECRET else ""

    def text(self, text: str) -> str:
        return text.replace(self._secret, _HIDDEN) if self._secret else text

    def bytes(self, content: bytes) -> bytes:
        return content.replace(self._secret.encode(), _HIDDEN.encode()) if self._secret else content


def _weight(exchanges: Sequence[Exchange]) -> int:
    return sum(len(exchange.content) + len(exchange.body.content) for exchange in exchanges)


def _reason(answer: requests.Response) -> str:
    return readable(answer.reason or "")[:200]


def _answer(exchange: Exchange) -> dict[str, Any]:
    content = exchange.content
    if exchange.content_type.startswith("image/") and len(content) <= LARGEST_IMAGE:
        return {"kind": "image", "type": exchange.content_type, "data": base64.b64encode(content).decode()}
    text = content[: 4 * SHOWN].decode("utf-8", "replace")
    if exchange.content_type.endswith("json") and len(content) <= LARGEST_JSON:
        try:
            json.loads(content)
            return {"kind": "json", "text": content.decode()}
        except (ValueError, RecursionError):
            pass
    is_cut = len(text) > SHOWN or len(content) > 4 * SHOWN
    lines = (readable(line) for line in text[:SHOWN].replace("\r\n", "\n").split("\n"))
    return {"kind": "text", "text": "\n".join(lines), "is_cut": is_cut}
