"""The steps of a build as a person sees them, whoever builds; and what it means that one has failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jupyter_deploy.errors import EnvironmentFailed, TargetError
from jupyter_deploy.images.context import Stage
from jupyter_deploy.images.dockerfile import Parts
from jupyter_deploy.images.engine import refusal
from jupyter_deploy.images.instructions import has_step
from jupyter_deploy.images.progress import Progress

DOING = "the image cannot be built"
PARTS = "parts-"
"""What the tag of an image begins with that has all that a new script leaves as it is."""
_FROM_PARTS = re.compile(rf"FROM jupyter-deploy/\S+:{PARTS}")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WIDTH = 80
_TAIL = 15
"""Lines of a failed step's output that an error quotes."""


@dataclass(frozen=True)
class Failure:
    """How a build has ended that did not come to its end.

    Parameters
    ----------
    reason : what the builder says of it. step : the instruction that failed, empty where it was none. output : its lines.
    remedy : what to do, where that is known already.
    """

    reason: str
    step: str = ""
    output: Sequence[str] = ()
    remedy: str = ""


Builder = Callable[[Stage, str, Progress], Failure | None]
"""Builds a stage as an image of the engine with that name, and tells of its steps."""


def report_step(progress: Progress, instruction: str, seconds: float, *, cached: bool) -> None:
    """Say that an instruction is done; none that only begins with what was built before."""
    if _FROM_PARTS.match(instruction):
        return
    words = " ".join(instruction.split())
    what = words if len(words) <= _WIDTH else f"{words[: _WIDTH - 1]}…"
    how = "from the cache" if cached else f"{seconds:.1f} s"
    progress.report(f"{what} ({how})", part=what, seconds=round(seconds, 3), cached=cached)


def lines_of(output: str) -> Iterator[str]:
    """The lines of a step's output, without colours and empty ones."""
    for line in _COLOUR.sub("", output).replace("\r", "\n").splitlines():
        if line.strip():
            yield line.rstrip()


def own_instructions(parts: Parts) -> Mapping[str, str]:
    """The user's own instructions, by the setting they come from."""
    return {"base_dockerfile": parts.dockerfile, "extra_docker_file_steps": parts.steps}


def explained(failure: Failure, parts: Parts) -> TargetError | EnvironmentFailed:
    """What a failure means: of a package, of the user's own steps, of the base image or of the engine."""
    reason, step, output = failure.reason, failure.step, failure.output
    tail = "\n".join(output[-_TAIL:])
    if failure.remedy:
        return TargetError(f"{DOING}: {reason}", tail, failure.remedy)
    if not step.startswith("RUN ") or "no space left" in (reason + tail).lower():
        return refusal(DOING, "\n".join([reason, tail]) if "no space left" in tail.lower() else reason)
    last = output[-1] if output else reason
    for setting, text in own_instructions(parts).items():
        if has_step(text, step):
            remedy = f"mend what stands there; it runs as root and with the network: {' '.join(step.split())}"
            return TargetError(f"a step of {setting} failed: {last}", f"{reason}\n{tail}", remedy)
    if "pip --python" in step:
        return EnvironmentFailed(
            f"the packages cannot be installed in the image: {_pip_reason(output) or reason}",
            tail,
            "take versions that have wheels for the base image's system, or another base image; builds need a network",
        )
    if '"micromamba", "install"' in step:
        remedy = "look at their names, their versions and the channels in the conda file; the build needs a network"
        return EnvironmentFailed(
            f"conda cannot install what conda_only_packages names: {last}", f"{reason}\n{tail}", remedy
        )
    if "apt-get install" in step:
        remedy = "take another base_image: packages of its distribution are installed by apt-get, which needs a network"
        return TargetError(f"{DOING}: {last}", f"{reason}\n{tail}", remedy)
    return TargetError(
        f"{DOING}: {last}", f"{reason}\n{tail}", "take another base_image: it needs Python with venv and pip"
    )


def _pip_reason(output: Sequence[str]) -> str:
    errors = [line.removeprefix("ERROR: ") for line in output if line.startswith("ERROR: ")]
    return next(
        (line for line in reversed(errors) if not line.startswith("Could not find a version")), "".join(errors[-1:])
    )
