"""Whether a container answers: asked at its published port, or, where it has none, by a process in it."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from jupyter_deploy.images.dockerfile import PYTHON, SERVER, SETTINGS
from jupyter_deploy.targets.addresses import reached_at
from jupyter_deploy.targets.docker import containers, failures
from jupyter_deploy.targets.docker.options import LocalOptions

if TYPE_CHECKING:
    from docker.models.containers import Container

_LOOK_EVERY = 0.1
_ASK_SECONDS = 30
"""That one process asks; well below what an answer of the engine may take."""


def trouble(host: str, port: int, *, tls: bool, machine: str) -> str:
    """Ask a service at its address whether it can answer; empty where it can, else why not.

    Parameters
    ----------
    machine : of its engine; empty for this one.
    """
    host = reached_at(host, machine)
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


def wait_inside(container: Container, options: LocalOptions) -> None:
    """The same of a container without a port: a process in it asks, since its network may be another machine's.

    Raises
    ------
    TargetError : it ended before.
    """
    from docker.errors import APIError

    command = [PYTHON, SERVER, "health", "--settings", SETTINGS, "--within", str(_ASK_SECONDS)]

    def is_ready() -> bool:
        try:
            return bool(container.exec_run(command).exit_code == 0)
        except APIError as error:
            if error.status_code != HTTPStatus.CONFLICT:
                raise
            return False  # it has ended, which is seen next

    wait(container, options, is_ready)
