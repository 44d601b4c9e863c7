"""Why a container did not become healthy: a traceback, an exit code, a time limit, or the memory limit, told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.docker.logs import text_of
from jupyter_deploy.targets.docker.options import LocalOptions
from jupyter_deploy.targets.starting import REMEDIES, describe_limit
from jupyter_deploy.targets.verdict import Verdict, verdict

if TYPE_CHECKING:
    from docker.models.containers import Container

_TAIL = 20
"""Lines of the log that an error quotes where it knows no better."""


def explain(container: Container, options: LocalOptions) -> TargetError:
    """Say why a container ended before it was healthy."""
    state: Mapping[str, Any] = container.attrs["State"]
    lines = text_of(container).splitlines()
    found = verdict(lines) or Verdict("", "", "")
    stage, message, trace = found.stage, found.message, found.trace
    if state.get("OOMKilled"):
        limit = describe_limit(options.memory_gb) if options.memory_gb else "the machine's memory was used up"
        return TargetError(f"the service did not start: {limit}", message, REMEDIES["memory"])
    if options.memory_gb and message.endswith("(SIGKILL)"):  # which Podman 4.3 does not explain
        why = (
            f"Going beyond memory_gb, {options.memory_gb:g} GB, ends so on an engine that does not say what it killed."
        )
        return TargetError(message, why, REMEDIES["memory"])
    if message:
        return TargetError(message, trace, REMEDIES.get(stage, ""))
    end = str(state.get("Error") or f"exit code {state.get('ExitCode')}")
    return TargetError(f"the container ended before the service was ready: {end}", "\n".join(lines[-_TAIL:]))
