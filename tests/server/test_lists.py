from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from jupyter_deploy import Workspace
from jupyter_deploy.engine import rounds
from jupyter_deploy.errors import TargetError
from jupyter_deploy.server import computes, lists, operations
from jupyter_deploy.server.computes import Computes
from jupyter_deploy.server.lists import KEYS, Lists
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.room import Room
from jupyter_deploy.workspace.records import ModelRecord, ServiceRecord, StoredFile
from jupyter_deploy.workspace.schema import model_files, models, services
from tests.computes import ROOM, document_of, record_service
from tests.helpers import wait_until
from tests.server.pretended import NAME, begin, behind, record_elsewhere, serve
from tests.services import operation_of, process_of

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
Shown = dict[str, dict[str, Any]]


@pytest.fixture
def look(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Shown]:
    """Call it for the rows of all lists by their keys, as they are now."""
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(workspace.path))
    monkeypatch.setattr(rounds, "_GRACE", 20.0)  # a look that was begun takes as long as it takes
    shown = Lists(tmp_path)

    def looked() -> Shown:
        found = shown.look()
        assert found["problems"] == []
        rows: Any = found["rows"]
        return {name: {row[key]: row for row in rows[name]} for name, key in KEYS.items()}

    return looked


def test_a_service_is_shown_with_its_models_and_they_with_it(workspace: Workspace, look: Callable[[], Shown]) -> None:
    serve(workspace)
    row = look()["services"][NAME]
    assert row["url"].startswith("fake://here/")
    assert row == {
        "name": NAME, "state": "Healthy", "error": "", "target": "fake", "compute": "", "url": row["url"], "version": 1,
        "models": ["tiny:1"], "description": "", "tags": {}, "created": row["created"], "updated": row["updated"],
        "requestsPerSecond": None, "operation": "", "canRollBack": False, "isElsewhere": False,
    }  # fmt: skip
    assert abs(row["created"] - time.time()) < 60
    serve(workspace, text="two")
    found = look()
    assert found["services"][NAME]["canRollBack"]
    assert [found["models"][each]["usedBy"] for each in ("tiny:1", "tiny:2")] == [[], [NAME]]
    assert [(row["kind"], row["state"], row["error"]) for row in found["operations"].values()] == [
        ("update", "Succeeded", ""),
        ("deploy", "Succeeded", ""),
    ]
    workspace.webservices[NAME].stop()
    assert look()["services"][NAME]["state"] == "Stopped"


