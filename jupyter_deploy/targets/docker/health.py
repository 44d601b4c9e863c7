"""Whether a container answers: asked at its published port, or, for one without, of the engine's health check."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from jupyter_deploy.targets.docker import containers, failures
from jupyter_deploy.targets.docker.options import LocalOptions

if TYPE_CHECKING:
    from docker.models.containers import Container

_LOOK_EVERY = 0.1


def trouble(host: str, port: int, *, tls: bool) -> str:
    """Ask a service at its address whether it can answer; empty where it can, else why not."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (read, not bound)
    connection: http.client.HTTPConnection
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is asked how it is, not who
        connection = http.client.HTTPSConnection(host, port, timeout=2, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/")  # which the log does not show
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"it does not answer at {host}:{port} ({error or type(error).__name__})"
    finally:
        connection.close()
    return "" if status == 200 else "its worker is starting"


def wait(container: Container, options: LocalOptions, is_ready: Callable[[], bool]) -> None:
    """Wait until a container is ready; the server in it ends by itself when that takes too long.

    Raises
    ------
    TargetError : it ended before.
    """
    while not is_ready():
        container.reload()
        if not containers.is_running(container) or container.attrs["RestartCount"]:
            raise failures.explain(container, options)
        time.sleep(_LOOK_EVERY)


def engine_finds_healthy(container: Container) -> bool:
    """Whether the engine's last look found the container ready."""
    container.reload()
    return bool(container.attrs["State"].get("Health", {}).get("Status") == "healthy")
