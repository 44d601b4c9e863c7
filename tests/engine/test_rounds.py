from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timezone

import pytest
import sqlalchemy as sa

from jupyter_deploy import Workspace
from jupyter_deploy.engine import rounds
from jupyter_deploy.engine.rounds import PERIOD, SOON, Rounds
from jupyter_deploy.engine.services import ServiceView, find_services
from jupyter_deploy.errors import TargetError
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ServiceRecord
from jupyter_deploy.workspace.schema import services
from tests.helpers import wait_until

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
Look = Callable[[Sequence[str]], object]


def record(workspace: Workspace, names: Sequence[str], target: str = "process", **options: str) -> None:
    """Record services of which nothing is anywhere."""
    held = [ServiceRecord(name, target, START, START, "tester", options=options) for name in names]
    with workspace.folder.database.writing() as connection:
        connection.execute(sa.insert(services), [vars(one) for one in held])


@pytest.fixture(autouse=True)
def taken_away(workspace: Workspace) -> Iterator[None]:
    yield
    with workspace.folder.database.writing() as connection:
        connection.execute(sa.delete(services))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Look]]:
    """What is done where a service of that name is looked at, before it is; and the names looked at, in order."""
    before: dict[str, Look] = {}

    def find(folder: WorkspaceFolder, names: Sequence[str]) -> list[ServiceView]:
        for name in names:
            before.get(name, before.get("*", lambda _: None))(names)
        return find_services(folder, names)

    monkeypatch.setattr(rounds, "find_services", find)
    return before


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that was begun in time may take as long as it takes where others keep the processors busy."""
    monkeypatch.setattr(rounds, "_GRACE", 20.0)


@pytest.fixture
def complete(unhurried: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round has time for all services."""
    monkeypatch.setattr(rounds, "BUDGET", 20.0)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """A gate that is opened at the end, so that nothing hangs for longer than its test."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.mark.usefixtures("unhurried")
def test_all_are_known_at_once_and_each_is_looked_at_in_turn(workspace: Workspace) -> None:
    record(workspace, [f"service-{number}" for number in range(300)])
    going = Rounds(workspace.folder)
    found = going.go()
    assert len(found) == 300
    assert any(seen.view is None for seen in found.values())
    assert going.pause(0.0) == 0.0
    while any(seen.view is None for seen in found.values()):
        found = going.go()
    assert {seen.view.status.state for seen in found.values() if seen.view} == {"Failed"}
    assert going.pause(0.0) >= PERIOD


def test_a_target_that_hangs_holds_up_no_other_and_is_said_to(
    workspace: Workspace, looks: dict[str, Look], gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(workspace, ["hung-service"], "kubernetes", computeTargetName="far")
    record(workspace, ["other-service"], "kubernetes", computeTargetName="near")
    record(workspace, ["third-service"])
    looks["hung-service"] = lambda _: gate.wait()
    going = Rounds(workspace.folder)
    seen = wait_until(lambda: (found := going.go())["other-service"].view and found["third-service"].view and found)
    assert (seen["hung-service"].view, seen["hung-service"].error) == (None, None)
    going.pause(0.0)  # forget what imports took
    going.go()
    assert SOON <= going.pause(0.0) < PERIOD
    monkeypatch.setattr(rounds, "PATIENCE", 0.3)
    wait_until(lambda: "'far' does not answer" in str(going.go()["hung-service"].error))
    wait_until(lambda: going.go() and going.pause(0.0) >= PERIOD)  # nobody looks more often because of it
    gate.set()
    wait_until(lambda: going.go()["hung-service"].view)


def test_services_of_a_target_are_looked_at_while_one_of_them_hangs(
    workspace: Workspace, looks: dict[str, Look], gate: threading.Event
) -> None:
    record(workspace, ["hung-service", *(f"service-{number}" for number in range(20))])
    looks["hung-service"] = lambda _: gate.wait()
    going = Rounds(workspace.folder)
    wait_until(lambda: sum(seen.view is not None for seen in going.go().values()) == 20)


def test_however_many_hang_no_more_than_a_few_are_asked(
    workspace: Workspace, looks: dict[str, Look], gate: threading.Event
) -> None:
    record(workspace, [f"service-{number}" for number in range(20)])
    asked: list[Sequence[str]] = []
    looks["*"] = lambda names: (asked.append(names), gate.wait())
    going = Rounds(workspace.folder)
    for _ in range(8):
        going.go()
    assert len(asked) == 4
    assert going.pause(0.0) > 0.0


@pytest.mark.usefixtures("unhurried")
def test_one_at_least_is_looked_at_however_late_a_processor_is_free(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "BUDGET", 0.0)
    record(workspace, ["first-service", "second-service"])
    going = Rounds(workspace.folder)
    assert [sum(seen.view is not None for seen in going.go().values()) for _ in range(2)] == [1, 2]


@pytest.mark.usefixtures("complete")
def test_what_cannot_be_looked_at_is_told_and_found_well_later(workspace: Workspace, looks: dict[str, Look]) -> None:
    record(workspace, ["bad-service", "good-service"])

    def fail(_: Sequence[str]) -> None:
        raise TargetError("it is not to be asked")

    looks["bad-service"] = fail
    going = Rounds(workspace.folder)
    seen = going.go()
    assert str(seen["bad-service"].error) == "it is not to be asked"
    assert seen["good-service"].view
    looks.clear()
    assert going.go()["bad-service"].view


@pytest.mark.usefixtures("complete")
def test_what_has_changed_is_looked_at_first(
    workspace: Workspace, looks: dict[str, Look], monkeypatch: pytest.MonkeyPatch
) -> None:
    record(workspace, [f"service-{number}" for number in range(30)])
    asked: list[str] = []
    looks["*"] = lambda names: asked.extend(names)
    going = Rounds(workspace.folder)
    assert all(seen.view for seen in going.go().values())
    changed = workspace.folder.services.get("service-17")
    assert changed is not None
    workspace.folder.services.put(replace(changed, description="another"))
    asked.clear()
    assert going.go()["service-17"].record.description == "another"
    assert asked[0] == "service-17"
