"""After each step that a good run takes, one of its processes is killed: what is there afterwards is whole, true and accounted for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_deploy import Model, Webservice
from tests.helpers import wait_until
from tests.walk.accounts import Accounts
from tests.walk.ground import Ground, Step

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
PARTS = 9
"""Of a walk, each with every ninth step; every third of the parts makes up every third step."""
OTHER = {"one": "two", "two": "one"}


def parts(command: str) -> pytest.MarkDecorator:
    """The parts of a walk; those of deploy and update that make up every third step are walked each time."""
    always = range(0, PARTS, 3) if command in ("deploy", "update") else ()
    return pytest.mark.parametrize(
        "part", [pytest.param(part, marks=[] if part in always else pytest.mark.soak) for part in range(PARTS)]
    )


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # whose size nobody need find out
    made = Ground(tmp_path)
    yield made
    made.leave()
    wait_until(lambda: not made.processes(), seconds=20)


def walk(ground: Ground, part: int, steps: list[Step], take: Callable[[str, str], None]) -> None:
    """Take each step of a part, once for each process that can be killed after it."""
    taken = 0
    for name, victims in steps[part::PARTS]:
        for victim in victims:
            began = time.monotonic()
            print(f"'{name}', {victim} killed", flush=True)
            take(name, victim)
            print(f"  {time.monotonic() - began:.1f} s")
            taken += 1
    in_order(ground)
    print(f"{taken} runs; {len(steps)} steps in all")


def in_order(ground: Ground) -> None:
    """What is told is true, no process is left that does not serve, models are whole, and every byte is accounted for."""
    names = [service.name for service in Webservice.list(ground.workspace)]
    is_served = False
    if names:
        service = ground.service
        assert service.operation is None or service.operation.state in ("Succeeded", "Failed")
        wait_until(lambda: (service.state == "Healthy") == (ground.answer() is not None), seconds=20)
        is_served = service.state == "Healthy"
        assert is_served or (service.state in ("Stopped", "Failed") and service.error)
        if is_served:
            assert [model.id for model in service.models] == [ground.models[ground.answer() or ""]]
        history = service.history()
        assert all(version.served_time or version.error for version in history)
    wait_until(lambda: len(ground.processes()) == (3 if is_served else 0), seconds=20)
    for model in Model.list(ground.workspace):
        for file in model.record.files:
            ground.workspace.folder.files.verify(file.sha256, model.id)
    ground.workspace.prune(dry_run=False)
    assert Accounts(ground.workspace).unexplained() == []
    assert [item for item in ground.workspace.prune() if item.kind != "environment"] == []


@parts("deploy")
def test_deploy(ground: Ground, part: int) -> None:
    one = ground.models["one"]

    def take(step: str, victim: str) -> None:
        ground.leave()
        ground.kill(step, victim, "deploy", one)
        in_order(ground)
        ground.do("deploy", one)
        assert ground.answer() == "one"

    walk(ground, part, ground.steps("deploy", one), take)


@parts("update")
def test_update(ground: Ground, part: int) -> None:
    def take(step: str, victim: str) -> None:
        before = ground.answer()
        assert before
        wanted = ground.models[OTHER[before]]
        with ground.asking() as answers:
            ground.kill(step, victim, "update", wanted)
        assert victim == "supervisor" or set(answers) <= {before, OTHER[before]}  # what served goes on serving
        in_order(ground)
        ground.do("update", wanted)
        assert ground.answer() == OTHER[before]

    ground.do("deploy", ground.models["one"])
    ground.do("update", ground.models["one"])
    walk(ground, part, ground.steps("update", ground.models["two"]), take)


@parts("rollback")
def test_rollback(ground: Ground, part: int) -> None:
    def take(step: str, victim: str) -> None:
        before = ground.answer()
        assert before
        with ground.asking() as answers:
            ground.kill(step, victim, "rollback")
        assert victim == "supervisor" or set(answers) <= {before, OTHER[before]}
        in_order(ground)
        ground.do("rollback")
        assert ground.answer() in OTHER

    ground.do("deploy", ground.models["one"])
    ground.do("update", ground.models["two"])
    walk(ground, part, ground.steps("rollback"), take)


@parts("delete")
def test_delete(ground: Ground, part: int) -> None:
    def take(step: str, victim: str) -> None:
        ground.do("deploy", ground.models["one"])
        ground.kill(step, victim, "delete")
        in_order(ground)
        ground.leave()
        assert list(Webservice.list(ground.workspace)) == []

    ground.do("deploy", ground.models["one"])
    walk(ground, part, ground.steps("delete"), take)


@parts("register")
def test_register(ground: Ground, part: int, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()

    def fresh() -> str:
        for name in ("first", "second"):
            (folder / name).write_text(f"{name} of {len(Model.list(ground.workspace))}")
        return str(folder)

    def registered() -> int:
        return len(Model.list(ground.workspace, "walked"))

    def take(step: str, victim: str) -> None:
        assert victim == "kernel"
        before, wanted = registered(), fresh()
        ground.kill(step, victim, "register", wanted)
        assert registered() == before + step.startswith("kernel: recorded")
        in_order(ground)
        before = registered()
        ground.do("register", wanted)
        assert registered() == before + 1

    walk(ground, part, ground.steps("register", fresh()), take)
