"""What a request is answered, brought into a form in which two servers' answers can be held against each other."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Of the connection, not of the contract.
_IGNORED = ("connection", "content-length", "date", "keep-alive", "server", "transfer-encoding")
_FORMS = {
    "x-ms-run-fn-exec-ms": (re.compile(r"\d+\.\d{3}"), "<milliseconds>"),
    "x-ms-server-version": (re.compile(r"[a-z-]+/[0-9.]+"), "<server>"),
}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

Difference = tuple[Any, Any]


@dataclass(frozen=True)
class Seen:
    """One answer: status, headers by lower-case name, body as JSON where it says that it is, else as text."""

    status: int
    headers: Mapping[str, str]
    body: Any


def ask(port: int, request: Mapping[str, Any]) -> Seen:
    """Send a case's request to a server of this machine."""
    method, _, target = request["request"].partition(" ")
    headers = dict(request.get("headers") or {})
    body = request.get("body")
    if "json" in request:
        body = json.dumps(request["json"])
        headers.setdefault("Content-Type", "application/json")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, target, body.encode() if isinstance(body, str) else body, headers)
        response = connection.getresponse()
        return _seen(response, response.read(), port)
    finally:
        connection.close()


def _seen(response: http.client.HTTPResponse, body: bytes, port: int) -> Seen:
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        key = name.lower()
        if key not in _IGNORED:
            form, word = _FORMS.get(key, (_UUID, "<uuid>"))
            text = word if form.fullmatch(value) else value
            headers[key] = f"{headers[key]} | {text}" if key in headers else text
    text = body.decode("utf-8", "backslashreplace").replace(f"127.0.0.1:{port}", "127.0.0.1:<port>")
    return Seen(response.status, headers, _read(text, headers.get("content-type", "")))


def _read(text: str, content_type: str) -> Any:
    if content_type != "application/json":
        return text
    try:
        return json.loads(text, parse_constant=lambda name: f"<{name}, which is not JSON>")
    except ValueError:
        return text


def differences(original: Seen, ours: Seen) -> dict[str, Difference]:
    """Return what differs by field: ``status``, ``body``, and headers by name."""
    pairs: dict[str, Difference] = {"status": (original.status, ours.status), "body": (original.body, ours.body)}
    for name in {*original.headers, *ours.headers}:
        pairs[name] = (original.headers.get(name, "<absent>"), ours.headers.get(name, "<absent>"))
    # 1 and 1.0, 1 and True are the same to Python, but not to whoever reads the answer.
    return {field: pair for field, pair in pairs.items() if _exact(pair[0]) != _exact(pair[1])}


def _exact(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def is_listed(found: Difference, listed: Difference) -> bool:
    """Whether a difference is the one that the list tells; ``<message>`` and ``<any>`` stand for what they say."""
    return all(_fits(value, wanted) for value, wanted in zip(found, listed, strict=True))


def _fits(value: Any, wanted: Any) -> bool:
    if wanted == "<any>":
        return value not in ("<absent>", "")
    if wanted == "<message>":
        return isinstance(value, dict) and list(value) == ["message"] and bool(value["message"])
    return _exact(value) == _exact(wanted)
