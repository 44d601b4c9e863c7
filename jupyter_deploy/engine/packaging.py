"""Packs models and a script for a place that is not managed here: as an image, or as a Dockerfile with the files that it copies."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_deploy.bundle.writer import BundleContents, write_bundle
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.engine.locking import lock_of
from jupyter_deploy.engine.places import PACKING
from jupyter_deploy.engine.recipes import logins_of
from jupyter_deploy.engine.requesting import refuse_twins
from jupyter_deploy.engine.requests import DeployRequest
from jupyter_deploy.engine.sealing import seal
from jupyter_deploy.environments import Lock
from jupyter_deploy.errors import UserError
from jupyter_deploy.script import Finding
from jupyter_deploy.targets import find_target
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ModelRecord
from jupyter_deploy.workspace.writing import writing

if TYPE_CHECKING:
    from jupyter_deploy.images.context import Context
    from jupyter_deploy.images.pull import Logins
    from jupyter_deploy.images.registry import Registry

TARGET = "local"
"""The target whose images these are."""


@dataclass
class PackageLog:
    """Takes down what is said while something is packed.

    Parameters
    ----------
    listen : is given every line as it comes.
    """

    listen: Callable[[str], None]
    lines: list[str] = field(default_factory=list)

    def report(self, text: str, **_: Any) -> None:
        """Take down that a step has ended."""
        self.say(text)

    def say(self, line: str) -> None:
        """Take down a line."""
        self.lines.append(line)
        self.listen(line)


@dataclass(frozen=True)
class Package:
    """What is packed, sealed: nothing on disk can change it any more.

    Parameters
    ----------
    request : as for a service. lock : with hashes. findings : warnings and notes about the script.
    logins : of the registry that the base image is pulled from; kept nowhere.
    """

    request: DeployRequest
    lock: Lock
    findings: tuple[Finding, ...]
    logins: Logins = field(repr=False)


@dataclass(frozen=True)
class Naming:
    """What an image is called; None takes its content's own name or label.

    Parameters
    ----------
    name : without registry and label. label : Docker's tag. registry : where it is pushed to; None keeps it on the engine.
    """

    name: str | None = None
    label: str | None = None
    registry: Registry | None = None

    def of(self, image: str) -> str:
        """The whole name for an image that is named by its content."""
        name, _, label = image.rpartition(":")
        whole = f"{self.name or name}:{self.label or label}"
        return f"{self.registry.address}/{whole}" if self.registry else whole


def seal_package(
    folder: WorkspaceFolder,
    service: str,
    models: Sequence[ModelRecord],
    inference: InferenceConfig,
    allowed_hosts: Sequence[str],
    log: PackageLog,
) -> Package:
    """Seal what is to be packed, and lock its packages with their hashes.

    Parameters
    ----------
    service : what it calls itself where it runs. allowed_hosts : as the target's option; it asks for no keys, since it is given none.

    Raises
    ------
    UserError : a setting or the script is refused. EnvironmentFailed : the packages cannot be had.
    """
    from jupyter_deploy.environments import exact_lock

    refuse_twins(models)
    target = find_target(TARGET)
    options = target.options.from_json({"authEnabled": False, "allowedHosts": list(allowed_hosts)}, "package")
    options.require()
    with folder.files.adding():
        request, findings = seal(folder, service, models, inference, target, options, say=log.say)
    lock = exact_lock(lock_of(folder, request.environment, log.say), log.say)
    return Package(request, lock, findings, logins_of(inference))


def build_image(folder: WorkspaceFolder, package: Package, naming: Naming, log: PackageLog) -> str:
    """Build the image, or find it, and push it where a registry is named; an interruption ends the build.

    Returns
    -------
    The image's name, with its registry.

    Raises
    ------
    TargetError : the engine or the registry could not do it. EnvironmentFailed : a package does not install.
    """
    from jupyter_deploy.images.build import build, tag
    from jupyter_deploy.images.registry import push

    with _context(folder, package) as context:
        image = build(context, log, package.logins)
    name = naming.of(image)
    if naming.registry is not None:
        push(image, name, naming.registry, log)
    elif name != image:
        tag(image, name)
        log.say(f"image named {name}")
    return name


def save_context(folder: WorkspaceFolder, package: Package, destination: Path) -> None:
    """Write the Dockerfile and all that it copies into a folder that is empty or not there yet; whole or not at all.

    Raises
    ------
    UserError : there is something in the folder, or it cannot be written.
    """
    if destination.is_file() or (destination.is_dir() and any(destination.iterdir())):
        what = "is a file" if destination.is_file() else "is not empty"
        raise UserError(
            f"{destination} {what}", "", "name a folder that is empty or not there yet, or remove this one first"
        )
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{destination.name}-", dir=destination.parent) as place:
            whole = Path(place, "context")
            whole.mkdir()
            with _context(folder, package) as context:
                context.save(whole)
            whole.replace(destination)
    except OSError as error:
        raise UserError(f"cannot write {destination}: {error.strerror}", "", "name another folder") from error


@contextmanager
def _context(folder: WorkspaceFolder, package: Package) -> Iterator[Context]:
    """The context of an image, for as long as it lasts; its bundle lies in the workspace, so that models are linked, not copied."""
    from jupyter_deploy.images.context import context_of

    request = package.request
    with folder.files.adding(), tempfile.TemporaryDirectory(prefix=PACKING, dir=folder.path) as place:
        bundle = Path(place) / "bundle"
        contents = BundleContents(
            request.service, 1, folder.id, request.models, request.script, package.lock.text(), request.settings,
            request.environment.variables,
        )  # fmt: skip
        with writing(bundle):
            write_bundle(bundle, contents, folder.files)
        yield context_of(bundle, package.lock, request.recipe)
