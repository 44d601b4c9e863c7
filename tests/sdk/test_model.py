from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from jupyter_deploy import Model, Workspace
from jupyter_deploy.errors import Conflict, ModelNotFound, UserError
from jupyter_deploy.sdk.display import human_size
from jupyter_deploy.workspace.records import ModelRecord


def register(workspace: Workspace, name: str = "diabetes", text: str = "one", **more: object) -> Model:
    source = workspace.path.parent / "model.txt"
    source.write_text(text)
    return Model.register(workspace, str(source), name, **more)  # type: ignore[arg-type]  # what a test gives


@pytest.fixture
def models(workspace: Workspace) -> list[Model]:
    """Two versions of diabetes and one of digits."""
    return [
        register(workspace, tags={"area": "health", "stage": "test"}, properties={"origin": "book"}, run_id="run-1"),
        register(workspace, text="two", tags={"area": "health", "stage": "live"}, model_framework="ScikitLearn"),
        register(workspace, "digits", tags={"area": "vision"}, description="0 to 9"),
    ]


def test_registering_says_so_and_counts_versions(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    models = [register(workspace, text=text) for text in ("one", "one", "two")]
    assert capsys.readouterr().out == "Registering model diabetes\n" * 3
    assert [model.id for model in models] == ["diabetes:1", "diabetes:2", "diabetes:3"]


def test_a_model_is_looked_up_by_name_version_id_and_what_it_is_tagged_with(
    workspace: Workspace, models: list[Model]
) -> None:
    def version(**given: object) -> int:
        return Model(workspace, **given).version  # type: ignore[arg-type]  # what a user gives

    assert version(name="diabetes") == version(name="diabetes", version=0) == 2
    assert version(name="diabetes", version=1) == version(id="diabetes:1") == 1
    assert version(name="digits", id="diabetes:2") == 2  # the id wins
    assert version(name="diabetes", tags=[["stage", "test"]]) == 1
    assert version(name="diabetes", tags=["area"], properties=["origin"]) == 1
    assert version(name="diabetes", run_id="run-1") == 1
    assert version(name="diabetes", model_framework="ScikitLearn") == 2
    assert version(name="diabetes", version=2, tags=["stage"]) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "diabetse"}, "ModelNotFound: there is no model 'diabetse'"),
        ({"name": "diabetes", "version": 9}, "ModelNotFound: there is no model 'diabetes:9'"),
        ({"id": "diabetes:9"}, "ModelNotFound: there is no model 'diabetes:9'"),
        ({"name": "diabetes", "tags": [["stage", "old"]]}, "ModelNotFound: no version of 'diabetes' fits the filters"),
        (
            {"name": "diabetes", "version": 1, "tags": [["stage", "live"]]},
            "ModelNotFound: no version of 'diabetes' fits",
        ),
    ],
)
def test_a_model_that_is_not_there_begins_with_the_token_of_the_original(
    workspace: Workspace, models: list[Model], given: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelNotFound) as missing:
        Model(workspace, **given)  # type: ignore[arg-type]  # what a user gives
    assert str(missing.value).startswith(message)
    assert missing.value.remedy


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "neither name nor id is given"),
        ({"name": "diabetes", "tags": "stage"}, "a filter is a list of keys"),
        ({"name": "diabetes", "tags": {"stage": "live"}}, "a filter is a list of keys"),
        ({"name": "diabetes", "tags": [["stage", "live", "x"]]}, "a filter's item is a key or a"),
    ],
)
def test_a_lookup_that_makes_no_sense_is_refused(
    workspace: Workspace, models: list[Model], given: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        Model(workspace, **given)  # type: ignore[arg-type]  # what a user gives


def test_models_are_listed_newest_first(workspace: Workspace, models: list[Model]) -> None:
    def ids(**given: object) -> list[str]:
        return [model.id for model in Model.list(workspace, **given)]  # type: ignore[arg-type]  # what a user gives

    assert ids() == ["digits:1", "diabetes:2", "diabetes:1"]
    assert ids(latest=True) == ["digits:1", "diabetes:2"]
    assert ids(name="diabetes") == ["diabetes:2", "diabetes:1"]
    assert ids(tags=["area", ["stage", "live"]]) == ["diabetes:2"]
    assert ids(properties=[["origin", "book"]]) == ["diabetes:1"]
    assert ids(run_id="run-2") == []
    assert {name: model.version for name, model in workspace.models.items()} == {"digits": 1, "diabetes": 2}
    frame = Model.list(workspace).to_frame()
    assert frame["version"].tolist() == [1, 2, 1]
    assert repr(Model.list(workspace, name="none")) == "no models yet; register one first"


def test_a_long_list_shows_its_first_page_and_says_what_is_left_out(workspace: Workspace) -> None:
    folder = workspace.folder
    for _ in range(52):
        folder.models.add(ModelRecord("many", 0, datetime.now(timezone.utc), "me", "m", is_folder=False, files=()))
    whole = Model.list(workspace)
    assert len(whole.to_frame()) == 52
    head, first, *_, last, remark = repr(whole).splitlines()
    assert (head.split()[0], first.split()[1], last.split()[1]) == ("name", "52", "3")
    assert remark == "50 of 52; to_frame() has all of them"
    assert whole._repr_html_().endswith(f"<p>{remark}</p>")
    part = Model.list(workspace, limit=20)
    assert (len(part), part.total) == (20, 52)
    assert repr(part).splitlines()[-1] == "20 of 52; without a limit all are listed"
    assert len(repr(Model.list(workspace, page_count=30)).splitlines()) == 32
    assert "of" not in repr(Model.list(workspace, limit=52, page_count=255)).splitlines()[-1]


@pytest.mark.parametrize("given", [{"page_count": 19}, {"page_count": 256}, {"limit": 0}, {"limit": True}])
def test_a_page_or_limit_of_no_use_is_refused(workspace: Workspace, given: dict[str, int]) -> None:
    with pytest.raises(UserError, match=rf"{next(iter(given))} is .*; it takes"):
        Model.list(workspace, **given)  # type: ignore[arg-type]  # what a user gives


def test_tags_and_properties_change_as_in_the_original(
    workspace: Workspace, models: list[Model], capsys: pytest.CaptureFixture[str]
) -> None:
    model = models[0]
    capsys.readouterr()
    model.add_tags({"stage": "old", "new": "1"})
    assert capsys.readouterr().out == "Replacing tag stage -> test with stage -> old\n"
    model.remove_tags(["new", "never"])
    assert capsys.readouterr().out == "There is no tag never\n"
    assert model.tags == Model(workspace, id=model.id).tags == {"area": "health", "stage": "old"}
    model.update(tags={"only": "this"}, description="words")
    assert (model.tags, model.description) == ({"only": "this"}, "words")
    model.add_properties({"more": "1"})
    with pytest.raises(Conflict, match="origin"):
        model.add_properties({"origin": "elsewhere", "other": "2"})
    assert Model(workspace, id=model.id).properties == {"origin": "book", "more": "1"}


def test_a_model_shows_itself_escaped(workspace: Workspace) -> None:
    model = register(workspace, description="<script>alert(1)</script>", tags={"note": "<script>"})
    assert repr(model).startswith(f"Model(workspace={workspace!r}, name='diabetes', id='diabetes:1', version=1, tags=")
    for html in (model._repr_html_(), Model.list(workspace)._repr_html_()):
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_a_model_becomes_json_in_the_keys_of_the_original(models: list[Model]) -> None:
    document = models[0].serialize()
    assert (document["name"], document["id"], document["version"]) == ("diabetes", "diabetes:1", 1)
    assert (document["runId"], document["tags"]["stage"], document["properties"]) == (
        "run-1",
        "test",
        {"origin": "book"},
    )
    assert [file["path"] for file in document["files"]] == ["model.txt"]


def test_a_model_is_downloaded_and_deleted(workspace: Workspace, models: list[Model], tmp_path: Path) -> None:
    path = models[1].download(tmp_path / "out")
    assert Path(path) == tmp_path / "out" / "model.txt"
    assert Path(path).read_text() == "two"
    with pytest.raises(Conflict, match="exist_ok"):
        models[1].download(tmp_path / "out")
    models[1].delete()
    assert [model.id for model in Model.list(workspace)] == ["digits:1", "diabetes:1"]
    assert register(workspace).version == 3


@pytest.mark.parametrize("name", ["", "-begins", "with space", "a/b", "ä", "x" * 256])
def test_names_that_are_no_model_names_are_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(UserError, match="is not a valid model name"):
        register(workspace, name)
    assert list(Model.list(workspace)) == []


def test_a_path_that_is_not_there_is_named(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").touch()
    with pytest.raises(UserError, match=r"modle\.pkl") as missing:
        Model.register(workspace, tmp_path / "modle.pkl", "diabetes")
    assert str(tmp_path) in str(missing.value)
    assert "model.pkl" in str(missing.value)


def test_sizes_are_for_people() -> None:
    assert [human_size(size) for size in (0, 999, 1000, 1_500_000, 2 * 10**9, 3 * 10**12)] == [
        "0 B", "999 B", "1.0 kB", "1.5 MB", "2.0 GB", "3.0 TB",
    ]  # fmt: skip
