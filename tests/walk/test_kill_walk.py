"""After each step that a good run takes, one of its processes is killed: what is there afterwards is whole, true and accounted for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from jupyter_deploy import Model, Webservice
from tests.helpers import wait_until
from tests.walk.accounts import Accounts
from tests.walk.containers import ContainerGround
from tests.walk.ground import Ground, Step

pytestmark = [pytest.mark.walk, pytest.mark.timeout(600)]
OTHER = {"one": "two", "two": "one"}
GROUNDS: Mapping[str, type[Ground]] = {kind.target: kind for kind in (Ground, ContainerGround)}


def parts(command: str, *targets: str) -> pytest.MarkDecorator:
    """The parts of a walk over targets; those of deploy and update to processes that make up every third step are walked each time."""
    always = range(0, Ground.parts, 3) if command in ("deploy", "update") else ()
    return pytest.mark.parametrize(
        ("ground", "part"),
        [
            pytest.param(target, part, marks=[] if part in always and target == "process" else pytest.mark.soak)
            for target in targets
            for part in range(GROUNDS[target].parts)
        ],
        indirect=["ground"],
    )


@pytest.fixture
def ground(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ground | ContainerGround]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # whose size nobody need find out
    is_local = request.param == "local"
    made = ContainerGround(tmp_path, request.getfixturevalue("own_engine")) if is_local else Ground(tmp_path)
    yield made
    made.leave()
    wait_until(lambda: not made.processes(), seconds=20)
    assert not isinstance(made, ContainerGround) or made.is_left() == []


def walk(ground: Ground, part: int, steps: list[Step], take: Callable[[str, str], None]) -> None:
    """Take each step of a part, once for each process that can be killed after it."""
    taken = 0
    for name, victims in steps[part :: ground.parts]:
        for victim in victims:
            began = time.monotonic()
            print(f"'{name}', {victim} killed", flush=True)
            take(name, victim)
            print(f"  {time.monotonic() - began:.1f} s")
            taken += 1
    in_order(ground)
    print(f"{taken} runs; {len(steps)} steps in all")


def alone(ground: Ground) -> None:
    """What a killed operation has left in Docker went with the next one: the container that serves is the only one."""
    assert not isinstance(ground, ContainerGround) or len(ground.is_left()) == 1


def in_order(ground: Ground) -> None:
    """What is told is true, no process is left that does not serve, models are whole, and every byte is accounted for."""
    names = [service.name for service in Webservice.list(ground.workspace)]
    is_served = False
    if names:
        service = ground.service
        assert service.operation is None or service.operation.state in ("Succeeded", "Failed")
        wait_until(lambda: is_told_truly(ground, service.state), seconds=20)
        is_served = service.state == "Healthy"
        assert is_served or (service.state in ("Stopped", "Failed") and service.error)
        if is_served:
            assert [model.id for model in service.models] == [ground.models[ground.answer() or ""]]
        history = service.history()
        assert all(version.served_time or version.error for version in history)
    wait_until(lambda: ground.is_tidy(served=is_served), seconds=20)
    for model in Model.list(ground.workspace):
        for file in model.record.files:
            ground.workspace.folder.files.verify(file.sha256, model.id)
    ground.workspace.prune(dry_run=False)
    assert Accounts(ground.workspace).unexplained() == []
    assert [item for item in ground.workspace.prune() if item.kind != "environment"] == []


def is_told_truly(ground: Ground, state: str) -> bool:
    """Whether a state is what a request finds; a container that was left on its way comes to its own end or serves."""
    return state != "Unhealthy" and (state == "Healthy") == (ground.answer() is not None)


@parts("deploy", "process", "local")
def test_deploy(ground: Ground, part: int) -> None:
    one = ground.models["one"]

    def take(step: str, victim: str) -> None:
        ground.leave()
        ground.kill(step, victim, "deploy", one)
        in_order(ground)
        ground.do("deploy", one)
        assert ground.answer() == "one"
        alone(ground)

    walk(ground, part, ground.steps("deploy", one), take)


@parts("update", "process", "local")
def test_update(ground: Ground, part: int) -> None:
    def take(step: str, victim: str) -> None:
        before = ground.answer()
        assert before
        wanted = ground.models[OTHER[before]]
        with ground.asking() as answers:
            ground.kill(step, victim, "update", wanted)
        if ground.goes_on(step, victim):
            assert set(answers) <= {before, OTHER[before]}
        in_order(ground)
        ground.do("update", wanted)
        assert ground.answer() == OTHER[before]
        alone(ground)

    ground.do("deploy", ground.models["one"])
    ground.do("update", ground.models["one"])
    walk(ground, part, ground.steps("update", ground.models["two"]), take)


@parts("rollback", "process")
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


@parts("delete", "process")
def test_delete(ground: Ground, part: int) -> None:
    def take(step: str, victim: str) -> None:
        ground.do("deploy", ground.models["one"])
        ground.kill(step, victim, "delete")
        in_order(ground)
        ground.leave()
        assert list(Webservice.list(ground.workspace)) == []

    ground.do("deploy", ground.models["one"])
    walk(ground, part, ground.steps("delete"), take)


@parts("register", "process")
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
