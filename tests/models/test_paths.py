from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import DeployError, IntegrityError, ModelNotFound, UserError
from jupyter_deploy.models import get_model_path, register
from jupyter_deploy.models.paths import find_model_path
from jupyter_deploy.scoring.model_paths import ModelPathError
from jupyter_deploy.scoring.model_paths import get_model_path as in_service
from jupyter_deploy.workspace.folder import WorkspaceFolder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is both current and the root of the application."""
    folder = tmp_path / "app"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("AML_APP_ROOT", raising=False)
    return folder


@pytest.fixture
def registered(workspace: WorkspaceFolder, tmp_path: Path) -> WorkspaceFolder:
    (tmp_path / "weights.bin").write_bytes(b"one")
    register(workspace, path=tmp_path / "weights.bin", name="file")
    (tmp_path / "weights.bin").write_bytes(b"two")
    register(workspace, path=tmp_path / "weights.bin", name="file")
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "a").write_bytes(b"a")
    register(workspace, path=tmp_path / "net", name="folder")
    return workspace


def test_with_a_workspace_the_latest_is_placed_read_only(root: Path, registered: WorkspaceFolder) -> None:
    path = get_model_path("file", None, registered)
    assert path == root / "azureml-models" / "file" / "2" / "weights.bin"
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o222 == 0
    assert get_model_path("file", None, registered) == path


def test_a_version_and_a_folder_are_placed_too(root: Path, registered: WorkspaceFolder) -> None:
    assert get_model_path("file", 1, registered).read_bytes() == b"one"
    assert (get_model_path("folder", None, registered) / "a").read_bytes() == b"a"


def test_what_was_placed_is_found_without_the_workspace(root: Path, registered: WorkspaceFolder) -> None:
    placed = get_model_path("file", 1, registered)
    assert get_model_path("file") == get_model_path("file", 1) == placed


def test_the_root_of_the_application_is_respected(
    root: Path, registered: WorkspaceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AML_APP_ROOT", str(tmp_path / "elsewhere"))
    expected = tmp_path / "elsewhere" / "azureml-models" / "file" / "2" / "weights.bin"
    assert get_model_path("file", None, registered) == expected


def test_a_model_that_is_not_there_is_named(root: Path, registered: WorkspaceFolder) -> None:
    with pytest.raises(ModelNotFound, match=r"^ModelNotFound: file:9 is not in the workspace"):
        get_model_path("file", 9, registered)
    with pytest.raises(ModelNotFound, match=r"is not among the models placed here \(.*\)\nLooked in .*azureml-models"):
        get_model_path("file")


@pytest.mark.parametrize("arguments", [(None,), ("",), ("file", "1"), ("file", True)])
def test_wrong_types_are_refused(root: Path, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(UserError, match="must be"):
        get_model_path(*arguments)


def test_nothing_half_placed_stays_behind_a_damaged_file(root: Path, registered: WorkspaceFolder) -> None:
    record = registered.models.get("file", 2)
    assert record is not None
    stored = registered.files.root / record.files[0].sha256[:2] / record.files[0].sha256
    stored.chmod(0o600)
    stored.write_bytes(b"TWO")
    with pytest.raises(IntegrityError, match=r"file:2, weights\.bin"):
        get_model_path("file", 2, registered)
    assert list((root / "azureml-models" / "file").iterdir()) == []


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")


@pytest.mark.parametrize("look_up", [find_model_path, in_service], ids=["notebook", "service"])
@pytest.mark.parametrize(
    ("files", "version", "expected"),
    [
        (["models/m/2/a", "models/m/10/b", "models/m/x/c"], None, "models/m/10/b"),
        (["models/m/2/a", "models/m/10/b"], 2, "models/m/2/a"),
        (["models/m/1/net/a", "models/m/1/net/b"], None, "models/m/1/net"),
        (["m"], None, "m"),
        (["m"], 3, "m"),
        (["models/m/1/a", "m"], None, "models/m/1/a"),
        (["models/m/1/a", "m"], 2, "m"),
        (["models/m/1/a", "models/m/1/b"], None, r"must hold exactly one file or folder"),
        (["models/m/1/a"], 2, r"^ModelNotFound: 'm:2'"),
        ([], None, r"^ModelNotFound: 'm' "),
    ],
)
def test_where_a_model_is_looked_for(
    tmp_path: Path, look_up: Callable[..., object], files: list[str], version: int | None, expected: str
) -> None:
    """One table over both, because a script must find its model in a notebook as in a service."""
    make(tmp_path, *files)
    if expected.startswith(("m", "models/")) and (tmp_path / expected).exists():
        assert str(look_up("m", version, tmp_path / "models", tmp_path)) == str(tmp_path / expected)
    else:
        with pytest.raises((DeployError, ModelPathError), match=expected):
            look_up("m", version, tmp_path / "models", tmp_path)
