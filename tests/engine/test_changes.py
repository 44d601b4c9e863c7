from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import InferenceConfig, Webservice, Workspace
from jupyter_deploy.errors import ConfigError, DeployError, NameTaken, UserError
from tests.helpers import READS_ITS_MODEL, register_text, write_script
from tests.services import NAME, begin, operation_of, serve

AS_SHARED = {"auth_enabled": True}


@pytest.fixture
def script(shared: Webservice) -> Path:
    """The script of the shared service."""
    return shared.workspace.path.parent / "score.py"


@pytest.mark.parametrize(
    "name", ["ab", "Diabetes", "1st-service", "ends-", "with_underscore", "with space", "../up", "a" * 33, ""]
)
def test_names_that_are_no_service_names_are_refused(workspace: Workspace, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="is not a valid service name") as refused:
        begin(workspace, write_script(tmp_path), name=name)
    assert "3 to 32 characters" in refused.value.why
    assert refused.value.remedy
    assert list(Webservice.list(workspace)) == []


@pytest.mark.parametrize("name", ["abc", "a-1", "a" * 32])
def test_names_at_the_limits_of_the_rule_are_taken(workspace: Workspace, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="enable_gpu"):  # the next thing that is looked at
        begin(workspace, write_script(tmp_path), name=name, inference={"enable_gpu": True})


def test_the_same_model_twice_is_refused(shared: Webservice, script: Path) -> None:
    for change in (
        lambda: begin(shared.workspace, script, ["tiny", "tiny:1"], name="other"),
        lambda: shared.update(models=["tiny", "tiny"]),
    ):
        with pytest.raises(UserError, match="the same model is given twice: tiny:1"):
            change()


def test_a_taken_name_is_refused_for_other_content(shared: Webservice, script: Path) -> None:
    with pytest.raises(
        NameTaken, match=rf"the service '{NAME}' exists, with other content \(version 1, Healthy\)"
    ) as taken:
        begin(shared.workspace, script, [], options=AS_SHARED)
    assert "%update_service" in taken.value.remedy
    assert "--overwrite" in taken.value.remedy
    assert len(shared.history()) == 1


def test_the_same_content_is_the_same_service(shared: Webservice, script: Path) -> None:
    before = operation_of(shared).id
    again = begin(shared.workspace, script, ["tiny:1"], options=AS_SHARED)
    assert operation_of(again).id == before
    assert (len(again.history()), again.tags) == (1, {"team": "blue"})
    begin(shared.workspace, script, ["tiny:1"], options={**AS_SHARED, "tags": {"team": "blue", "new": "yes"}})
    assert shared.tags == {"team": "blue", "new": "yes"}  # given, so not ignored
    shared.update(tags={"team": "blue"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "nothing to update was given"),
        ({"port": 8890}, "port cannot change on a living service; delete it and deploy it anew"),
        ({"primary_key": "x" * 32}, "primary_key cannot change on a living service"),
        ({"max_bodymb": 3}, "the target 'process' has no key 'max_bodymb'; did you mean 'max_body_mb'?"),
        ({"memory_gb": 0}, "memory_gb is 0 GB; it must be above 0 GB"),
        ({"memory_gb": "large"}, "memory_gb is 'large'; it takes a number"),
        ({"properties": {"origin": "elsewhere"}}, "properties cannot be changed once they are set: origin"),
        ({"models": ["nowhere"]}, "there is no model 'nowhere'"),
    ],
)
def test_an_update_that_is_refused_changes_nothing(shared: Webservice, change: Mapping[str, Any], message: str) -> None:
    before = (shared.serialize(), operation_of(shared).id)
    more: dict[str, Any] = {"tags": {"team": "red"}, "description": "changed"} if change else {}
    with pytest.raises(UserError) as refused:
        shared.update(**change, **more)
    assert message in str(refused.value).splitlines()[0]
    assert (shared.serialize(), operation_of(shared).id) == before


def test_an_update_of_tags_alone_starts_nothing(shared: Webservice) -> None:
    before = operation_of(shared).id
    shared.update(tags={"team": "green"}, properties={"reviewed": "yes"}, description="answers")
    assert (shared.tags, shared.description) == ({"team": "green"}, "answers")
    assert shared.properties == {"origin": "test", "reviewed": "yes"}
    shared.add_tags({"team": "blue", "extra": "1"})
    shared.remove_tags(["extra", "never there"])
    assert shared.tags == {"team": "blue"}
    assert (operation_of(shared).id, shared.version, shared.state) == (before, 1, "Healthy")


def test_an_overwrite_cannot_ask_for_another_address_or_key(shared: Webservice, script: Path) -> None:
    for options, message in (
        ({"port": 8890}, "port cannot change on a living service"),
        ({"primary_key": "k" * 32}, "primary_key and secondary_key cannot change with a deployment"),
    ):
        with pytest.raises(ConfigError, match=message):
            begin(shared.workspace, script, ["tiny"], options={**AS_SHARED, **options}, overwrite=True)
    assert shared.run("") == "one"


def test_what_needs_a_version_that_served_says_so(shared: Webservice, workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"'{NAME}' has no earlier version to return to"):
        shared.rollback()
    failed = begin(workspace, write_script(tmp_path, "def init():\n    1 / 0\ndef run(data):\n    return data"))
    with pytest.raises(DeployError, match="ZeroDivisionError"):
        failed.wait_for_deployment()
    for change in (failed.start, failed.restart, failed.stop, lambda: failed.update(tags={"a": "b"})):
        with pytest.raises(UserError, match=f"'{NAME}' has never served: .*ZeroDivisionError"):
            change()


def test_versions_come_and_go_and_the_address_stays(workspace: Workspace, tmp_path: Path) -> None:
    script = write_script(tmp_path, READS_ITS_MODEL)
    one, two = register_text(workspace, "one"), register_text(workspace, "two")
    options = {"description": "first", "tags": {"team": "blue"}}
    service = serve(workspace, script, [one], options=options)
    uri = service.scoring_uri
    begin(workspace, script, [two], options={"description": "second"}, overwrite=True).wait_for_deployment()
    assert (service.run(""), service.scoring_uri, service.version) == ("two", uri, 2)
    assert (service.description, service.tags) == ("second", {"team": "blue"})
    service.rollback()
    assert (service.run(""), service.version) == ("one", 3)
    service.stop()
    assert (service.state, service.scoring_uri) == ("Stopped", uri)
    again = begin(workspace, script, [one], options=options)  # the same content starts what was stopped
    again.wait_for_deployment()
    assert (again.run(""), again.scoring_uri, again.state) == ("one", uri, "Healthy")
    assert [version.note for version in service.history()] == ["deploy", "update", "rollback to 1"]
    assert [version.models for version in service.history()] == [("tiny:1",), ("tiny:2",), ("tiny:1",)]
    assert [version.current for version in service.history()] == [False, False, True]


def test_an_update_keeps_what_was_not_asked_to_change(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token")  # several users: keys are on by default
    service = serve(workspace, write_script(tmp_path, READS_ITS_MODEL), [register_text(workspace)])
    keys = service.get_keys()
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    service.update(max_body_mb=1)
    assert service.run("") == "one"
    louder = write_script(tmp_path, READS_ITS_MODEL.replace("return answer", "return answer.upper()"), "louder.py")
    service.update(inference_config=InferenceConfig(str(louder)))
    assert service.run("") == "ONE"
    assert [model.id for model in service.models] == ["tiny:1"]
    assert service.auth_enabled
    assert service.get_keys() == keys
    assert service.serialize()["deploymentConfig"] == {"computeType": "process", "maxBodyMb": 1}
