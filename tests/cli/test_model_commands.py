"""``jupyter ml model`` over a real registry."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "weights.json"
    path.write_text('{"factor": 2}')
    return path


def register(cli: Cli, *words: str) -> str:
    identity = cli("model", "register", "-n", "factors", "-p", "weights.json", *words).document["id"]
    assert isinstance(identity, str)
    return identity


def test_a_sample_is_read_from_a_file(cli: Cli, source: Path) -> None:
    Path("rows.csv").write_text("age,visits\n31.5,2\n")
    register(cli, "--sample-input", "rows.csv")
    assert cli("model", "show", "-n", "factors", "-v").document["sampleInput"] == {
        "kind": "pandas", "columns": {"age": "float64", "visits": "int64"}, "rows": [[31.5, 2]]
    }  # fmt: skip


def test_an_entry_script_is_written_to_a_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("tree\nversion=v4\n")
    cli("model", "register", "-n", "trees", "-p", "m.txt")
    words = ("model", "entry-script", "-i", "trees:1", "-t", "score.py")
    assert cli(*words).document == {"id": "trees:1", "path": str(tmp_path / "score.py")}
    assert "lightgbm.Booster(model_file=path)" in (tmp_path / "score.py").read_text()
    assert "score.py exists already" in cli(*words).err
    assert cli(*words, "--overwrite").document["id"] == "trees:1"


def test_register_prints_the_model_and_keeps_progress_off_the_result(cli: Cli, source: Path) -> None:
    outcome = cli(
        "model", "register", "--name", "factors", "--asset-path", "weights.json", "-d", "text", "--tag", "a=b", "--tag", "c=",
        "--property", "p=q", "--model-framework", "Custom", "--model-framework-version", "1.0", "--cc", "0.5", "--gb", "1.5",
        "--gc", "1", "-r", "run-1", "--experiment-name", "trials",
    )  # fmt: skip
    created = outcome.document.pop("createdTime")
    assert created.endswith("+00:00")
    assert {key: value for key, value in outcome.document.items() if key != "createdTime"} == {
        "name": "factors", "id": "factors:1", "version": 1, "framework": "Custom", "frameworkVersion": "1.0", "description": "text",
        "tags": {"a": "b", "c": ""}, "properties": {"p": "q"}, "experimentName": "trials", "runId": "run-1", "cpu": 0.5,
        "memoryInGB": 1.5, "gpu": 1,
    }  # fmt: skip
    assert outcome.err == "Registering model factors\n"


def test_verbose_prints_every_key(cli: Cli, source: Path) -> None:
    register(cli)
    document = cli("model", "show", "-n", "factors", "-v").document
    assert [file["path"] for file in document["files"]] == ["weights.json"]
    assert document["python"]


def test_the_metadata_file_names_the_model_for_deploy(cli: Cli, source: Path, tmp_path: Path) -> None:
    register(cli, "-t", "meta.json")
    assert json.loads((tmp_path / "meta.json").read_text()) == {"modelId": "factors:1"}


def test_a_metadata_file_that_cannot_be_written_does_not_hide_the_model(cli: Cli, source: Path, tmp_path: Path) -> None:
    outcome = cli("model", "register", "-n", "factors", "-p", "weights.json", "-t", "no/meta.json")
    assert (outcome.code, outcome.out) == (1, "")
    assert f"cannot write {tmp_path / 'no' / 'meta.json'}: {os.strerror(2)}" in outcome.err
    assert "factors:1 is registered all the same" in outcome.err


def test_only_some_files_of_a_folder(cli: Cli, tmp_path: Path) -> None:
    for name in ("kept.txt", "left.txt"):
        (tmp_path / "net").mkdir(exist_ok=True)
        (tmp_path / "net" / name).write_text(name)
    cli("model", "register", "-n", "net", "-p", "net", "--child-path", "kept.txt")
    files = cli("model", "show", "-i", "net:1", "-v").document["files"]
    assert [Path(file["path"]).name for file in files] == ["kept.txt"]


class Stranger:
    """Unpickled by calling a function that no allow-list has."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.path.expandvars, ("x",)


def test_a_pickle_needs_the_trust_that_the_refusal_asks_for(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Stranger()))
    refused = cli("model", "register", "-n", "strange", "-p", "model.pkl")
    assert refused.code == 1
    assert "posixpath.expandvars" in refused.err
    trusted = cli("model", "register", "-n", "strange", "-p", "model.pkl", "--trust", "posixpath.expandvars", "-v")
    assert trusted.document["trusted"] == ["posixpath.expandvars"]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["-n", "factors", "-p", "missing.pkl"], "missing.pkl"),
        (["-n", "a b", "-p", "weights.json"], "'a b' is not a valid model name"),
        (["-n", "factors", "-p", "weights.json", "--tag", "a"], "takes KEY=VALUE, not 'a'"),
        (["-n", "factors", "-p", "weights.json", "--tag", "a=1", "--tag", "a=2"], "'a' is given twice"),
        (["-n", "factors", "-p", "weights.json", "-dc", "x"], "jupyter ml model register has no option '-dc'"),
    ],
)
def test_what_register_refuses_registers_nothing(cli: Cli, source: Path, words: list[str], cause: str) -> None:
    outcome = cli("model", "register", *words)
    assert (outcome.code, outcome.out) == (1, "")
    assert cause in outcome.err
    assert cli("model", "list").document == []


