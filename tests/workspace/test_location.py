from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.errors import ConfigError
from jupyter_deploy.workspace.location import Location, find_workspace


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTER_DEPLOY_WORKSPACE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("sys.platform", "linux")


def test_the_user_s_data_folder_comes_last(tmp_path: Path) -> None:
    assert find_workspace(tmp_path) == Location(tmp_path / "data" / "jupyter-deploy" / "workspace")


def test_the_variable_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text('{"workspace_folder": "other"}')
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(tmp_path / "named"))
    assert find_workspace(tmp_path) == Location(tmp_path / "named")


@pytest.mark.parametrize("file", [".azureml/config.json", "config.json"])
def test_a_configuration_file_above_names_it_relative_to_its_folder(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text('{"workspace_folder": "ws"}')
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_workspace(tmp_path / "a" / "b") == Location(tmp_path / "ws")


def test_files_of_other_programs_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"workspace_folder": "ws"}')
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "config.json").write_text("// not JSON at all")
    (inner / ".azureml").mkdir()
    (inner / ".azureml" / "config.json").write_text('{"subscription_id": "1", "workspace_name": "w"}')
    assert find_workspace(inner) == Location(tmp_path / "ws")


def test_a_team_s_workspace_is_named_by_its_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text(
        '{"workspace_database": "postgresql://db/models", "workspace_files": "s3://bucket/x"}'
    )
    assert find_workspace(tmp_path) == Location("postgresql://db/models", "s3://bucket/x")
    (tmp_path / "config.json").write_text('{"workspace_folder": "ws", "workspace_files": "s3://bucket/x"}')
    assert find_workspace(tmp_path) == Location(tmp_path / "ws", "s3://bucket/x")
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", "postgresql://db/named")
    assert find_workspace(tmp_path) == Location("postgresql://db/named")


@pytest.mark.parametrize(
    "text",
    [
        '{"workspace_folder": "ws",}',
        '{"workspace_folder": 3}',
        '{"workspace_folder": ""}',
        '{"workspace_database": "records.db"}',
        '{"workspace_folder": "ws", "workspace_database": "postgresql://db/models"}',
        '{"workspace_folder": "ws", "workspace_files": 3}',
    ],
)
def test_a_file_that_means_to_name_it_but_does_not_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ConfigError, match=r"config\.json: "):
        find_workspace(tmp_path)


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    assert str(Location("postgresql://ada:secret@db:5433/models")) == "postgresql://ada@db:5433/models"
    assert str(Location(tmp_path)) == str(tmp_path)
