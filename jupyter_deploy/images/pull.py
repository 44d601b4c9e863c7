"""Base images: found on the engine, or pulled, with the login of their registry where one is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.progress import Progress
from jupyter_deploy.images.refusals import Refusal, read_refusal, without_tls

if TYPE_CHECKING:
    from docker import DockerClient

HUB = "docker.io"
_LOGIN_REFUSED: Mapping[Refusal, str] = {
    "unknown": "it refused the username and password",
    "denied": "it has none of that name, or none for this login",
}
Logins = Mapping[str, Mapping[str, str]]
"""Username and password by the address of a registry; used for a pull, and part of nothing."""


def registry_of(name: str) -> str:
    """The address in an image's name; empty where it has none, and is Docker Hub's.

    Example
    -------
    >>> registry_of("example.org:5000/team/python:3.11"), registry_of("team/python")
    ('example.org:5000', '')
    """
    first, slash, _ = name.partition("/")
    return first if slash and (first == "localhost" or "." in first or ":" in first) else ""


def find(engine: DockerClient, name: str) -> Mapping[str, Any] | None:
    """What the engine says of an image; None where it has none of that name."""
    from docker.errors import ImageNotFound

    try:
        return engine.images.get(name).attrs
    except ImageNotFound:
        return None


def add_name(engine: DockerClient, image: str, name: str) -> None:
    """Give an image of the engine a further name."""
    from docker.utils import parse_repository_tag

    repository, tag = parse_repository_tag(name)
    engine.api.tag(image, repository, tag)


def base_image(engine: DockerClient, name: str, progress: Progress, logins: Logins) -> str:
    """The id of a base image; it is pulled where the engine does not have it.

    Raises
    ------
    TargetError : it cannot be had, or is for another kind of machine.
    """
    found = find(engine, name)
    if found is None:
        progress.say(f"pulling {name}")
        _pull(engine, name, progress, logins.get(registry_of(name) or HUB))
        found = find(engine, name)
    if found is None:
        raise _cannot_be_had(name, "the registry sent another image")
    ours, its = engine.version()["Arch"], found["Architecture"]
    if its not in (ours, ""):
        raise TargetError(
            f"the base image '{name}' is for {its}, and the Docker Engine runs {ours}",
            remedy=f"pull or name one for {ours}: docker pull --platform linux/{ours} {name}",
        )
    return str(found["Id"])


def _pull(engine: DockerClient, name: str, progress: Progress, login: Mapping[str, str] | None) -> None:
    from docker.errors import APIError
    from docker.utils import parse_repository_tag

    repository, tag = parse_repository_tag(name)
    found = dict(login) if login else None  # with None, Docker's own configuration is asked
    try:
        records = engine.api.pull(repository, tag=tag or "latest", stream=True, decode=True, auth_config=found)
        reason = next((str(record["error"]) for record in list(_told(records, progress)) if "error" in record), "")
    except APIError as error:
        reason = error.explanation or str(error)
    if reason:
        raise _refused(name, reason, bool(login))


def _told(records: Iterator[Mapping[str, Any]], progress: Progress) -> Iterator[Mapping[str, Any]]:
    for record in records:
        if "progress" not in record and "status" in record:
            progress.say(record["status"])
        yield record


def _cannot_be_had(name: str, why: str) -> TargetError:
    return TargetError(
        f"the base image '{name}' is not on the Docker Engine and cannot be pulled",
        why.strip(),
        "give base_image the name of an image that the engine has ('docker images' lists them) or that it can reach",
    )


def _refused(name: str, why: str, has_login: bool) -> TargetError:
    registry, kind = registry_of(name) or HUB, read_refusal(why)
    if kind == "plain":
        what, remedy = without_tls(registry)
        return TargetError(f"the base image '{name}' cannot be pulled: {what}", why.strip(), remedy)
    if kind not in ("unknown", "denied"):
        return _cannot_be_had(name, why)
    reason = _LOGIN_REFUSED[kind] if has_login else "it has none of that name, or wants a login"
    return TargetError(
        f"the base image '{name}' was not given out by {registry}: {reason}",
        why.strip(),
        f"look at the image's name; give base_image_registry ({registry}, your username and password) or run 'docker login {registry}'",
    )
