"""A service's secrets in a volume of its own: in no image, no environment variable and no argument, and the service can only read them.

They are written through the engine's archive API into a container that is never started, so that this works on engines of other
machines too, and they are there when the engine starts a container again by itself.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_deploy.images.dockerfile import USER
from jupyter_deploy.targets.base import Place

if TYPE_CHECKING:
    from docker import DockerClient

FOLDER = "/run/service"
"""Where a container finds them."""
_OPTIONS = {"keys": "keys", "certificate": "certificate", "secrets": "secrets"}


def volume_of(place: Place) -> str:
    """The name of a service's volume."""
    return f"jupyter-deploy-{place.workspace}-{place.service}-secrets"


def mount(place: Place) -> dict[str, dict[str, str]]:
    """Where a container has the volume, in the engine's words; nowhere where the service has no secrets."""
    return {volume_of(place): {"bind": FOLDER, "mode": "ro"}} if _files(place) else {}


def arguments(place: Place) -> list[str]:
    """What tells the scoring server where its secrets are."""
    return [word for option in _files(place) for word in (f"--{option}", f"{FOLDER}/{option}.json")]


def fill(engine: DockerClient, place: Place, image: str, labels: dict[str, str]) -> None:
    """Put the secrets that a service has now into its volume, which is made where it is missing.

    Parameters
    ----------
    image : one that the engine has. labels : of the volume, and of the container that takes them in.
    """
    if not _files(place):
        return
    name = volume_of(place)
    engine.volumes.create(name, labels=labels)
    container = engine.containers.create(
        image, labels=labels, network_disabled=True, volumes={name: {"bind": FOLDER, "mode": "rw"}}
    )
    try:
        container.put_archive(FOLDER, _archive(place))
    finally:
        container.remove(force=True)


def remove(engine: DockerClient, place: Place) -> None:
    """Take a service's volume away."""
    from docker.errors import NotFound

    try:
        engine.volumes.get(volume_of(place)).remove(force=True)
    except NotFound:
        return


def _files(place: Place) -> dict[str, Path]:
    found = {option: getattr(place, field) for option, field in _OPTIONS.items()}
    return {option: path for option, path in found.items() if path is not None}


def _archive(place: Place) -> bytes:
    """The files as a tar archive: root's, and readable for the service's group."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for option, path in _files(place).items():
            content = path.read_bytes()
            facts = tarfile.TarInfo(f"{option}.json")
            facts.size, facts.mode, facts.gid = len(content), 0o440, USER
            archive.addfile(facts, io.BytesIO(content))
    return written.getvalue()
