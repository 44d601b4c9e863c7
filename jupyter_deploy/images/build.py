"""Builds the image of a bundle: found again by its content, else built, its log passed on line by line."""

from __future__ import annotations

import time
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images import buildx
from jupyter_deploy.images.classic import build_classic
from jupyter_deploy.images.context import Context, Stage
from jupyter_deploy.images.dockerfile import Parts, instructions
from jupyter_deploy.images.engine import connected
from jupyter_deploy.images.progress import Progress
from jupyter_deploy.images.pull import Logins, add_name, base_image, find
from jupyter_deploy.images.steps import DOING, PARTS, Builder, explained, own_instructions, report_step

if TYPE_CHECKING:
    from docker import DockerClient


def build(context: Context, progress: Progress, logins: Logins = MappingProxyType({})) -> str:
    """Make sure that the engine has the image of a context.

    Parameters
    ----------
    progress : is told of every step with its time, and whether it came from the engine's cache; and every line of output.
    logins : of registries that base images are pulled from; where there is none, Docker's own configuration may have one.

    Returns
    -------
    The image's name; its tag stands for its content, so the same content is never built twice.

    Raises
    ------
    TargetError : no engine, no base image, or the engine failed. EnvironmentFailed : a package could not be installed.
    """
    with connected(DOING) as engine:
        base = " ".join(base_image(engine, name, progress, logins) for name in context.bases)
        name = f"jupyter-deploy/{context.service}:{context.digest(base)[:20]}"
        if find(engine, name) is not None:
            progress.report("the image is there already", image=name, cached=True)
            return name
        began = time.monotonic()
        builder = _builder(engine)
        digest, stage = context.lasting(base)
        lasting = f"jupyter-deploy/{context.service}:{PARTS}{digest[:20]}"
        if find(engine, lasting) is None:
            _show(context.parts, progress)
            _make(engine, builder, stage, lasting, progress, context.parts)
        else:
            for instruction in instructions(stage.dockerfile):
                report_step(progress, instruction, 0.0, cached=True)
        _make(engine, builder, context.changing(lasting), name, progress, context.parts)
        progress.report("image built", image=name, seconds=round(time.monotonic() - began, 3))
        return name


def _builder(engine: DockerClient) -> Builder:
    """The one to build with: buildx where the ``docker`` command has it and the engine is Docker's own, else the classic one."""
    components = engine.version().get("Components") or ()
    is_dockers = any(component["Name"] == "Engine" for component in components)  # Podman's has no BuildKit
    program = buildx.program() if is_dockers else ""
    return partial(buildx.build_with_buildx, program) if program else partial(build_classic, engine)


def _make(engine: DockerClient, builder: Builder, stage: Stage, name: str, progress: Progress, parts: Parts) -> None:
    failure = builder(stage, name, progress)
    if failure:
        engine.ping()  # one that has ended meanwhile is named as such
        raise explained(failure, parts)
    if find(engine, name) is None:
        raise TargetError(f"{DOING}: the engine ended before it was done", remedy="look whether Docker still runs")


def tag(image: str, name: str) -> None:
    """Give an image of the engine a further name."""
    with connected("the image cannot be named") as engine:
        add_name(engine, image, name)


def is_there(name: str) -> bool:
    """Whether the engine has an image of that name."""
    with connected("the image cannot be looked for") as engine:
        return find(engine, name) is not None


def _show(parts: Parts, progress: Progress) -> None:
    """Say what of the user's own runs in the build, before it does; as root, which nothing else tells."""
    for setting, text in own_instructions(parts).items():
        if text:
            progress.report(f"{setting}: this runs as root in the build", lines=text.splitlines())
            for line in text.splitlines():
                progress.say(line)
