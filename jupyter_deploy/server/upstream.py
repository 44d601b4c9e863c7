"""Where a service is asked from the Jupyter server."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from jupyter_deploy.config.certificates import trusting
from jupyter_deploy.sdk.scoring_client import address_of
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.server.watched import open_in

_MARGIN = 10.0
"""Seconds that a service may take beside what it allows to a request itself."""


@dataclass(frozen=True)
class Upstream:
    """A service, as it is asked.

    Parameters
    ----------
    origin : scheme, host and port. patience : seconds without a byte of its answer.
    host, name : what the header ``Host`` says, and whom its certificate names, where that is not ``origin``; else empty.
    trusted : whose certificates are taken; None where it answers without TLS.
    """

    origin: str
    patience: float
    host: str = ""
    name: str = ""
    trusted: ssl.SSLContext | None = None


def upstream_of(root: Path, name: str) -> Upstream:
    """Find a service that serves.

    Parameters
    ----------
    root : the folder that names the workspace. name : of the service.

    Raises
    ------
    DeployError : there is no such service, it does not serve, or it cannot be asked from this folder.
    """
    service = _service(root, name)
    settings = service.view.settings
    patience = (settings.get("maxQueueWaitMs", 0) + settings.get("scoringTimeoutMs", 0)) / 1000 + _MARGIN
    uri = address_of(service)
    if not service.ssl_enabled:
        return Upstream(_origin(uri), patience)
    from jupyter_deploy.sdk.https import reached

    found = reached(service, uri)
    return Upstream(_origin(found.address), patience, found.host, found.name, trusting(found.certificates))


def state_of(root: Path, name: str) -> str:
    """How a service stands that has not answered, in a sentence."""
    view = _service(root, name).view
    return f"Its state is {view.status.state}{f': {view.status.error}' if view.status.error else ''}."


def _service(root: Path, name: str) -> Webservice:
    return Webservice(Workspace.of(open_in(root)), name)


def _origin(uri: str) -> str:
    return uri.removesuffix("/score")