def test_an_operation_is_shown_with_what_it_does_until_a_while_after_its_end(
    workspace: Workspace, look: Callable[[], Shown], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = begin(workspace, **behind(tmp_path / "gate"))
    id = operation_of(service).id  # noqa: A001 - what the row calls it
    row = wait_until(lambda: (row := look()["operations"][id])["text"] == "pretending to start" and row)
    assert (row["service"], row["kind"], row["state"], row["step"], row["ended"]) == (
        NAME,
        "deploy",
        "Running",
        "start",
        None,
    )
    found = look()["services"][NAME]
    assert (found["state"], found["operation"]) == ("Transitioning", id)
    (tmp_path / "gate").touch()
    service.wait_for_deployment()
    found = look()
    assert found["operations"][id]["state"] == "Succeeded"
    assert (found["operations"][id]["step"], found["operations"][id]["text"]) == ("", "")
    assert found["operations"][id]["began"] < found["operations"][id]["ended"] <= time.time()
    assert (found["services"][NAME]["state"], found["services"][NAME]["operation"]) == ("Healthy", "")
    monkeypatch.setattr(operations, "KEPT", 0.0)
    assert look()["operations"] == {}


def test_why_an_operation_did_not_succeed_is_shown(
    workspace: Workspace, look: Callable[[], Shown], tmp_path: Path
) -> None:
    serve(workspace)
    failed = operation_of(begin(workspace, text="two", fail="no such luck"))
    wait_until(lambda: look()["operations"][failed.id]["state"] == "Failed")
    assert look()["operations"][failed.id]["error"] == "no such luck"
    wait_until(lambda: look()["services"][NAME]["state"] == "Healthy")
    killed = operation_of(begin(workspace, text="three", **behind(tmp_path / "gate")))
    wait_until(lambda: look()["operations"][killed.id]["text"] == "pretending to start")
    process_of(killed).kill()
    wait_until(lambda: look()["operations"][killed.id]["state"] == "Failed", 5)
    row = look()["operations"][killed.id]
    assert row["error"] == "the process of the operation 'update' was killed, or could write no more, before it ended"
    assert row["ended"] is not None
    assert look()["services"][NAME]["operation"] == ""


def test_a_service_that_is_elsewhere_says_where(workspace: Workspace, look: Callable[[], Shown]) -> None:
    record_elsewhere(workspace, NAME)
    row = look()["services"][NAME]
    assert (row["state"], row["isElsewhere"], row["canRollBack"]) == ("Unknown", True, False)
    assert row["error"] == "runs on far-away, workspace 0123abcd"


def record_models(workspace: Workspace) -> None:
    """Record 5,000 models."""
    held = [
        ModelRecord(
            f"model-{number % 700}", number // 700 + 1, START + timedelta(minutes=number), "tester", "m.pkl", False,
            (StoredFile("m.pkl", f"{number:064}", 7),), packages={f"package-{each}": "1.0" for each in range(20)},
        ) for number in range(5000)
    ]  # fmt: skip
    rows = [{key: value for key, value in vars(one).items() if key != "files"} for one in held]
    files = [{"name": one.name, "version": one.version, **vars(one.files[0])} for one in held]
    with workspace.folder.database.writing() as connection:
        connection.execute(sa.insert(models), rows)
        connection.execute(sa.insert(model_files), files)


def test_a_large_workspace_is_listed_in_a_moment(workspace: Workspace, look: Callable[[], Shown]) -> None:
    record_models(workspace)
    held = [ServiceRecord(f"service-{number}", "process", START, START, "tester", served=True) for number in range(500)]
    with workspace.folder.database.writing() as connection:
        connection.execute(sa.insert(services), [vars(one) for one in held])
    began = time.process_time()
    found = look()
    assert time.process_time() - began < 0.8  # seconds of a processor, all threads together
    assert (len(found["models"]), len(found["services"])) == (5000, 500)
    assert {row["state"] for row in found["services"].values()} == {"", "Failed"}  # the others come in turn
    with workspace.folder.database.writing() as connection:
        connection.execute(sa.delete(services))


def test_looking_again_costs_little_where_nothing_has_changed(workspace: Workspace, look: Callable[[], Shown]) -> None:
    record_models(workspace)
    same = look()["models"]
    began = time.process_time()
    for _ in range(10):
        found = look()["models"]
    assert time.process_time() - began < 0.3
    assert all(found[key] is row for key, row in same.items())


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


def test_a_compute_that_hangs_is_said_to_and_holds_up_no_other(
    workspace: Workspace, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computes, "PATIENCE", 0.2)
    monkeypatch.setattr(computes, "PERIOD", 0.05)
    room = Room(3, 12.0, 11.5, 40.0, 2.5, None)

    def ask(compute: Compute) -> Room | None:
        if compute.name == "hung":
            gate.wait()
        if compute.name == "away":
            raise TargetError("the cluster 'away' does not answer: connection refused", "a reason")
        return room

    records = [
        workspace.folder.computes.put(name, "kubernetes", document_of(name, lambda _: None))
        for name in ("away", "hung", "lab")
    ]
    asked = Computes(ask)

    def rows() -> dict[str, Any]:
        return {row["name"]: row for row in asked.rows(records, {"lab": ["b-service", "a-service"]})}

    first = rows()
    assert {row["state"] for row in first.values()} == {"asked"}
    assert first["lab"]["room"] == Room(**ROOM).to_json()  # as it was attached
    wait_until(lambda: rows()["lab"]["state"] == "reachable")
    wait_until(lambda: rows()["away"]["state"] == "unreachable")
    assert rows()["lab"] == {
        "name": "lab", "kind": "kubernetes", "state": "reachable", "error": "", "server": "https://lab:6443", "namespace": "models",
        "purpose": "DevTest", "room": room.to_json(), "services": ["a-service", "b-service"],
    }  # fmt: skip
    assert rows()["away"]["error"] == "the cluster 'away' does not answer: connection refused"
    wait_until(lambda: rows()["hung"]["state"] == "unreachable")
    assert rows()["hung"]["error"] == "it does not answer"
    gate.set()
    wait_until(lambda: rows()["hung"]["state"] == "reachable")


def test_a_compute_that_is_attached_anew_is_asked_anew(workspace: Workspace) -> None:
    asked: list[str] = []

    def ask(compute: Compute) -> Room | None:
        asked.append(compute.server)
        return None

    document = document_of("lab", lambda _: None)
    shown = Computes(ask)
    put = workspace.folder.computes.put
    first = put("lab", "kubernetes", document)
    wait_until(lambda: shown.rows([first], {})[0]["state"] == "reachable")
    assert shown.rows([first], {})[0]["room"] is None
    second = put("lab", "kubernetes", {**document, "server": "https://other:6443"})
    wait_until(lambda: shown.rows([second], {})[0]["state"] == "reachable")
    assert asked == ["https://lab:6443", "https://other:6443"]
    assert shown.rows([], {}) == []


def test_a_compute_and_the_services_on_it_are_shown(
    workspace: Workspace, look: Callable[[], Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "Computes", lambda: Computes(lambda _: None))
    workspace.folder.computes.put("lab", "kubernetes", document_of("lab", lambda _: None))
    record_service(workspace.folder, "on-the-lab", "lab")
    found = look()
    assert found["computes"]["lab"]["services"] == ["on-the-lab"]
    assert found["services"]["on-the-lab"]["compute"] == "lab"
    workspace.folder.services.remove("on-the-lab")
    assert look()["computes"]["lab"]["services"] == []
