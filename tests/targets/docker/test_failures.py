"""Why a container ended, where its engine does not say all."""

from __future__ import annotations

from typing import Any, cast

import pytest
from docker.models.containers import Container

from jupyter_deploy.targets.docker.failures import explain
from jupyter_deploy.targets.docker.options import LocalOptions

KILLED = "the process ended while init() ran: killed by signal 9 (SIGKILL)"


class Ended:
    """A container whose worker was killed, on an engine that does not know why."""

    attrs: dict[str, Any] = {"State": {"OOMKilled": False, "ExitCode": 3, "Error": ""}}  # noqa: RUF012

    def logs(self) -> bytes:
        return f"2026-01-01 00:00:00,000 | front | ERROR | the service cannot start (init): {KILLED}\n".encode()


@pytest.mark.parametrize(("memory_gb", "remedy"), [(0.2, "with a higher memory_gb"), (None, "mend init()")])
def test_a_kill_under_a_memory_limit_may_be_the_limits(memory_gb: float | None, remedy: str) -> None:
    error = explain(cast(Container, Ended()), LocalOptions(memory_gb=memory_gb))
    assert error.what == KILLED
    assert remedy in error.remedy
    assert ("0.2 GB" in error.why) == (memory_gb is not None)
