"""Images on the Docker Engine that no service of a workspace needs: listed, and removed on request."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set

from jupyter_deploy.engine.prune import Unused
from jupyter_deploy.engine.services import ServiceView, list_services
from jupyter_deploy.images.unused import UnusedImage, find_unused, remove
from jupyter_deploy.targets.docker.record import DockerRecord
from jupyter_deploy.workspace.folder import WorkspaceFolder

_TARGET = "local"
_YOUNG = 60.0
"""Seconds for which an image that was built may be about to be run by another workspace."""


def prune_images(folder: WorkspaceFolder, *, dry_run: bool) -> list[Unused]:
    """List the images of services that no container and no version of this workspace needs and, unless this is a dry run, remove them.

    Raises
    ------
    TargetError : there is no Docker Engine.
    """
    views = [view for view in list_services(folder, target=_TARGET) if not view.is_elsewhere]
    needed = {name for view in views for name in images_of(folder, view, {version.number for version in view.needed})}
    busy = [view.record.name for view in views if view.operation and view.operation.state == "Running"]
    return _freed(find_unused(needed, busy, _YOUNG), dry_run=dry_run)


def images_of(folder: WorkspaceFolder, view: ServiceView, numbers: Collection[int] | None = None) -> set[str]:
    """The images that versions of a service were run from; of all where no numbers are given."""
    record = DockerRecord.read(folder.service_folder(view.record.name))
    images = record.images if record else {}
    return {image for number, image in images.items() if numbers is None or int(number) in numbers}


def remove_images(names: Set[str]) -> list[Unused]:
    """Remove those of some images that no container uses, and what was kept to build them faster."""
    repositories = {name.partition(":")[0] for name in names}

    def goes(image: UnusedImage) -> bool:
        return not names.isdisjoint(image.names) or (
            image.is_parts and all(name.partition(":")[0] in repositories for name in image.names)
        )

    return _freed([image for image in find_unused(frozenset()) if goes(image)], dry_run=False)


def _freed(images: list[UnusedImage], *, dry_run: bool) -> list[Unused]:
    freed: Iterable[bool] = [False] * len(images) if dry_run else remove(images)
    return [
        Unused("image", ", ".join(image.names), size=image.size, is_freed=is_freed)
        for image, is_freed in zip(images, freed, strict=True)
    ]
