"""How the target behaves where its operation is stopped at an awkward moment; test_local.py has it with an engine."""

from __future__ import annotations

import signal
from contextlib import nullcontext
from pathlib import Path

import pytest

from jupyter_deploy.engine.job import Cancelled
from jupyter_deploy.targets.base import Place, Release
from jupyter_deploy.targets.docker import target
from jupyter_deploy.targets.docker.options import LocalOptions


class Engine:
    """Has a service's containers; the operation is cancelled while the engine makes one."""

    def __init__(self) -> None:
        self.there: list[str] = []
        self.asked_for: list[str] = []

    def current(self, version: int | None) -> None: ...

    def tidy(self, kept: object) -> None:
        assert kept is None
        self.there.clear()

    def give_secrets(self, image: str) -> None: ...

    def create(self, release: Release, role: str, address: object) -> str:
        self.asked_for.append(role)
        signal.raise_signal(signal.SIGTERM)  # who is torn away from here never learns what the engine has made
        self.there.append(role)
        return role


def test_a_container_that_is_being_made_when_the_operation_is_cancelled_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(*_: object) -> None:
        was_there.extend(engine.there)
        raise Cancelled("'deploy' was cancelled")

    engine = Engine()
    was_there: list[str] = []
    monkeypatch.setattr(target, "connected", lambda _: nullcontext())
    monkeypatch.setattr(target, "Containers", lambda *_: engine)
    before = signal.signal(signal.SIGTERM, cancel)
    try:
        with (
            pytest.raises(Cancelled),
            target.LocalTarget().bring_up(
                Place("w1", "iris", tmp_path, None), Release(1, tmp_path, LocalOptions()), lambda *_, **__: None
            ),
        ):
            pass
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (engine.asked_for, was_there, engine.there) == (["service"], ["service"], [])
