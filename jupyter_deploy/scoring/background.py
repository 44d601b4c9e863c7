"""What a front does beside answering: sending traces and logs, keeping data; only what is asked for, each in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import logs, telemetry
from .aside import Aside
from .collecting import Collector
from .exchange import Observer
from .reporting import Reporter
from .settings import Settings
from .tracing import Sampler
from .worker_process import WorkerProcess

Spawn = Callable[[str, Sequence[str]], WorkerProcess]
"""Starts a process of a role, with options of that role."""
_MOST_TO_SEND = 8 * 1024 * 1024
_MOST_TO_KEEP = 64 * 1024 * 1024
_LAST_SECONDS = 10.0


class Background:
    """The processes beside a front.

    Parameters
    ----------
    settings : the service's. spawn : starts a process. secrets : the file of the service's secrets. collected : folder for data where
        the settings name no place.

    Attributes
    ----------
    observers : what wants to know of every request.
    """

    def __init__(self, settings: Settings, spawn: Spawn, secrets: Path | None, collected: Path | None) -> None:
        self.observers: list[Observer] = []
        self._asides: list[Aside] = []
        self._reporter: Reporter | None = None
        self._collector: Collector | None = None
        if telemetry.is_on(settings):
            self._report(settings, spawn, secrets)
        if settings.collect_model_data:
            options = ["--collected", str(collected)] if collected else []
            aside = Aside("data collection", lambda: spawn("collect", options), _MOST_TO_KEEP)
            self._collector = Collector(aside, settings.version)
            self._asides.append(aside)
            self.observers.append(self._collector)

    def _report(self, settings: Settings, spawn: Spawn, secrets: Path | None) -> None:
        destinations, sampler = telemetry.read(settings, secrets), Sampler(settings.variables)
        for problem in filter(None, (*destinations.problems, sampler.problem)):
            logs.server.warning("%s", problem)
        if destinations:
            options = ["--secrets", str(secrets)] if secrets else []
            aside = Aside("telemetry", lambda: spawn("export", options), _MOST_TO_SEND)
            azure = destinations.azure
            inputs = azure is not None and azure.inputs
            responses = inputs or (azure is not None and azure.responses)  # the event of an input has the answer too
            self._reporter = Reporter(aside, sampler, inputs=inputs, responses=responses)
            self._asides.append(aside)
            self.observers.append(self._reporter)

    async def begin(self) -> str:
        """Start the processes; returns why one of them cannot do its work, empty when all can."""
        problems = await asyncio.gather(*(aside.begin() for aside in self._asides))
        if self._reporter is not None:
            logs.forward_to(self._reporter.tell_log)
        return next((f"{aside.name}: {text}" for aside, text in zip(self._asides, problems, strict=True) if text), "")

    async def end(self) -> None:
        """End them, after they have delivered what they have."""
        await asyncio.gather(*(aside.end(_LAST_SECONDS) for aside in self._asides))

    def kill(self) -> None:
        """End them at once."""
        for aside in self._asides:
            aside.kill()

    def take(self, record: dict[str, Any], body: bytes) -> None:
        """Take what a worker has for them: a log record, or data that the script collects."""
        if record["type"] == "log" and self._reporter is not None:
            self._reporter.tell_log(record)
        elif record["type"] == "collect" and self._collector is not None:
            self._collector.tell_data(record, body)

    @property
    def pids(self) -> dict[str, int]:
        """Their process ids, by what they do."""
        return {aside.name: aside.pid for aside in self._asides if aside.pid is not None}

    @property
    def dropped(self) -> dict[str, int]:
        """How much each could not deliver."""
        return {aside.name: aside.dropped for aside in self._asides}
