from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_deploy.errors import Conflict, ModelNotFound
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ModelRecord, StoredFile, TagFilter
from tests.workspace.conftest import over_both

pytestmark = over_both

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def draft(name: str = "m", age: int = 0, **fields: Any) -> ModelRecord:
    files = (StoredFile("m.pkl", "0" * 64, 3), StoredFile("m/a", "1" * 64, 4))
    created = START - timedelta(days=age)
    return ModelRecord(name, 0, created, "me", "m.pkl", is_folder=False, files=files, **fields)


def test_a_record_comes_back_as_it_was_added(workspace: WorkspaceFolder) -> None:
    added = workspace.models.add(
        draft(
            tags={"data": "ä"}, properties={"p": "1"}, framework="ScikitLearn", framework_version="1.5", run_id="r",
            experiment_name="e", resource_configuration={"cpu": 0.5}, packages={"numpy": "2"}, imports=("numpy",),
            source={"dirty": True}, trusted=("a.b",), python="3.11.7", description="d",
        )
    )  # fmt: skip
    assert (added.id, added.size) == ("m:1", 7)
    assert workspace.models.get("m", 1) == added
    assert workspace.models.list() == (added,)


def test_none_and_zero_mean_the_latest(workspace: WorkspaceFolder) -> None:
    workspace.models.add(draft())
    newest = workspace.models.add(draft())
    assert workspace.models.get("m") == workspace.models.get("m", 0) == newest
    assert workspace.models.get("m", 3) is None
    assert workspace.models.get("other") is None


def test_a_deleted_version_s_number_never_comes_back(workspace: WorkspaceFolder) -> None:
    for _ in range(2):
        workspace.models.add(draft())
    workspace.models.remove("m", 1)
    workspace.models.remove("m", 2)
    assert workspace.models.list() == ()
    assert workspace.models.stored_files() == frozenset()
    assert workspace.models.add(draft()).version == 3


def test_processes_at_once_get_different_versions(workspace: WorkspaceFolder) -> None:
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, timezone\n"
        "from jupyter_deploy.workspace.folder import open_workspace\n"
        "from jupyter_deploy.workspace.records import ModelRecord\n"
        "ws = open_workspace(Path(sys.argv[1]))\n"
        "for _ in range(10):\n"
        "    ws.models.add(ModelRecord('m', 0, datetime.now(timezone.utc), 'me', 'm', False, ()))\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(workspace.path)]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0] * 3
    assert sorted(model.version for model in workspace.models.list("m")) == list(range(1, 31))


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, ["b:1", "a:2", "a:1"]),
        ({"name": "a"}, ["a:2", "a:1"]),
        ({"latest": True}, ["b:1", "a:2"]),
        ({"tags": ["k"]}, ["a:2", "a:1"]),
        ({"tags": [("k", "1")]}, ["a:1"]),
        ({"tags": ["k", ("x.y\"z'", "q")]}, ["a:2"]),
        ({"tags": ["k"], "latest": True}, ["a:2"]),
        ({"properties": [("p", "v")]}, ["b:1"]),
        ({"run_id": "run"}, ["b:1"]),
        ({"framework": "Onnx"}, ["a:1"]),
        ({"framework": "Onnx", "run_id": "run"}, []),
    ],
)
def test_filters_are_joined_by_and_and_the_newest_comes_first(
    workspace: WorkspaceFolder, filters: dict[str, Any], ids: list[str]
) -> None:
    workspace.models.add(draft("a", age=3, tags={"k": "1"}, framework="Onnx"))
    workspace.models.add(draft("a", age=2, tags={"k": "2", "x.y\"z'": "q"}))
    workspace.models.add(draft("b", age=1, properties={"p": "v"}, run_id="run"))
    assert [model.id for model in workspace.models.list(**filters)] == ids
    assert [model.id for model in workspace.models.list(**filters, limit=1)] == ids[:1]
    assert workspace.models.count(**filters) == len(ids)
    assert workspace.models.names() == ("a", "b")


def test_a_tag_filter_is_data_and_not_a_query(workspace: WorkspaceFolder) -> None:
    workspace.models.add(draft(tags={"k": "1"}))
    hostile: TagFilter = "k' OR '1'='1"
    assert workspace.models.list(tags=[hostile]) == ()


def test_tags_are_replaced_and_what_is_none_stays(workspace: WorkspaceFolder) -> None:
    workspace.models.add(draft(tags={"a": "1"}, description="old"))
    assert workspace.models.change("m", 1, tags={"b": "2"}).tags == {"b": "2"}
    changed = workspace.models.change("m", 1, description="")
    assert (changed.tags, changed.description) == ({"b": "2"}, "")
    assert workspace.models.get("m", 1) == changed


def test_properties_are_added_all_or_none(workspace: WorkspaceFolder) -> None:
    workspace.models.add(draft(properties={"a": "1", "b": "2"}))
    with pytest.raises(Conflict, match="m:1 already has the properties: a, b"):
        workspace.models.add_properties("m", 1, {"c": "3", "b": "9", "a": "9"})
    assert workspace.models.add_properties("m", 1, {"c": "3"}).properties == {"a": "1", "b": "2", "c": "3"}
    assert workspace.models.get("m").properties == {"a": "1", "b": "2", "c": "3"}  # type: ignore[union-attr]  # there


def test_changing_what_is_not_there_says_so(workspace: WorkspaceFolder) -> None:
    for change in (
        lambda: workspace.models.change("m", 1, tags={}),
        lambda: workspace.models.add_properties("m", 1, {}),
        lambda: workspace.models.remove("m", 1),
    ):
        with pytest.raises(ModelNotFound, match=r"^ModelNotFound: there is no model m:1"):
            change()


def test_stored_files_are_those_of_all_models(workspace: WorkspaceFolder) -> None:
    workspace.models.add(draft())
    assert workspace.models.stored_files() == {"0" * 64, "1" * 64}


def test_outlines_say_the_same_as_the_records(workspace: WorkspaceFolder) -> None:
    shown = {"tags": {"data": "ä"}, "description": "d", "framework": "ScikitLearn", "framework_version": "1.5"}
    held = [workspace.models.add(draft(name, age, **shown)) for name, age in (("m", 2), ("m", 0), ("n", 1))]
    empty = workspace.models.add(replace(draft("empty", 3), files=()))
    found = workspace.models.outlines()
    assert [each.id for each in found] == ["m:2", "n:1", "m:1", "empty:1"]
    assert [each.id for each in workspace.models.outlines("m")] == ["m:2", "m:1"]
    by_id = {each.id: each for each in found}
    for record in (*held, empty):
        assert vars(by_id[record.id]) == {**{key: getattr(record, key) for key in vars(by_id[record.id])}}
