"""Carries images to a registry and back, through the engine; credentials are looked up when they are needed, and kept nowhere."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_deploy.config.credentials import from_variable
from jupyter_deploy.errors import TargetError, UserError
from jupyter_deploy.images.engine import connected, refusal
from jupyter_deploy.images.names import host_of
from jupyter_deploy.images.progress import Progress
from jupyter_deploy.images.pull import add_name, find
from jupyter_deploy.images.refusals import read_refusal, without_tls

if TYPE_CHECKING:
    from docker import DockerClient

_PUSH, _PULL = "the image cannot be pushed", "the image cannot be pulled"
_DIGEST = re.compile(r": digest: (sha256:[0-9a-f]{64}) ")


@dataclass(frozen=True)
class Registry:
    """A registry of images.

    Parameters
    ----------
    address : "127.0.0.1:5000", or with a path, "registry.example.com/team".
    credentials : name of the environment variable that holds ``user:password``; None takes what Docker's own configuration has
        ('docker login', credential helpers).
    """

    address: str
    credentials: str | None = None

    @property
    def host(self) -> str:
        """Where it listens."""
        return host_of(self.address)

    def login(self) -> Mapping[str, Any]:
        """What the engine gives the registry, empty where there is nothing; to be passed on and not to be kept.

        Raises
        ------
        UserError : the variable, or Docker's configuration, has no credentials in it, or cannot be read.
        """
        return _from_docker(self.host) if self.credentials is None else from_variable(self.credentials)


def _from_docker(host: str) -> Mapping[str, Any]:
    from docker.auth import load_config
    from docker.errors import DockerException

    try:
        found: Mapping[str, Any] | None = load_config().resolve_authconfig(host)
    except (DockerException, OSError, ValueError) as error:
        raise UserError(
            f"Docker's configuration does not give the credentials for {host}: {error}",
            "It lies in ~/.docker/config.json, or in $DOCKER_CONFIG.",
            f"mend it, for example with 'docker login {host}'",
        ) from None
    return found or {}


def push(image: str, name: str, registry: Registry, progress: Progress) -> None:
    """Give an image of the engine a registry's name, and push it there.

    Parameters
    ----------
    image : its name on the engine. name : the new one, which begins with the registry's address.
    progress : is told of every layer, and of the end.

    Raises
    ------
    TargetError : the registry does not answer, does not accept the credentials, or refused; the engine goes on without the new name.
    """
    login = registry.login()
    with connected(_PUSH) as engine:
        is_new = find(engine, name) is None
        add_name(engine, image, name)
        began = time.monotonic()
        try:
            records = engine.api.push(name, stream=True, decode=True, auth_config=dict(login))
            digest = _follow(_PUSH, records, registry, bool(login), progress)
        except BaseException:
            if is_new:
                engine.api.remove_image(name, noprune=True)
            raise
        progress.report(
            f"image pushed as {name}", image=name, digest=digest, seconds=round(time.monotonic() - began, 3)
        )


def deliver(image: str, name: str, registry: Registry, progress: Progress) -> None:
    """Make sure that a registry has an image that is named by its content; the engine gets no further name for it.

    Parameters
    ----------
    image, name, registry, progress : as of :func:`push`; what is there under that name is not pushed again.

    Raises
    ------
    TargetError : as of :func:`push`.
    """
    from docker.errors import APIError

    with connected(_PUSH) as engine:
        with contextlib.suppress(APIError):  # it is not there, or cannot be asked for, which the push then tells
            engine.api.inspect_distribution(name, auth_config=dict(registry.login()) or None)  # type: ignore[no-untyped-call]
            progress.report("the registry has the image already", image=name, cached=True)
            return
        push(image, name, registry, progress)
        with contextlib.suppress(APIError):  # a container of a node that shares the engine runs it under that name
            engine.api.remove_image(name, noprune=True)


def pull(name: str, registry: Registry, progress: Progress) -> None:
    """Have the engine take an image from a registry; nothing is sent of what it has already.

    Raises
    ------
    TargetError : as of :func:`push`.
    """
    login = registry.login()
    repository, _, label = name.rpartition(":")
    with connected(_PULL) as engine:
        _follow(_PULL, _pulled(engine, repository, label, login, registry), registry, bool(login), progress)


def _pulled(
    engine: DockerClient, repository: str, label: str, login: Mapping[str, Any], registry: Registry
) -> Iterator[Mapping[str, Any]]:
    from docker.errors import APIError

    try:
        yield from engine.api.pull(repository, tag=label, stream=True, decode=True, auth_config=dict(login))
    except APIError as error:
        raise _refused(_PULL, error.explanation or str(error), registry, bool(login)) from None


def _follow(
    doing: str, records: Iterator[Mapping[str, Any]], registry: Registry, has_login: bool, progress: Progress
) -> str:
    """Pass on what the engine says, to its end; returns the digest that the registry knows the image by."""
    digest, reason = "", ""
    for record in records:
        reason = reason or str(record.get("error", ""))
        status = str(record.get("status", ""))
        digest = found[1] if (found := _DIGEST.search(status)) else digest
        if status and "progress" not in record and status not in ("Preparing", "Waiting"):
            progress.say(": ".join(filter(None, (record.get("id"), status))))
    if reason:
        raise _refused(doing, reason, registry, has_login)
    return digest


def _refused(doing: str, reason: str, registry: Registry, has_login: bool) -> TargetError:
    host, kind = registry.host, read_refusal(reason)
    again = "then run the same again; what is built already is found"
    if kind == "unknown" and has_login:
        source = registry.credentials or "Docker's configuration"
        remedy = f"set {source} to those that it knows" if registry.credentials else f"run 'docker login {host}'"
        return TargetError(f"{doing}: {host} does not accept the credentials of {source}", reason, f"{remedy}, {again}")
    if kind == "unknown":
        remedy = f"run 'docker login {host}', or name an environment variable that holds them, {again}"
        return TargetError(f"{doing}: {host} asks for credentials, and there are none for it", reason, remedy)
    if kind == "denied":
        remedy = f"take a path that you may use, or other credentials ('docker login {host}'), {again}"
        return TargetError(f"{doing}: {host} does not let you use {registry.address}", reason, remedy)
    if kind == "plain":
        what, remedy = without_tls(host)
        return TargetError(f"{doing}: {what}", reason, f"{remedy}, {again}")
    if kind == "absent":
        remedy = f"look at the address, and whether the registry runs and the engine can reach it, {again}"
        return TargetError(f"{doing}: no registry answers at {host}", reason, remedy)
    return refusal(doing, reason)
