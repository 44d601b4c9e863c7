"""The process that holds the entry script: loads it, calls ``init()`` once, then ``run()`` for what the front sends."""

from __future__ import annotations

import faulthandler
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import life, logs, memory, options, outputs, places, script, settings, swagger, telemetry, tracebacks
from .bodies import tensor_results
from .compat import finder, monitoring
from .link import Link
from .script import RunFunction, ScriptFailed
from .settings import Settings
from .slots import Slots, check, flush_prints

_OPTIONS = ("settings", "link-fd", "life-fds", "stacks-fd")


@dataclass(frozen=True)
class Prepared:
    """A script that is ready.

    Attributes
    ----------
    run : what is called. documents : its swagger documents by version. seconds : that importing it and ``init()`` took.
    """

    run: RunFunction
    documents: dict[str, Any]
    seconds: float


def main(argv: Sequence[str]) -> int:
    """Run a worker until the front closes the link; returns the exit code."""
    given = options.parse(argv, _OPTIONS, required=_OPTIONS)
    faulthandler.register(signal.SIGUSR1, file=int(given["stacks-fd"]), all_threads=True)
    life.die_with([int(fd) for fd in given["life-fds"].split(",")])
    link = Link(int(given["link-fd"]))
    service = settings.load(Path(given["settings"]))
    logs.configure(service.log_level, service.log_format)
    attach(link, service)
    sys.stdout = logs.PrintStream()
    try:
        prepared = prepare(service, link.send)
    except ScriptFailed as error:
        link.send(failure(service, error))
        return 1
    serve(link, service, prepared)
    return 0


def attach(link: Link, service: Settings) -> None:
    """Send the front, from now on, what it is to send on or to keep beside the answers."""
    if telemetry.is_on(service):
        logs.forward_to(link.send)
    if service.collect_model_data:
        monitoring.send_to(link.send)


def serve(link: Link, service: Settings, prepared: Prepared) -> None:
    """Say that the script is ready, and serve calls until the front closes the link."""
    slots = Slots(link, prepared.run, service)
    run = prepared.run
    tensors = tensor_results.describe(run)
    record = {"type": "ready", "seconds": prepared.seconds, "raw": run.kind == "raw", "tensors": tensors}
    link.send(record, outputs.encode(prepared.documents))
    slots.serve()


def prepare(service: Settings, tell: Callable[[dict[str, Any]], None]) -> Prepared:
    """Load the script and call ``init()``.

    Parameters
    ----------
    tell : is told, as a message for the front, when ``init()`` begins.

    Raises
    ------
    ScriptFailed : it cannot be made ready.
    """
    began = time.perf_counter()
    memory.keep_freed()
    places.enter(service)
    finder.install()
    _configure(service)
    if service.collect_model_data:
        monitoring.keep_for(service)
    loaded = script.load(service.entry_script)
    documents = swagger.documents(service, loaded.run)
    check(loaded.run, service)
    tell({"type": "stage", "stage": "init"})
    loaded.call_init()
    flush_prints()
    return Prepared(loaded.run, documents, round(time.perf_counter() - began, 3))


def _configure(service: Settings) -> None:
    if service.nan_as == "error":
        outputs.refuse_nan()
    if service.log_config is not None:
        try:
            logs.configure_as(service.log_config)
        except logs.LogConfigError as error:
            raise ScriptFailed("start", str(error)) from error


def failure(service: Settings, error: ScriptFailed) -> dict[str, Any]:
    """Log why the script cannot be made ready, and return it as a message for the front."""
    flush_prints()
    trace = tracebacks.of_script(error.__cause__) if error.__cause__ else ""
    logs.server.error("the service cannot start: %s\n%s", error, trace)
    logs.server.info("what is in the model folder:\n%s", "\n".join(_listing(service.model_dir)))
    return {"type": "failed", "stage": error.stage, "message": str(error), "traceback": trace}


def _listing(folder: Path, most: int = 200) -> list[str]:
    lines = [str(folder)]
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if len(lines) == most:
            lines[-1] = "…"
            break
        lines.append(f"  {path.relative_to(folder).as_posix()}{'/' if path.is_dir() else ''}")
    return lines
