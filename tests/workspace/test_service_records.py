from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from jupyter_deploy.errors import Elsewhere, NotFound
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ServiceRecord, VersionRecord
from tests.workspace.conftest import over_both

pytestmark = over_both

NOW = datetime(2026, 1, 1, 12, 30, 0, 5, tzinfo=timezone.utc)


def service(name: str = "svc") -> ServiceRecord:
    return ServiceRecord(name, "process", NOW, NOW, "me", options={"port": 1}, tags={"t": "1"})


def version(models: tuple[str, ...] = ("m:1",)) -> VersionRecord:
    return VersionRecord("svc", 0, "b", "d", models, {"script": "s"}, NOW, "op", "deploy")


def test_a_service_comes_back_as_it_was_put(workspace: WorkspaceFolder) -> None:
    assert workspace.services.get("svc") is None
    workspace.services.put(service())
    assert workspace.services.get("svc") == service()


def test_putting_again_replaces_the_service_and_keeps_its_versions(workspace: WorkspaceFolder) -> None:
    workspace.services.put(service())
    first = workspace.services.add_version(version())
    changed = replace(service(), current=1, scoring_uri="http://x/score", served=True, desired="stopped")
    workspace.services.put(changed)
    assert workspace.services.get("svc") == changed
    assert workspace.services.versions("svc") == (first,)


def test_a_name_belongs_to_the_folder_that_took_it_first(workspace: WorkspaceFolder) -> None:
    ours = replace(service(), home="0a", host="here")
    workspace.services.put(ours)
    with pytest.raises(Elsewhere, match=r"^the service 'svc' runs on here, workspace 0a"):
        workspace.services.put(replace(service(), home="0b", host="there", tags={}))
    assert workspace.services.get("svc") == ours
    workspace.services.put(replace(ours, tags={}))
    assert workspace.services.get("svc") == replace(ours, tags={})
    assert ours.is_elsewhere("0b")
    assert not ours.is_elsewhere("0a")
    assert not service().is_elsewhere("0b")  # recorded before there were teams


def test_versions_are_numbered_per_service(workspace: WorkspaceFolder) -> None:
    workspace.services.put(service())
    workspace.services.put(service("other"))
    numbers = [workspace.services.add_version(version()).number for _ in range(2)]
    other = workspace.services.add_version(replace(version(), service="other"))
    assert (numbers, other.number) == ([1, 2], 1)
    assert [found.number for found in workspace.services.versions("svc")] == [1, 2]


def test_a_version_s_fields_change(workspace: WorkspaceFolder) -> None:
    workspace.services.put(service())
    added = workspace.services.add_version(version())
    later = NOW + timedelta(minutes=1)
    changed = workspace.services.change_version("svc", 1, served_time=later, error="why")
    assert changed == replace(added, served_time=later, error="why")
    with pytest.raises(NotFound, match="has no version 2"):
        workspace.services.change_version("svc", 2, error=None)


def test_removing_forgets_the_versions_too(workspace: WorkspaceFolder) -> None:
    workspace.services.put(service())
    workspace.services.add_version(version())
    workspace.services.remove("svc")
    workspace.services.remove("svc")
    assert workspace.services.list() == ()
    assert workspace.services.users_of("m:1") == ()


def test_users_of_a_model_are_found_by_its_whole_id(workspace: WorkspaceFolder) -> None:
    workspace.services.put(service())
    workspace.services.add_version(version(("m:1", "n:2")))
    workspace.services.add_version(version(("m:11",)))
    workspace.services.add_version(version(("m:1",)))
    assert workspace.services.users_of("m:1") == (("svc", 1), ("svc", 3))
    assert workspace.services.users_of("m:2") == ()


def test_the_models_that_serve_are_those_of_the_current_versions(workspace: WorkspaceFolder) -> None:
    workspace.services.put(replace(service(), current=2))
    workspace.services.put(service("new"))
    for models in (("m:1",), ("m:2", "n:1"), ("m:3",)):
        workspace.services.add_version(version(models))
    assert workspace.services.models_that_serve() == {"svc": ("m:2", "n:1")}
