from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.engine.computes import attach, detach, find_compute, services_on
from jupyter_deploy.errors import ComputeNotFound, InUse, TargetError, UserError
from tests.computes import record_service

KIND = "kubernetes"


def looked(name: str) -> Mapping[str, Any]:
    return {"name": name, "context": "own"}


def test_what_was_seen_is_recorded_and_replaced_when_attached_anew(workspace: Workspace) -> None:
    folder = workspace.folder
    first = attach(folder, "lab", KIND, looked)
    assert first.document == {"name": "lab", "context": "own"}
    attach(folder, "lab", "aks", lambda name: {"name": name, "context": "other"})
    found = find_compute(folder, "lab")
    assert (found.kind, found.document["context"], found.created_time) == ("aks", "other", first.created_time)


@pytest.mark.parametrize(
    "name", ["local", "AmlCompute", "containerinstance", "process", "aks", "Kubernetes", "1st", "a_b", "a-", "x" * 33, ""]
)  # fmt: skip
def test_names_that_mean_a_target_or_break_the_rule_are_refused_before_anything_is_asked(
    workspace: Workspace, name: str
) -> None:
    asked: list[str] = []
    with pytest.raises(UserError, match=f"^{name!r} is not a valid name of a compute\n"):
        attach(workspace.folder, name, KIND, lambda named: asked.append(named) or {})
    assert asked == workspace.folder.computes.list() == []


def test_what_cannot_be_asked_is_not_recorded(workspace: Workspace) -> None:
    def away(name: str) -> Mapping[str, Any]:
        raise TargetError("it does not answer")

    attach(workspace.folder, "lab", KIND, looked)
    for name in ("lab", "other"):
        with pytest.raises(TargetError, match="it does not answer"):
            attach(workspace.folder, name, KIND, away)
    assert [(record.name, record.document["context"]) for record in workspace.folder.computes.list()] == [
        ("lab", "own")
    ]


def test_one_that_is_not_attached_is_told_with_those_that_are(workspace: Workspace) -> None:
    with pytest.raises(
        ComputeNotFound, match=r"^ComputeTargetNotFound: there is no compute 'lab'\nnone is attached"
    ) as raised:
        find_compute(workspace.folder, "lab")
    assert "jupyter ml computetarget attach kubernetes -n lab" in raised.value.remedy
    attach(workspace.folder, "other", KIND, looked)
    with pytest.raises(ComputeNotFound, match="attached are other"):
        detach(workspace.folder, "lab")


def test_one_with_services_is_not_detached(workspace: Workspace) -> None:
    folder = workspace.folder
    for name in ("lab", "other"):
        attach(folder, name, KIND, looked)
    for service, compute in (("two", "lab"), ("one", "lab"), ("third", "other")):
        record_service(folder, service, compute)
    assert services_on(folder, "lab") == ["one", "two"]
    with pytest.raises(InUse, match=r"^'lab' has services of this workspace: one, two\n") as raised:
        detach(folder, "lab")
    assert raised.value.remedy == "delete them first"
    for service in ("one", "two"):
        folder.services.remove(service)
    detach(folder, "lab")
    assert [record.name for record in folder.computes.list()] == ["other"]
    folder.services.remove("third")
