"""Who may ask: the Host, the Origin and the key of a request, checked before anything else is done with it."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

from . import outputs
from .outputs import Answer
from .request import Request
from .settings import Settings

_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")


class KeysError(Exception):
    """The file of keys cannot be used."""


def read_keys(path: Path) -> tuple[bytes, ...]:
    """Read a file of keys, ``{"primaryKey": …, "secondaryKey": …}``.

    Raises
    ------
    KeysError : it cannot be read or lacks a key.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        keys = (document["primaryKey"], document["secondaryKey"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeysError(f"{path.name}: no primaryKey and secondaryKey can be read ({type(error).__name__})") from error
    if not all(isinstance(key, str) and key for key in keys):
        raise KeysError(f"{path.name}: primaryKey and secondaryKey must be texts that are not empty")
    return tuple(key.encode() for key in keys)


class Gate:
    """The checks of one service.

    Parameters
    ----------
    settings : the service's.
    keys : the keys that open it; needed when its authentication is on.
    """

    def __init__(self, settings: Settings, keys: tuple[bytes, ...]) -> None:
        bound = f"[{settings.host}]" if ":" in settings.host else settings.host
        names = (*_THIS_MACHINE, bound, *settings.allowed_hosts)
        self._hosts = frozenset(name.lower() for name in names)
        self._origins = settings.cors_origins
        self._auth_enabled = settings.auth_enabled
        self.keys = keys

    def refusal(self, request: Request) -> Answer | None:
        """Return the answer to a request that may not pass; None lets it pass."""
        host = request.header("host")
        if _name(host) not in self._hosts:
            return outputs.message(
                421, f"this service does not answer to the host {host!r}; add it to allowed_hosts (allowedHosts)"
            )
        origin = request.header("origin")
        if origin and not self._is_allowed(origin, host):
            return outputs.message(403, f"pages of {origin!r} may not call this service; add it to AML_CORS_ORIGINS")
        if self._auth_enabled and not self.is_preflight(request) and not self._has_key(request):
            text = "the key is missing or wrong; send the header Authorization: Bearer <key>"
            return outputs.message(401, text, headers=(("www-authenticate", "Bearer"),))
        return None

    def is_preflight(self, request: Request) -> bool:
        """Whether a browser asks, for a page of an allowed Origin, what it may send."""
        asks = request.method == "OPTIONS" and request.header("access-control-request-method")
        return bool(asks and request.header("origin"))

    def cors_headers(self, request: Request) -> list[tuple[str, str]]:
        """Return the headers with which a browser lets a page read the answer."""
        origin = request.header("origin")
        if not self._origins or (origin and not self._is_listed(origin)):
            return []
        headers = [("access-control-allow-origin", origin or self._origins[0]), ("vary", "Origin")]
        if self.is_preflight(request):
            wanted = request.header("access-control-request-headers")
            headers += [("access-control-allow-methods", "GET, POST")]
            headers += [("access-control-allow-headers", wanted)] if wanted else []
        return headers

    def _is_allowed(self, origin: str, host: str) -> bool:
        return self._is_listed(origin) or origin.partition("://")[2].lower() == host.lower()

    def _is_listed(self, origin: str) -> bool:
        return origin in self._origins or "*" in self._origins

    def _has_key(self, request: Request) -> bool:
        scheme, _, given = request.header("authorization").partition(" ")
        sent = given.strip().encode("latin-1")
        matches = [hmac.compare_digest(sent, key) for key in self.keys]  # all of them, whichever fits
        return scheme.lower() == "bearer" and any(matches)


def _name(host: str) -> str:
    """Return a Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()
