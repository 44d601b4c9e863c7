"""The answer that a ``run()`` makes itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .values import Headers

_TEXT = "text/html; charset=utf-8"  # what the original's web framework says of a body that nobody describes


class AMLResponse:
    """An answer with a status and headers of the script's choice.

    Parameters
    ----------
    message : the body: text, bytes, or anything that JSON knows; None for ``{}``.
    status_code : the HTTP status; 500 and above count as a failed ``run()``.
    response_headers : headers by name; a value with commas becomes as many headers. Without a Content-Type it is JSON where
        the message is written as JSON, else HTML.
    json_str : whether a text is to be written as a JSON string.
    run_function_failed : what the header ``x-ms-run-function-failed`` says.

    >>> answer = AMLResponse("bad request", 400, {"X-Tag": "a,b"})
    >>> answer.headers["Allow"] = "GET, POST"
    >>> list(answer.headers)
    [('Content-Type', 'text/html; charset=utf-8'), ('X-Tag', 'a'), ('X-Tag', 'b'), ('Allow', 'GET, POST')]
    """

    def __init__(
        self,
        message: Any,
        status_code: int,
        response_headers: Mapping[str, str] | None = None,
        json_str: bool = False,
        run_function_failed: bool = False,
    ) -> None:
        self.status_code = status_code
        self.run_function_failed = run_function_failed or status_code >= 500
        self.headers = Headers(
            (name, part.strip()) for name, value in (response_headers or {}).items() for part in str(value).split(",")
        )
        if "content-type" not in self.headers:
            own_text = message is not None and not json_str
            self.headers = Headers([("Content-Type", _TEXT if own_text else "application/json"), *self.headers])
        self._body = _body({} if message is None else message, json_str)

    def get_data(self) -> bytes:
        """Return the body's bytes."""
        return self._body


def _body(message: Any, json_str: bool) -> bytes:
    if isinstance(message, bytes) and not json_str:
        return message
    if isinstance(message, str) and not json_str:
        return message.encode()
    return json.dumps(message).encode()
