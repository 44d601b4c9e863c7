"""The ids by which a request is found again: taken from the client or made here, and echoed."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

_LONGEST = 100
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e]")
HEADERS = frozenset(("x-request-id", "x-ms-client-request-id", "x-ms-request-id", "traceid"))


@dataclass(slots=True)
class RequestIds:
    """The ids of one request.

    Attributes
    ----------
    request : sent as ``x-request-id``, else a new UUID.
    client : sent as ``x-ms-client-request-id``, else as the deprecated ``x-ms-request-id``; may be empty.
    legacy : what is answered as ``x-ms-request-id``.
    trace : sent as ``TraceId``; may be empty.
    deprecated : whether only the deprecated header was sent.
    too_long : name of a header whose value is longer than 100 characters; empty when all fit.
    """

    request: str
    client: str
    legacy: str
    trace: str
    deprecated: bool
    too_long: str = ""

    def headers(self) -> list[tuple[str, str]]:
        """Return the answer's headers."""
        named = [
            ("x-request-id", self.request),
            ("x-ms-client-request-id", self.client),
            ("x-ms-request-id", self.legacy),
            ("traceid", self.trace),
        ]
        return [(name, value) for name, value in named if value]


def read(headers: tuple[tuple[str, str], ...]) -> RequestIds:
    """Read a request's ids from its headers, and make the one that every request has."""
    sent: dict[str, str] = {}
    too_long = ""
    for name, value in headers:
        if name in HEADERS and name not in sent:
            sent[name] = _NOT_PRINTABLE.sub("?", value[:_LONGEST])
            too_long = too_long or (name if len(value) > _LONGEST else "")
    if not sent:
        request = str(uuid.uuid4())
        return RequestIds(request, "", request, "", deprecated=False)
    request = sent.get("x-request-id") or str(uuid.uuid4())
    legacy, client = sent.get("x-ms-request-id", ""), sent.get("x-ms-client-request-id", "")
    return RequestIds(
        request=request,
        client=client or legacy,
        legacy=legacy or client or request,
        trace=sent.get("traceid", ""),
        deprecated=bool(legacy and not client),
        too_long=too_long,
    )
