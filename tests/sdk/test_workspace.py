from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.errors import WorkspaceError


def test_a_workspace_is_made_private_and_opened_again(tmp_path: Path) -> None:
    made = Workspace(tmp_path / "team" / "workspace")
    assert (made.path, made.name) == (tmp_path / "team" / "workspace", "workspace")
    assert made.path.stat().st_mode & 0o777 == 0o700
    assert Workspace(str(made.path)).folder.id == made.folder.id
    assert repr(made) == f"Workspace('{made.path}')"
    assert str(made.path) in made._repr_html_()
    assert (made.models, made.webservices) == ({}, {})


def test_the_nearest_name_of_a_workspace_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project" / "notebooks").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project" / "notebooks")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in Workspace.from_config().path.parents
    (tmp_path / "project" / "config.json").write_text(json.dumps({"workspace_folder": "ws"}))
    assert Workspace.from_config().path == tmp_path / "project" / "ws"
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(tmp_path / "named"))
    assert Workspace().path == tmp_path / "named"


def test_a_workspace_of_a_newer_format_is_refused_in_one_line(tmp_path: Path) -> None:
    marker = Workspace(tmp_path / "workspace").path / "workspace.json"
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "format": 3}))
    with pytest.raises(WorkspaceError) as refused:
        Workspace(tmp_path / "workspace")
    (line,) = str(refused.value).splitlines()
    assert "has format 3, newer than this release knows" in line
    assert "pip install --upgrade jupyter-deploy-models" in line


def test_a_path_that_can_be_no_workspace_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    for path, message in (("file", "is no folder"), ("full", "is not a workspace, and not empty")):
        with pytest.raises(WorkspaceError, match=message) as refused:
            Workspace(tmp_path / path)
        assert str(tmp_path / path) in str(refused.value)
        assert refused.value.remedy
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["thesis.tex"]
