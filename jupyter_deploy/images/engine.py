"""The way to the Docker Engine: a connection for one piece of work, and what its refusals mean in words."""

from __future__ import annotations

import contextlib
import getpass
import socket
import weakref
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.address import address, client_settings

if TYPE_CHECKING:
    from docker import DockerClient
    from requests import Response

_TIMEOUT = 120
"""Seconds that an answer of the engine may take."""
_KNOCK = 5
"""Seconds that a connection to it may take."""
_WITHOUT = "or deploy without it (--target process)"
_NO_ROOM = "no space left on device"


@contextlib.contextmanager
def connected(doing: str) -> Iterator[DockerClient]:
    """A connection to the engine, for one piece of work.

    Parameters
    ----------
    doing : what could not be done where the engine refuses or ends: "the image cannot be built".

    Raises
    ------
    TargetError : there is no engine, it may not be used, it refused, or it ended meanwhile.
    """
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError  # what breaks in the middle of an answer, where requests does not look

    from jupyter_deploy.images.client import Client

    try:
        settings = client_settings()
        engine = Client(version=_knock(settings["base_url"]), timeout=_TIMEOUT, **settings)
    except (DockerException, OSError, HTTPException) as error:
        raise _unreachable(error) from None
    answers: weakref.WeakSet[Response] = weakref.WeakSet()
    engine.api.hooks["response"].append(lambda answer, **_: answers.add(answer))
    try:
        yield engine
    except APIError as error:
        raise refusal(doing, error.explanation or str(error)) from error
    except (RequestException, HTTPError, ConnectionError) as error:
        remedy = "look whether Docker still runs, then run the same command again"
        why = "its answer broke off" if isinstance(error, HTTPError) else str(error)
        raise TargetError(f"{doing}: the Docker Engine at {address()} ended meanwhile", why, remedy) from None
    finally:
        for answer in list(answers):  # so that the engine ends a build or a push whose answer is not read to its end
            with contextlib.suppress(ValueError):  # a connection to a container, whose user has closed it
                answer.close()
        engine.close()


def refusal(doing: str, explanation: str) -> TargetError:
    """What the engine refused, with its own reason in the first line."""
    lines = explanation.strip().splitlines() or ["the engine gave no reason"]
    if _NO_ROOM in explanation.lower():
        remedy = "free room where Docker keeps its images: 'docker system df' shows what takes it, 'docker system prune' frees it"
        return TargetError(f"{doing}: the Docker Engine's disk is full", explanation, remedy)
    return TargetError(f"{doing}: {lines[0]}", "\n".join(lines[1:]))


def _knock(address: str) -> str:
    """See whether somebody listens; the library's own error for that says less, and leaves its socket open.

    Returns
    -------
    The version of the API to speak; "auto" where the library has to ask for it.

    Raises
    ------
    OSError : nobody does, or not for us.
    """
    parts = urlsplit(address)
    if parts.scheme == "unix":
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_KNOCK)
            connection.connect(parts.path)
            connection.settimeout(_TIMEOUT)
            return _version(connection)
    if parts.scheme in ("tcp", "http", "https") and parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), timeout=_KNOCK).close()
    return "auto"


def _version(connection: socket.socket) -> str:
    """The version in the answer to a ping, since Podman takes a second or two for all that the library would ask it."""
    with contextlib.closing(HTTPConnection("docker")) as asking:
        asking.sock = connection
        asking.request("HEAD", "/_ping")
        return asking.getresponse().headers.get("Api-Version", "auto")


def _unreachable(error: BaseException) -> TargetError:
    if isinstance(error, PermissionError):
        return TargetError(
            f"you may not use the Docker Engine at {address()}: permission denied",
            "Its socket belongs to root and the group 'docker'; who may use it can become root on this machine.",
            f"have yourself added to that group (sudo usermod -aG docker {getpass.getuser()}) and log in again, {_WITHOUT}",
        )
    if isinstance(error, OSError):
        return TargetError(
            f"no Docker Engine answers at {address()}",
            error.strerror or str(error),
            f"start Docker, set DOCKER_HOST where it listens elsewhere, {_WITHOUT}",
        )
    if not address():
        remedy = f"look at 'docker context ls', DOCKER_CONTEXT and DOCKER_CONFIG, or set DOCKER_HOST, {_WITHOUT}"
        return TargetError(f"the Docker Engine to use cannot be found out: {error}", "", remedy)
    return TargetError(
        f"the Docker Engine at {address()} cannot be used",
        str(error),
        f"look at DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, {_WITHOUT}",
    )
