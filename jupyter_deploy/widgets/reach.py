"""Where a service is reached from the user's browser, which may run on another machine than the kernel."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Reach:
    """What a browser has to know to build an address that works for it.

    Parameters
    ----------
    url : of the service, as the kernel's machine has it; empty where it has none yet.
    loopback : whether only that machine can use it.
    proxied : the path below the Jupyter server's own address, where it passes requests on; else empty.
    base : the path of that server under JupyterHub; empty where the page has to say it.
    hosts : the names, besides those of loopback, under which the service answers; jupyter-server-proxy passes on the browser's.
    """

    url: str
    loopback: bool
    proxied: str
    base: str
    hosts: tuple[str, ...] = ()


def reach_of(url: str, hosts: Sequence[str] = (), environment: Mapping[str, str] = os.environ) -> Reach:
    """Tell how a service is reached.

    Parameters
    ----------
    url : of its scoring. hosts : its option ``allowed_hosts``. environment : of the kernel; JupyterHub names the server's path in it.

    Returns
    -------
    Reach : with a path through jupyter-server-proxy where that is installed beside the kernel and the service has a port of this machine.
    """
    parts = urlsplit(url)
    loopback = parts.hostname in _LOOPBACK
    passes = loopback and parts.port is not None and find_spec("jupyter_server_proxy") is not None
    proxied = f"proxy/{parts.port}{parts.path}" if passes else ""
    return Reach(url, loopback, proxied, environment.get("JUPYTERHUB_SERVICE_PREFIX", ""), tuple(hosts))
