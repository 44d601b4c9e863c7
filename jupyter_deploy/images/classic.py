"""The classic builder, through the engine's API: its log is text, a line for the beginning of each step."""

from __future__ import annotations

import re
import time
from typing import IO, TYPE_CHECKING, cast

from jupyter_deploy.images.context import Stage
from jupyter_deploy.images.progress import Progress
from jupyter_deploy.images.steps import Failure, lines_of, report_step

if TYPE_CHECKING:
    from docker import DockerClient

_STEP = re.compile(r"(?:Step|STEP) \d+/\d+ ?: (.*)")
"""How a step begins: "Step 1/3 : RUN …" in Docker's words, "STEP 1/3: RUN …" in Podman's."""
_CACHED = re.compile(r" ?--+> Using cache")
_NOISE = re.compile(r" ?--+> |Removing intermediate container |COMMIT |[0-9a-f]{64}$|Successfully (built|tagged) ")


def build_classic(engine: DockerClient, stage: Stage, name: str, progress: Progress) -> Failure | None:
    """Build a stage; see :data:`~jupyter_deploy.images.steps.Builder`."""
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
        for line in lines_of(str(record.get("stream") or record.get("status") or "")):
            step.take(line)
    if error:
        return Failure(error, step.text, step.output)
    step.end()
    return None


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
            self.text, self.output, self._cached, self._began = step[1], [], False, time.monotonic()
        elif _CACHED.match(line):
            self._cached = True
        elif self.text and not _NOISE.match(line) and not self.text.startswith("FROM "):
            self.output.append(line)
            self._progress.say(line)

    def end(self) -> None:
        """Report the step that has ended."""
        if self.text:
            report_step(self._progress, self.text, time.monotonic() - self._began, cached=self._cached)
