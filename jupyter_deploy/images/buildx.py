"""BuildKit through the ``docker`` command's plugin buildx: a process with an argument list, its progress read as JSON."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.address import context_in_use
from jupyter_deploy.images.buildx_progress import Build
from jupyter_deploy.images.context import Stage
from jupyter_deploy.images.progress import Progress
from jupyter_deploy.images.steps import DOING, Failure

_NEEDED = (0, 13)
"""The first version of buildx that writes its progress as JSON."""
_VERSION = re.compile(r"docker/buildx v?(\d+)\.(\d+)")
_MISSING = re.compile(r"is not a docker command|(unknown|unrecognized) command", re.IGNORECASE)
_TIMEOUT = 30
"""Seconds that buildx may take to say its version."""
_REMEDY = "mend buildx, or set DOCKER_BUILDKIT=0, so that the engine builds without it"


def program() -> str:
    """The ``docker`` command to build with; empty where there is none with a buildx that can be used, or DOCKER_BUILDKIT=0 forbids it.

    Raises
    ------
    TargetError : there is one, and it does not start.
    """
    docker = shutil.which("docker")
    if docker is None or os.environ.get("DOCKER_BUILDKIT", "").lower() in ("0", "f", "false"):
        return ""
    try:
        asked = subprocess.run(
            [docker, "buildx", "version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            env=_environment(), timeout=_TIMEOUT, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TargetError(f"{DOING}: docker buildx does not start", str(error), _REMEDY) from None
    if asked.returncode:
        if _MISSING.search(asked.stderr):
            return ""
        why = _does_not_start(asked.stderr.splitlines(), asked.returncode)
        raise TargetError(f"{DOING}: {why}", "", _REMEDY)
    found = _VERSION.search(asked.stdout)
    return docker if found and (int(found[1]), int(found[2])) >= _NEEDED else ""


def build_with_buildx(docker: str, stage: Stage, name: str, progress: Progress) -> Failure | None:
    """Build a stage; see :data:`~jupyter_deploy.images.steps.Builder`."""
    command = [
        docker, "buildx", "build", "--builder", context_in_use(),  # the engine's own: no other sees the images that the engine has
        "--progress", "rawjson", "--provenance=false", "--load", "--tag", name, "-",
    ]  # fmt: skip
    build = Build(stage.dockerfile, progress)
    with (
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
        ) as process,
        ThreadPoolExecutor(1) as pool,
    ):
        try:
            sent = pool.submit(_send, stage, process)
            for line in process.stderr or ():
                build.take(line.decode(errors="replace"))
        except BaseException:  # the person's, or the operation's, who does not want it any more
            _kill(process)
            process.wait()
            raise
        sent.result()
    if not process.returncode:
        return None
    if build.has_begun:
        return build.failure()
    return Failure(_does_not_start(build.said, process.returncode), remedy=_REMEDY)


def _send(stage: Stage, process: subprocess.Popen[bytes]) -> None:
    """Write the context; what reads it is ended where that is not possible, since half a context could be taken for a whole one."""
    assert process.stdin is not None
    try:
        with contextlib.suppress(BrokenPipeError), process.stdin as stdin:  # it has ended, and says itself why
            for chunk in stage.stream():
                stdin.write(chunk)
    except BaseException:
        _kill(process)
        raise


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the command and the plugin, which is a process beneath it."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _environment() -> Mapping[str, str]:
    """Without the platform that it would build for where nothing else is said: the classic builder knows none."""
    return {name: value for name, value in os.environ.items() if name != "DOCKER_DEFAULT_PLATFORM"}


def _does_not_start(said: Sequence[str], code: int) -> str:
    words = "; ".join(line.strip().removeprefix("ERROR: ") for line in said if line.strip())
    return f"docker buildx does not start: {words or f'it ended with code {code}'}"
