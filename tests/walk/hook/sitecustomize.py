"""Loaded by every Python of a walk at its start: notes each step as it is taken, or kills one of the processes just after one.

A step is a call to the store's files, a committed change of the records, an event that is no log line, or, of a service in Docker, a
change that the engine was asked for. ``WALK_TRACE`` names a file to note them in; ``WALK_KILL`` holds the step after which to kill, and
whom, as that file has them.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ROLES = {"jupyter_deploy.engine.runner": "operation", "tests.walk.kernel": "kernel"}
_PASSING = re.compile(r" \([^)]*\)$")
"""How long a step took, and the like, which differ from run to run."""
_ID = re.compile(r"[0-9a-f]{12,64}")
_taken: Counter[str] = Counter()


def _install(role: str) -> None:
    from jupyter_deploy.engine.events import EventLog
    from jupyter_deploy.workspace.database import Database
    from jupyter_deploy.workspace.store import FileStore

    write, keep, writing = EventLog.write, FileStore._keep, Database.writing

    def write_and_step(log: EventLog, kind: Any, text: str = "", *, step: str = "", **facts: Any) -> Any:
        event = write(log, kind, text, step=step, **facts)
        if kind != "log":
            _step(role, " ".join(filter(None, (kind, step, _PASSING.sub("", text) if kind == "moved" else ""))), facts)
        return event

    def keep_and_step(*arguments: Any) -> None:
        _step(role, "began file")
        keep(*arguments)
        _step(role, "ended file")

    @contextmanager
    def write_record_and_step(database: Database) -> Iterator[Any]:
        with writing(database) as connection:
            yield connection
        _step(role, "recorded")

    EventLog.write, FileStore._keep, Database.writing = write_and_step, keep_and_step, write_record_and_step
    if role == "operation" and os.environ["WALK_TARGET"] == "local":
        _install_engine(role)


def _install_engine(role: str) -> None:
    from docker import APIClient

    def stepping(name: str) -> Any:
        change = getattr(APIClient, name)

        def change_and_step(client: Any, url: str, *arguments: Any, **more: Any) -> Any:
            answer = change(client, url, *arguments, **more)
            _step(role, f"engine {name[1:]} {_ID.sub('*', url.partition('/v')[2].partition('/')[2])}")
            return answer

        return change_and_step

    for name in ("_post", "_put", "_delete"):
        setattr(APIClient, name, stepping(name))


def _step(role: str, name: str, facts: Mapping[str, Any] | None = None) -> None:
    _taken[name] += 1
    step = f"{role}: {name}" + (f" ({_taken[name]})" if _taken[name] > 1 else "")
    processes = {"kernel": int(os.environ["WALK_KERNEL"]), "supervisor": _supervisor(facts or {})}
    if role == "operation":
        processes["operation"] = os.getpid()
    if trace := os.environ.get("WALK_TRACE"):
        alive = [victim for victim, pid in processes.items() if pid and _is_alive(pid)]
        with Path(trace).open("a") as file:
            file.write(json.dumps([step, sorted(alive)]) + "\n")
    if os.environ.get("WALK_KILL"):
        wanted, victim = json.loads(os.environ["WALK_KILL"])
        if step == wanted:
            _kill(processes[victim])


_last_started: list[int] = []


def _supervisor(facts: Mapping[str, Any]) -> int | None:
    """The one that this operation has started, or the one that serves."""
    if "port" in facts and "pid" in facts:
        _last_started.append(facts["pid"])
    if _last_started:
        return _last_started[-1]
    record = Path(os.environ["WALK_SERVICE"], "process.json")
    supervisor = json.loads(record.read_text())["supervisor"] if record.exists() else None
    return supervisor and supervisor["pid"]


def _is_alive(pid: int) -> bool:
    from jupyter_deploy.workspace.identity import is_running

    return is_running(pid)


def _kill(pid: int) -> None:
    Path(os.environ["WALK_KILLED"]).write_text(str(pid))
    os.kill(pid, signal.SIGKILL)
    while _is_alive(pid):
        time.sleep(0.001)


if "WALK_TRACE" in os.environ or "WALK_KILL" in os.environ:
    for _module, _role in _ROLES.items():
        if any(_module in argument for argument in sys.orig_argv):
            _install(_role)
