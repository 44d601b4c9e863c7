from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from jupyter_deploy.errors import NotFound
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import OperationRecord
from tests.workspace.conftest import over_both

pytestmark = over_both

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_an_operation_from_start_to_end(workspace: WorkspaceFolder) -> None:
    record = OperationRecord("op1", "deploy", "svc", NOW)
    workspace.operations.add(record)
    assert workspace.operations.get("op1") == record
    assert workspace.operations.get("op2") is None
    ended = workspace.operations.change("op1", outcome="Failed", ended_time=NOW, error="why")
    assert (ended.outcome, ended.ended_time, ended.error) == ("Failed", NOW, "why")
    with pytest.raises(NotFound, match="operation op2 is not recorded"):
        workspace.operations.change("op2", error=None)


def test_an_error_may_hold_any_character(workspace: WorkspaceFolder) -> None:
    workspace.operations.add(OperationRecord("op1", "deploy", "svc", NOW, error="a\0b ü 🙂"))
    found = workspace.operations.get("op1")
    assert found and found.error in ("a\0b ü 🙂", "a\N{REPLACEMENT CHARACTER}b ü 🙂")


def test_lists_are_newest_first_and_filtered(workspace: WorkspaceFolder) -> None:
    for number, service in enumerate(["a", "b", "a"]):
        workspace.operations.add(OperationRecord(f"op{number}", "deploy", service, NOW + timedelta(seconds=number)))
    workspace.operations.change("op2", outcome="Succeeded", ended_time=NOW)

    def ids(**filters: bool | int | str) -> list[str]:
        return [operation.id for operation in workspace.operations.list(**filters)]  # type: ignore[arg-type]  # by name

    assert ids() == ["op2", "op1", "op0"]
    assert ids(service="a") == ["op2", "op0"]
    assert ids(running=True) == ["op1", "op0"]
    assert ids(running=False) == ["op2"]
    assert ids(limit=1) == ["op2"]
