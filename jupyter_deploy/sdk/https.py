"""How a service is reached over TLS from its workspace: trusted by its own certificate, at the address it is bound to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

from jupyter_deploy.config.certificates import trusting
from jupyter_deploy.engine.certificates import trusted_certificates

if TYPE_CHECKING:
    from jupyter_deploy.sdk.webservice import Webservice

_REACHED = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (read, not bound)


@dataclass(frozen=True)
class Reached:
    """How a service is reached.

    Parameters
    ----------
    address : where it is asked. host : what the header of that name says, where it is not that address.
    name : that its certificate has to be for. certificates : in PEM, one of which has to have signed that.
    """

    address: str
    host: str
    name: str
    certificates: str


class _Trusting(HTTPAdapter):
    """Takes the certificates of one service, under its name, and no others.

    Parameters
    ----------
    certificates : in PEM. name : that they have to be for.
    """

    def __init__(self, certificates: str, name: str) -> None:
        self._certificates = certificates
        self._name = name
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Verify as this service is verified."""
        kwargs.update(ssl_context=trusting(self._certificates), server_hostname=self._name)
        super().init_poolmanager(*args, **kwargs)

    def cert_verify(self, *_: Any) -> None:
        """Add nobody else's certificates."""


def reach(session: requests.Session, service: Webservice, uri: str) -> tuple[str, dict[str, str]]:
    """Prepare a session for a service that answers over TLS.

    Returns
    -------
    str, dict : the address to ask, and the headers that say whom.
    """
    found = reached(service, uri)
    session.mount("https://", _Trusting(found.certificates, found.name))
    return found.address, {"Host": found.host} if found.host else {}


def reached(service: Webservice, uri: str) -> Reached:
    """How a service that answers over TLS is reached.

    Its name may be known to nobody here, so it is asked at the address that it is bound to, where that is known.
    """
    parts = urlsplit(uri)
    certificates = trusted_certificates(service.workspace.folder, service.name)
    view = service.view
    host = view.status.details.get("host") or view.settings.get("host")
    if not host:
        return Reached(uri, "", parts.hostname or "", certificates)
    found = _REACHED.get(host, host)
    address = f"[{found}]" if ":" in found else found
    netloc = f"{address}:{parts.port}"
    return Reached(urlunsplit(parts._replace(netloc=netloc)), parts.netloc, parts.hostname or "", certificates)
