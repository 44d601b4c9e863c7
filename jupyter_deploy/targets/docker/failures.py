"""Why a container did not become healthy: a traceback, an exit code, a time limit, or the memory limit, told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.dockerfile import APP_ROOT
from jupyter_deploy.targets.docker.logs import text_of
from jupyter_deploy.targets.docker.options import LocalOptions
from jupyter_deploy.targets.starting import REMEDIES, describe_limit

if TYPE_CHECKING:
    from docker.models.containers import Container

_VERDICT = re.compile(r"the service cannot start \((\w+)\): (.*)")
_RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\{")
_TAIL = 20
"""Lines of the log that an error quotes where it knows no better."""


def explain(container: Container, options: LocalOptions) -> TargetError:
    """Say why a container ended before it was healthy."""
    state: Mapping[str, Any] = container.attrs["State"]
    lines = text_of(container).splitlines()
    stage, message, trace = _verdict(lines)
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


def _verdict(lines: list[str]) -> tuple[str, str, str]:
    """The stage, the message and the script's traceback in a log; empty where it does not say."""
    for number, line in enumerate(lines):
        if found := _VERDICT.search(line):
            return found[1], found[2], "\n".join(_trace(lines[:number])).replace(f"{APP_ROOT}/", "").rstrip()
    return "", "", ""


def _trace(lines: list[str]) -> list[str]:
    """The lines of the last record with a traceback or stacks in it, without the record's own first line."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if _RECORD.match(line):
            blocks.append([])
        else:
            blocks[-1].append(line)
    return next((block for block in reversed(blocks) if any('File "' in line for line in block)), [])
