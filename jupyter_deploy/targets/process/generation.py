"""One generation of a service: a front process and its workers, running one release, from start to end.

The supervisor holds the listening socket and lends it to every generation; the front of a generation begins to accept when it is told
to. What the two say to each other is described in the scoring server (``control.py`` there).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_deploy.targets.logfile import RotatingLog
from jupyter_deploy.targets.process.limits import ControlGroup, group_name, resident_bytes
from jupyter_deploy.targets.starting import GB, describe_limit
from jupyter_deploy.workspace.identity import is_running

SERVER = Path("server") / "jupyter_deploy_scoring"
LONGEST_LINE = 16 * 1024 * 1024
WATCH_EVERY = 0.1
"""Seconds between two looks at the memory, where no control group keeps the limit."""
LAST_PROCESS = 2.0
"""Seconds in which the last process has to be gone after the front."""

Event = Mapping[str, Any]


class Generation:
    """A running release.

    Parameters
    ----------
    release : version, bundle, interpreter, environment, keys, certificate, cname, secrets, collected, memory_gb, cpu_cores,
        start_timeout, as it was sent.
    listener : the service's listening socket.
    log : where what the processes print goes.
    tell : is called with every event of the front.

    Attributes
    ----------
    began : when it was made, in seconds of the monotonic clock.
    workers : process ids. ready : whether one of them can answer now.
    trouble : why it cannot, in one line; empty when it can or is still starting.
    """

    def __init__(
        self, release: Mapping[str, Any], listener: socket.socket, log: RotatingLog, tell: Callable[[Event], None]
    ) -> None:
        self.release = release
        self.version: int = release["version"]
        self.began = time.monotonic()
        self.ready = False
        self.trouble = ""
        self.workers: set[int] = set()
        self.gone = asyncio.Event()
        self._listener = listener
        self._log = log
        self._tell = tell
        self._changed = asyncio.Condition()
        self._seen: set[str] = set()
        self._kills = 0
        self._over_limit = False
        self._group: ControlGroup | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def pid(self) -> int:
        """The front's process id."""
        return self._process.pid

    async def start(self) -> None:
        """Start the front; it starts its worker."""
        ours, theirs = socket.socketpair()
        life, self._life = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(theirs.fileno(), life),
                pass_fds=(self._listener.fileno(), theirs.fileno(), life),
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
                env=self.release["environment"], cwd=Path(self.release["bundle"]) / "app", start_new_session=True,
            )  # fmt: skip
        except BaseException:
            os.close(self._life)
            ours.close()
            raise
        finally:
            os.close(life)
            theirs.close()
        watched = self._limit()
        reader, self._control = await asyncio.open_connection(sock=ours, limit=LONGEST_LINE)
        work = [self._copy_log(), self._read_events(reader), self._wait_for_end(), *watched]
        self._tasks = [asyncio.create_task(item) for item in work]

    def _command(self, control: int, life: int) -> list[str]:
        bundle = Path(self.release["bundle"])
        command = [
            self.release["interpreter"], str(bundle / SERVER), "front", "--settings", str(bundle / "service.json"),
            "--listen-fd", str(self._listener.fileno()), "--control-fd", str(control), "--life-fd", str(life),
            "--start-timeout", str(self.release["start_timeout"]),
        ]  # fmt: skip
        for name in ("keys", "certificate", "secrets", "collected"):
            if self.release.get(name):
                command += [f"--{name}", self.release[name]]
        return command

    def _limit(self) -> list[Coroutine[Any, Any, None]]:
        """Put the front into a control group; returns what has to be done besides to keep the limits."""
        memory, cores = self.release["memory_gb"], self.release["cpu_cores"]
        if memory is None and cores is None:
            return []
        self._group = ControlGroup.make(group_name(self.version), memory and int(memory * GB), cores)
        if self._group:
            self._group.add(self.pid)
        if memory is None or (self._group and self._group.limits_memory):
            return []
        return [self._watch_memory(memory)]

    async def _watch_memory(self, memory_gb: float) -> None:
        while not self.gone.is_set():
            await asyncio.sleep(WATCH_EVERY)
            used = resident_bytes([self.pid, *self.workers])
            if self.workers and used > memory_gb * GB:
                self._over_limit = True
                self.send("end_worker", reason=f"{describe_limit(memory_gb)}: {used / GB:.2f} GB in use")
                self.workers.clear()

    async def _copy_log(self) -> None:
        assert self._process.stdout is not None  # it was asked for
        while data := await self._process.stdout.read(65536):
            self._log.write(data)

    async def _read_events(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                await self._note(json.loads(line))

    async def _note(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind in ("failed", "worker_exited"):
            self._explain_end(event)
        if kind == "starting":
            self.workers.add(event["worker"])
            if self._group:
                self._group.add(event["worker"])
        elif kind == "ready":
            self.ready, self.trouble = True, ""
        elif kind == "worker_exited":
            self.workers -= {event["worker"], event.get("also")}
            self.ready, self.trouble = bool(event.get("left")), f"a worker ended: {event['reason']}"
        elif kind == "failed":
            self.ready, self.trouble = False, event["message"]
        self._tell(event)
        async with self._changed:
            self._seen.add(kind)
            self._changed.notify_all()

    def _explain_end(self, event: dict[str, Any]) -> None:
        """Name the memory limit where the kernel keeps it, and the front has only seen that a signal ended the worker."""
        if self._group and (kills := self._group.oom_kills()) > self._kills:
            self._kills = kills
            self._over_limit = True
            reason = describe_limit(self.release["memory_gb"])
            event["message" if event["event"] == "failed" else "reason"] = reason
            self._log.note(f"version {self.version}: the worker was ended: {reason}")
        if self._over_limit and event["event"] == "failed":
            event["stage"] = "memory"
        self._over_limit = False

    async def _wait_for_end(self) -> None:
        code = await self._process.wait()
        workers = tuple(self.workers)
        for pid in workers:  # workers die with their front by themselves; what the script started may not
            _kill_group(pid)
        self.ready = False
        self.workers.clear()
        if not self.trouble and "drained" not in self._seen:
            self.trouble = f"the front process ended with {_reason(code)}"
        os.close(self._life)
        self._control.close()
        await self._see_off(workers)
        self.gone.set()
        async with self._changed:
            self._changed.notify_all()

    async def _see_off(self, workers: Sequence[int]) -> None:
        """Wait until nothing of it runs: what was killed holds its memory until it is given the time to die."""
        deadline = time.monotonic() + LAST_PROCESS
        while time.monotonic() < deadline:
            if not any(map(is_running, workers)) and (self._group is None or self._group.remove()):
                return
            await asyncio.sleep(0.01)

    async def reached(self, kind: str) -> bool:
        """Wait for an event of the front; False when the front ended without it."""
        async with self._changed:
            await self._changed.wait_for(lambda: kind in self._seen or self.gone.is_set())
        return kind in self._seen

    def send(self, do: str, **facts: Any) -> None:
        """Say one thing to the front; what has ended hears nothing."""
        if not self.gone.is_set():
            self._seen.discard(_ANSWERS.get(do, ""))
            self._control.write(json.dumps({"do": do, **facts}).encode() + b"\n")

    async def kill(self) -> None:
        """End front and workers at once."""
        front = (self.pid,) if self._process.returncode is None else ()  # else its number may be another's
        for pid in (*self.workers, *front):
            _kill_group(pid)
        await self.gone.wait()
        for task in self._tasks[:2]:
            if task is not asyncio.current_task():
                await asyncio.wait([task], timeout=1)
        for task in self._tasks:
            task.cancel()


_ANSWERS = {"accept": "accepting", "load_keys": "keys_loaded"}


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
