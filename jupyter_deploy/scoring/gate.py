"""Who may ask: the Host, the Origin and the key or token of a request, checked before anything else is done with it."""

from __future__ import annotations

from . import outputs
from .access import Access
from .outputs import Answer
from .request import Request
from .settings import Settings

_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")
_REMEDIES = (
    "the key is {}; send the header Authorization: Bearer <key>",
    "the token is not accepted ({}); send the header Authorization: Bearer <token> with a new one (get_access_token)",
)


class Gate:
    """The checks of one service.

    Parameters
    ----------
    settings : the service's.

    Attributes
    ----------
    access : what opens the service; None where nothing is needed, or has been read yet.
    certificate_names : names that Host may give too; one that begins with ``*.`` stands for all below it.
    """

    def __init__(self, settings: Settings) -> None:
        bound = f"[{settings.host}]" if ":" in settings.host else settings.host
        names = (*_THIS_MACHINE, bound, *settings.allowed_hosts)
        self._hosts = frozenset(name.lower() for name in names)
        self._origins = settings.cors_origins
        self.certificate_names: tuple[str, ...] = ()
        self._is_guarded = settings.is_guarded
        self._remedy = _REMEDIES[settings.token_auth_enabled]
        self.access: Access | None = None

    def refusal(self, request: Request) -> Answer | None:
        """Return the answer to a request that may not pass; None lets it pass."""
        host = request.header("host")
        if not self._is_known(_name(host)):
            return outputs.message(
                421, f"this service does not answer to the host {host!r}; add it to allowed_hosts (allowedHosts)"
            )
        origin = request.header("origin")
        if origin and not self._is_allowed(origin, host):
            return outputs.message(403, f"pages of {origin!r} may not call this service; add it to AML_CORS_ORIGINS")
        if self._is_guarded and not self.is_preflight(request):
            objection = self._objection(request)
            if objection:
                header = f'Bearer error="invalid_token", error_description="{objection}"'
                challenge = "Bearer" if objection in ("missing", "wrong") else header
                text = self._remedy.format(objection)
                return outputs.message(401, text, headers=(("www-authenticate", challenge),))
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

    def _is_known(self, name: str) -> bool:
        if name in self._hosts:
            return True
        return name in self.certificate_names or f"*.{name.partition('.')[2]}" in self.certificate_names

    def _is_allowed(self, origin: str, host: str) -> bool:
        return self._is_listed(origin) or origin.partition("://")[2].lower() == host.lower()

    def _is_listed(self, origin: str) -> bool:
        return origin in self._origins or "*" in self._origins

    def _objection(self, request: Request) -> str:
        scheme, _, sent = request.header("authorization").partition(" ")
        if scheme.lower() != "bearer" or self.access is None:
            return "missing"
        return self.access.objection(sent.strip().encode("latin-1"))


def _name(host: str) -> str:
    """Return a Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()
