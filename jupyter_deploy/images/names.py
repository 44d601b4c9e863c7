"""Names of images, held against Docker's rules before anything is built."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jupyter_deploy.errors import ConfigError

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")


def check_image_names(name: str | None, label: str | None, registry: str | None) -> None:
    """Refuse what no engine or registry would take; None stands for what was not given.

    Parameters
    ----------
    name : "team/diabetes", in lower case. label : "v1", Docker's tag.
    registry : an address, with or without a path: "127.0.0.1:5000", "registry.example.com/team".

    Raises
    ------
    ConfigError : with all that is wrong.
    """
    problems = [*_of_name(name), *_of_label(label), *_of_registry(registry)]
    if problems:
        raise ConfigError(problems)


def short_name(name: str) -> str:
    """An image's name without the place that Podman puts before one that has none: Docker Hub, or its own for what was loaded.

    >>> short_name("docker.io/team/diabetes:v1")
    'team/diabetes:v1'
    """
    return name.removeprefix("docker.io/").removeprefix("localhost/")


def host_of(registry: str) -> str:
    """The part of a registry's address that says where it listens."""
    return registry.partition("/")[0]


def _of_name(name: str | None) -> Iterator[str]:
    if name is not None and not _REPOSITORY.fullmatch(name):
        yield f"image_name is {name!r}; it takes lower-case letters, digits, '.', '_', '-' and '/' (label and registry are given apart)"


def _of_label(label: str | None) -> Iterator[str]:
    if label is not None and not _LABEL.fullmatch(label):
        yield f"image_label is {label!r}; it takes up to 128 letters, digits, '.', '_' and '-', and begins with none of '.' and '-'"


def _of_registry(registry: str | None) -> Iterator[str]:
    if registry is None:
        return
    if "@" in registry:  # not quoted: there may be a password in it
        yield "image_registry holds credentials, which would be shown with every image; leave them out and log in with 'docker login'"
        return
    host, slash, path = registry.partition("/")
    if not _HOST.fullmatch(host) or (slash and not _REPOSITORY.fullmatch(path)):
        yield f"image_registry is {registry!r}; it takes an address without http://: '127.0.0.1:5000' or 'registry.example.com/team'"
    elif not any(sign in host for sign in ".:") and host != "localhost":
        yield f"image_registry is {registry!r}, in which '{host}' is no host; for Docker Hub write 'docker.io/{registry}'"
