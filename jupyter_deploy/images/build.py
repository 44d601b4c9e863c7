"""Builds the image of a bundle: found again by its content, else built through the engine's API, its log passed on line by line."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, cast

from jupyter_deploy.errors import EnvironmentFailed, TargetError
from jupyter_deploy.images.context import Context, Stage
from jupyter_deploy.images.dockerfile import Parts, instructions
from jupyter_deploy.images.engine import connected, refusal
from jupyter_deploy.images.instructions import has_step
from jupyter_deploy.images.progress import Progress
from jupyter_deploy.images.pull import Logins, base_image, find

if TYPE_CHECKING:
    from docker import DockerClient

_DOING = "the image cannot be built"
_PARTS = "parts-"
_FROM_PARTS = rf"FROM jupyter-deploy/\S+:{_PARTS}"
_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
_NOISE = re.compile(r"( ---> |Removing intermediate container |Successfully (built|tagged) )")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WIDTH = 80
_TAIL = 15
"""Lines of a failed step's output that an error quotes."""


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
    with connected(_DOING) as engine:
        base = " ".join(base_image(engine, name, progress, logins) for name in context.bases)
        name = f"jupyter-deploy/{context.service}:{context.digest(base)[:20]}"
        if find(engine, name) is not None:
            progress.report("the image is there already", image=name, cached=True)
            return name
        began = time.monotonic()
        digest, stage = context.lasting(base)
        lasting = f"jupyter-deploy/{context.service}:{_PARTS}{digest[:20]}"
        if find(engine, lasting) is None:
            _show(context.parts, progress)
            _make(engine, stage, lasting, progress, context.parts)
        else:
            for instruction in instructions(stage.dockerfile):
                _report(progress, instruction, 0.0, cached=True)
        _make(engine, context.changing(lasting), name, progress, context.parts)
        progress.report("image built", image=name, seconds=round(time.monotonic() - began, 3))
        return name


def _make(engine: DockerClient, stage: Stage, name: str, progress: Progress, parts: Parts) -> None:
    _follow(engine, stage, name, progress, parts)
    if find(engine, name) is None:
        raise TargetError(f"{_DOING}: the engine ended before it was done", remedy="look whether Docker still runs")


def tag(image: str, name: str) -> None:
    """Give an image of the engine a further name."""
    with connected("the image cannot be named") as engine:
        engine.api.tag(image, name)


def is_there(name: str) -> bool:
    """Whether the engine has an image of that name."""
    with connected("the image cannot be looked for") as engine:
        return find(engine, name) is not None


def _show(parts: Parts, progress: Progress) -> None:
    """Say what of the user's own runs in the build, before it does; as root, which nothing else tells."""
    for setting, text in _own(parts).items():
        if text:
            progress.report(f"{setting}: this runs as root in the build", lines=text.splitlines())
            for line in text.splitlines():
                progress.say(line)


def _own(parts: Parts) -> Mapping[str, str]:
    """The user's own instructions, by the setting they come from."""
    return {"base_dockerfile": parts.dockerfile, "extra_docker_file_steps": parts.steps}


def _follow(engine: DockerClient, stage: Stage, name: str, progress: Progress, parts: Parts) -> None:
    records = engine.api.build(
        fileobj=cast(IO[bytes], stage.stream()),
        custom_context=True,
        tag=name,
        rm=True,
        forcerm=True,
        decode=True,
        use_config_proxy=True,
    )
    step, error = _Step(progress), ""
    for record in records:  # to its end, so that the connection is free again
        error = error or str(record.get("error", ""))
        for line in _lines(record):
            step.take(line)
    if error:
        raise _failed(step, error, parts)
    step.end()


def _lines(record: Mapping[str, Any]) -> Iterator[str]:
    text = _COLOUR.sub("", str(record.get("stream") or record.get("status") or ""))
    for line in text.replace("\r", "\n").splitlines():
        if line.strip():
            yield line.rstrip()


class _Step:
    """The step of the build that is under way."""

    def __init__(self, progress: Progress) -> None:
        self.text = ""
        self.output: list[str] = []
        self._progress = progress
        self._cached = False
        self._began = time.monotonic()

    def take(self, line: str) -> None:
        """Read one line of the engine's."""
        if step := _STEP.match(line):
            self.end()
            self.text, self.output, self._cached, self._began = step[3], [], False, time.monotonic()
        elif line == " ---> Using cache":
            self._cached = True
        elif self.text and not _NOISE.match(line) and not self.text.startswith("FROM "):
            self.output.append(line)
            self._progress.say(line)

    def end(self) -> None:
        """Report the step that has ended."""
        if self.text and not re.match(_FROM_PARTS, self.text):
            _report(self._progress, self.text, round(time.monotonic() - self._began, 3), cached=self._cached)


def _report(progress: Progress, instruction: str, seconds: float, *, cached: bool) -> None:
    words = " ".join(instruction.split())
    what = words if len(words) <= _WIDTH else f"{words[: _WIDTH - 1]}…"
    how = "from the cache" if cached else f"{seconds:.1f} s"
    progress.report(f"{what} ({how})", part=what, seconds=seconds, cached=cached)


def _failed(step: _Step, reason: str, parts: Parts) -> TargetError | EnvironmentFailed:
    tail = "\n".join(step.output[-_TAIL:])
    if not step.text.startswith("RUN ") or "no space left" in (reason + tail).lower():
        return refusal(_DOING, "\n".join([reason, tail]) if "no space left" in tail.lower() else reason)
    last = step.output[-1] if step.output else reason
    for setting, text in _own(parts).items():
        if has_step(text, step.text):
            remedy = f"mend what stands there; it runs as root and with the network: {' '.join(step.text.split())}"
            return TargetError(f"a step of {setting} failed: {last}", f"{reason}\n{tail}", remedy)
    if "pip --python" in step.text:
        return EnvironmentFailed(
            f"the packages cannot be installed in the image: {_pip_reason(step.output) or reason}",
            tail,
            "take versions that have wheels for the base image's system, or another base image; builds need a network",
        )
    if "apt-get install" in step.text:
        remedy = "take another base_image: packages of its distribution are installed by apt-get, which needs a network"
        return TargetError(f"{_DOING}: {last}", f"{reason}\n{tail}", remedy)
    return TargetError(
        f"{_DOING}: {last}", f"{reason}\n{tail}", "take another base_image: it needs Python with venv and pip"
    )


def _pip_reason(output: list[str]) -> str:
    errors = [line.removeprefix("ERROR: ") for line in output if line.startswith("ERROR: ")]
    return next(
        (line for line in reversed(errors) if not line.startswith("Could not find a version")), "".join(errors[-1:])
    )
