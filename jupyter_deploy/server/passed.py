"""What passes between a browser and a service through the Jupyter server, and what does not: neither learns the other's secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

Header = tuple[str, str]

KEY = "X-Service-Authorization"
"""What the service gets as ``Authorization``, which Jupyter, and a JupyterHub before it, read as a token of their own."""
_OF_A_CONNECTION = frozenset(
    ["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding",
     "upgrade", "expect"]
)  # fmt: skip
_NOT_SENT = _OF_A_CONNECTION | {
    "host", "cookie", "authorization", "x-xsrftoken", KEY.lower(), "origin", "referer", "forwarded", "via",
}  # fmt: skip
"""A foreign Origin is refused by a service, and that of Jupyter's page is; who asked was checked here. A Referer may hold a token."""
_NOT_SENT_BEGINNINGS = ("x-forwarded-", "x-real-", "sec-")
_NOT_RETURNED = _OF_A_CONNECTION | {
    "set-cookie", "set-cookie2", "clear-site-data", "strict-transport-security", "public-key-pins", "alt-svc", "service-worker-allowed",
    "www-authenticate", "x-frame-options", "x-content-type-options", "report-to", "nel", "server", "date", "location", "refresh",
}  # fmt: skip
"""What would speak for Jupyter's whole address, or ask for a password in its name. ``Location`` is translated."""
_NOT_RETURNED_BEGINNINGS = ("access-control-", "x-accel-", "x-sendfile")
_NOT_ASKED = frozenset(["token", "_xsrf"])
"""Arguments of a query that are Jupyter's."""


def sent(headers: Iterable[Header], has_token: bool) -> list[Header]:
    """The headers that a service gets.

    Parameters
    ----------
    headers : of the browser's request. has_token : Jupyter knew the browser by a token, so ``Authorization`` may hold that.
    """
    found = list(headers)
    named = _named_by_connection(found)
    passed = [(name, text) for name, text in found if _is_sent(name.lower()) and name.lower() not in named]
    key = next((text for name, text in found if name.lower() == KEY.lower()), "")
    if not key and not has_token:
        key = next((text for name, text in found if name.lower() == "authorization"), "")
    return [*passed, ("Authorization", key)] if key else passed


def returned(headers: Iterable[Header], origin: str, base: str) -> Iterator[Header]:
    """The headers that a browser gets.

    Parameters
    ----------
    headers : of the service's answer. origin : where the service was asked. base : the path that stands for it here.
    """
    found = list(headers)
    named = _named_by_connection(found)
    for name, text in found:
        if name.lower() == "location":
            yield name, _moved(text, origin, base)
        elif _is_returned(name.lower()) and name.lower() not in named:
            yield name, text


def asked(query: str) -> str:
    """The query without what is meant for Jupyter."""
    return "&".join(part for part in query.split("&") if part.partition("=")[0] not in _NOT_ASKED)


def _is_sent(name: str) -> bool:
    return name not in _NOT_SENT and not name.startswith(_NOT_SENT_BEGINNINGS)


def _is_returned(name: str) -> bool:
    return name not in _NOT_RETURNED and not name.startswith(_NOT_RETURNED_BEGINNINGS)


def _named_by_connection(headers: Iterable[Header]) -> set[str]:
    """Headers that belong to the connection because it says so."""
    texts = (text for name, text in headers if name.lower() == "connection")
    return {word.strip().lower() for text in texts for word in text.split(",")}


def _moved(location: str, origin: str, base: str) -> str:
    """Where a redirection leads, as seen from here; what leads elsewhere stays."""
    parts = urlsplit(location)
    own = urlsplit(origin)
    is_own = not parts.netloc or (parts.scheme or own.scheme, parts.netloc) == (own.scheme, own.netloc)
    if not is_own or not parts.path.startswith("/"):
        return location
    return base + parts._replace(scheme="", netloc="").geturl().lstrip("/")
