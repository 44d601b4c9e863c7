"""Images that were built here and that nothing needs any more: found with what their removal gives back, and removed."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_deploy.images.engine import connected
from jupyter_deploy.images.names import short_name

if TYPE_CHECKING:
    from docker import DockerClient

_OURS = re.compile(r"jupyter-deploy/(?P<service>[a-z0-9-]+):(?P<parts>parts-)?[0-9a-f]{20}")
_CONFLICT = 409


@dataclass(frozen=True)
class UnusedImage:
    """An image that nothing needs.

    Parameters
    ----------
    names : all of its names. is_parts : whether it holds what several images have in common.
    size : bytes that its removal gives back, after that of those listed before it.
    """

    names: tuple[str, ...]
    is_parts: bool
    size: int


@dataclass(frozen=True)
class _Image:
    id: str
    names: tuple[str, ...]
    made: float
    layers: Mapping[str, int]
    """Bytes of what each step of its build has added, by what was done up to it, first to last."""

    @property
    def whole(self) -> str:
        """What was done in all."""
        return next(reversed(tuple(self.layers)), "")

    @property
    def is_ours(self) -> bool:
        return bool(self.names) and all(_OURS.fullmatch(name) for name in self.names)

    @property
    def is_parts(self) -> bool:
        return all((found := _OURS.fullmatch(name)) and found["parts"] for name in self.names)

    def is_for(self, services: Collection[str]) -> bool:
        return any((found := _OURS.fullmatch(name)) and found["service"] in services for name in self.names)


def find_unused(needed: Set[str], busy: Collection[str] = (), older_than: float = 0) -> list[UnusedImage]:
    """List the images that were built for services and that no container, running or not, was made from.

    Parameters
    ----------
    needed : names of images that stay. busy : services whose images all stay, since one of them may be about to be run.
    older_than : seconds; what was just built may be about to be run by another workspace.

    Raises
    ------
    TargetError : there is no engine.
    """
    with connected("the images cannot be listed") as engine:
        used = {container["ImageID"] for container in engine.api.containers(all=True)}
        images = list(_images(engine))
    before = time.time() - older_than
    kept: list[_Image] = []
    going: list[_Image] = []
    for image in sorted(images, key=lambda image: image.is_ours and image.is_parts):  # which stay for those that stay
        is_wanted = image.id in used or image.is_for(busy) or not needed.isdisjoint(image.names)
        stays = is_wanted or not image.is_ours or image.made > before
        if image.is_ours and image.is_parts:
            stays = stays or any(image.whole in other.layers for other in kept)
        (kept if stays else going).append(image)
    return list(_with_sizes(going, {layer for image in kept for layer in image.layers}))


def remove(images: Sequence[UnusedImage]) -> list[bool]:
    """Remove images; whether each is gone. One that is used meanwhile stays."""
    from docker.errors import APIError, ImageNotFound

    def is_gone(engine: DockerClient, image: UnusedImage) -> bool:
        for name in image.names:
            try:
                engine.images.remove(name)
            except ImageNotFound:
                continue
            except APIError as error:
                if error.status_code != _CONFLICT:
                    raise
                return False
        return True

    with connected("the images cannot be removed") as engine:
        return [is_gone(engine, image) for image in images]


def _images(engine: DockerClient) -> Iterator[_Image]:
    from docker.errors import ImageNotFound

    for facts in engine.api.images():
        names = tuple(short_name(name) for name in facts["RepoTags"] or () if name != "<none>:<none>")
        try:
            history: Sequence[Mapping[str, Any]] = engine.api.history(facts["Id"])  # type: ignore[no-untyped-call]
        except ImageNotFound:  # it went meanwhile
            continue
        yield _Image(facts["Id"], names, facts["Created"], dict(_layers(history)))


def _layers(history: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    """Each step by a hash of all up to it, since no engine gives every step an id, and Podman gives some another step's."""
    done = hashlib.sha256()
    for step in reversed(history):
        done.update(json.dumps([step["Created"], step["CreatedBy"], step["Size"]]).encode())
        yield done.hexdigest(), step["Size"]


def _with_sizes(images: Sequence[_Image], counted: set[str]) -> Iterator[UnusedImage]:
    for image in images:
        size = sum(size for layer, size in image.layers.items() if layer not in counted)
        counted |= image.layers.keys()
        yield UnusedImage(image.names, image.is_parts, size)
