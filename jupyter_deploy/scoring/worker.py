"""The process that holds the entry script: loads it, calls ``init()`` once, then ``run()`` for what the front sends."""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from . import logs, options, outputs, places, script, settings, swagger, tracebacks
from .compat import finder
from .link import Link
from .script import ScriptFailed
from .settings import Settings
from .slots import Slots, flush_prints

_OPTIONS = ("settings", "link-fd", "life-fds", "stacks-fd")


def main(argv: Sequence[str]) -> int:
    """Run a worker until the front closes the link; returns the exit code."""
    given = options.parse(argv, _OPTIONS, required=_OPTIONS)
    faulthandler.register(signal.SIGUSR1, file=int(given["stacks-fd"]), all_threads=True)
    _die_with([int(fd) for fd in given["life-fds"].split(",")])
    link = Link(int(given["link-fd"]))
    service = settings.load(Path(given["settings"]))
    logs.configure(service.log_level)
    sys.stdout = logs.PrintStream()
    try:
        slots = _prepare(service, link)
    except ScriptFailed as error:
        _report(link, service, error)
        return 1
    slots.serve()
    return 0


def _die_with(fds: Sequence[int]) -> None:
    """End this process's whole group as soon as one of the pipes is closed by the death of who holds its other end."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1  # reaches a process whose run() never gives up the interpreter lock
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)

    def watch() -> None:
        select.select(fds, [], [])
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="life", daemon=True).start()


def _prepare(service: Settings, link: Link) -> Slots:
    began = time.perf_counter()
    places.enter(service)
    finder.install()
    loaded = script.load(service.entry_script)
    documents = swagger.documents(service, loaded.run)
    slots = Slots(link, loaded.run, service)
    link.send({"type": "stage", "stage": "init"})
    loaded.call_init()
    flush_prints()
    seconds = round(time.perf_counter() - began, 3)
    link.send({"type": "ready", "seconds": seconds, "raw": loaded.run.kind == "raw"}, outputs.encode(documents))
    return slots


def _report(link: Link, service: Settings, error: ScriptFailed) -> None:
    flush_prints()
    trace = tracebacks.of_script(error.__cause__) if error.__cause__ else ""
    logs.server.error("the service cannot start: %s\n%s", error, trace)
    logs.server.info("what is in the model folder:\n%s", "\n".join(_listing(service.model_dir)))
    link.send({"type": "failed", "stage": error.stage, "message": str(error), "traceback": trace})


def _listing(folder: Path, most: int = 200) -> list[str]:
    lines = [str(folder)]
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if len(lines) == most:
            lines[-1] = "…"
            break
        lines.append(f"  {path.relative_to(folder).as_posix()}{'/' if path.is_dir() else ''}")
    return lines