def test_list_filters_and_shows_newest_first(cli: Cli, source: Path) -> None:
    register(cli, "--tag", "stage=test", "--property", "p=1", "-r", "run-1")
    register(cli, "--tag", "stage=live")
    cli("model", "register", "-n", "other", "-p", "weights.json")

    def ids(*words: str) -> list[str]:
        return [model["id"] for model in cli("model", "list", *words).document]

    assert ids() == ["other:1", "factors:2", "factors:1"]
    assert ids("-l") == ["other:1", "factors:2"]
    assert ids("-n", "factors") == ids("--tag", "stage") == ["factors:2", "factors:1"]
    assert ids("--tag", "stage=test") == ids("--property", "p=1") == ids("--run-id", "run-1") == ["factors:1"]
    assert ids("--tag", "stage=test", "--property", "p=2") == []
    keys = cli("model", "list").document[0].keys()
    assert list(keys) == ["name", "id", "version", "framework", "frameworkVersion", "createdTime"]
    assert cli("model", "list", "-o", "table").out.splitlines()[0].split() == list(keys)


def test_of_many_models_the_first_are_listed_and_the_rest_is_counted(cli: Cli, source: Path) -> None:
    for _ in range(3):
        register(cli)
    some = cli("model", "list", "--limit", "2")
    assert [model["version"] for model in some.document] == [3, 2]
    assert "2 of 3 models; --limit all lists all of them" in some.err
    whole = cli("model", "list", "--limit", "all")
    assert len(whole.document) == 3
    assert whole.err == ""
    assert "'none' is no number from 1, nor 'all'" in cli("model", "list", "--limit", "none").err


def test_show_takes_an_id_or_a_name(cli: Cli, source: Path) -> None:
    register(cli, "-r", "run-1")
    register(cli)

    def shown(*words: str) -> int:
        version = cli("model", "show", *words).document["version"]
        assert isinstance(version, int)
        return version

    assert shown("-n", "factors") == shown("-i", "factors:2") == 2
    assert shown("-n", "factors", "--version", "1") == shown("-n", "factors", "--run-id", "run-1") == 1
    assert cli("model", "show").cause == "give either --model-id (-i) or --model-name (-n)"
    assert cli("model", "show", "-i", "factors:1", "-n", "factors").code == 1
    assert "go with --model-name" in cli("model", "show", "-i", "factors:1", "--version", "1").cause
    missing = cli("model", "show", "-n", "factor")
    assert (missing.code, missing.cause.split(":")[0]) == (1, "ModelNotFound")
    assert "did you mean 'factors'?" in missing.err


def test_update_changes_what_may_change(cli: Cli, source: Path) -> None:
    identity = register(cli, "--tag", "a=1", "--tag", "b=2", "--property", "p=1")
    document = cli(
        "model", "update", "-i", identity, "--add-tag", "c=3", "--remove-tag", "b", "--add-property", "q=2", "--description", "new"
    ).document  # fmt: skip
    assert (document["tags"], document["properties"]) == ({"a": "1", "c": "3"}, {"p": "1", "q": "2"})
    assert document["description"] == "new"
    assert cli("model", "show", "-i", identity).document == document


def test_an_update_with_a_fixed_property_changes_nothing(cli: Cli, source: Path) -> None:
    identity = register(cli, "--property", "p=1")
    assert cli("model", "update", "-i", identity, "--add-tag", "a=1", "--add-property", "p=2").code == 1
    document = cli("model", "show", "-i", identity).document
    assert (document["tags"], document["properties"]) == ({}, {"p": "1"})
    assert cli("model", "update", "-i", identity).cause == "nothing to update was given"


def test_download_and_delete(cli: Cli, source: Path, tmp_path: Path) -> None:
    identity = register(cli)
    path = cli("model", "download", "-i", identity, "-t", "copies").document["path"]
    assert Path(path) == tmp_path / "copies" / "weights.json"
    assert Path(path).read_text() == '{"factor": 2}'
    again = cli("model", "download", "-i", identity, "-t", "copies")
    assert (again.code, again.cause) == (1, f"{path} exists already")
    assert cli("model", "download", "-i", identity, "-t", "copies", "--overwrite").code == 0
    assert cli("model", "delete", "-i", identity).document == {"id": "factors:1"}
    assert cli("model", "delete", "-i", identity).cause.startswith("ModelNotFound")
    assert register(cli) == "factors:2"
