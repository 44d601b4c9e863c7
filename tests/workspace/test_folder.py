from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy.errors import Busy, WorkspaceError
from jupyter_deploy.workspace.folder import WorkspaceFolder, open_made, open_workspace


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_missing_folder_is_made_private(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "a" / "ws")
    assert re.fullmatch("[0-9a-f]{8}", workspace.id)
    assert mode(workspace.path) == 0o700
    assert mode(workspace.path / "workspace.json") == 0o600
    assert mode(workspace.path / "secrets") == 0o700


def test_an_empty_folder_is_taken_and_made_private(tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    folder.mkdir()
    folder.chmod(0o777)
    open_workspace(folder)
    assert mode(folder) == 0o700


def test_the_id_stays(workspace: WorkspaceFolder) -> None:
    assert open_workspace(workspace.path).id == workspace.id
    assert json.loads((workspace.path / "workspace.json").read_text()) == {"format": 1, "id": workspace.id}


def test_eight_processes_make_one_workspace(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from jupyter_deploy.workspace.folder import open_workspace;"
        "print(open_workspace(Path(sys.argv[1])).id)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "ws")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(8)]
    ids = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 8
    assert len(ids) == 1


def test_opening_does_not_import_the_database_library(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from jupyter_deploy.workspace.folder import open_workspace;"
        "open_workspace(Path(sys.argv[1])); print('sqlalchemy' in sys.modules, 'alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "ws")]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"False False\n"


def test_an_up_to_date_database_is_opened_without_the_migration_library(workspace: WorkspaceFolder) -> None:
    workspace.models.list()
    code = (
        "import sys; from pathlib import Path; from jupyter_deploy.workspace.folder import open_workspace;"
        "open_workspace(Path(sys.argv[1])).models.list(); print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(workspace.path)]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"False\n"


def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    before = mode(tmp_path)
    with pytest.raises(WorkspaceError, match="not a workspace, and not empty"):
        open_workspace(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]
    assert mode(tmp_path) == before


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="is no folder"):
        open_workspace(tmp_path / "file")


def test_one_that_others_can_write_is_refused_with_the_command_that_mends_it(workspace: WorkspaceFolder) -> None:
    workspace.path.chmod(0o777)
    with pytest.raises(WorkspaceError, match="can be written by other users") as caught:
        open_workspace(workspace.path)
    assert f"chmod 700 {workspace.path}" in caught.value.remedy


def test_one_of_another_user_is_refused(workspace: WorkspaceFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: workspace.path.stat().st_uid + 1)
    with pytest.raises(WorkspaceError, match="belongs to another user"):
        open_workspace(workspace.path)


def test_a_newer_format_is_refused_in_one_line_with_the_remedy(workspace: WorkspaceFolder) -> None:
    (workspace.path / "workspace.json").write_text('{"format": 3, "id": "01234567"}')
    with pytest.raises(WorkspaceError, match=r"format 3, newer .*pip install --upgrade") as caught:
        open_workspace(workspace.path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "[]", '{"id": "01234567"}'])
def test_a_damaged_marker_is_refused(workspace: WorkspaceFolder, content: str) -> None:
    (workspace.path / "workspace.json").write_text(content)
    with pytest.raises(WorkspaceError, match=r"workspace\.json cannot be read"):
        open_workspace(workspace.path)


def test_a_lock_that_is_held_names_its_holder(workspace: WorkspaceFolder) -> None:
    with (
        workspace.locked("service-a", wait=False, kind="deploy"),
        pytest.raises(Busy, match=f"service-a is in use: deploy, process {os.getpid()}"),
    ):
        workspace.locked("service-a", wait=False)


def test_what_is_not_made_is_not_made_by_opening_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_made(tmp_path / "ws")
    assert not (tmp_path / "ws").exists()
    made = open_workspace(tmp_path / "ws")
    assert open_made(made.path).id == made.id
    (made.path / "workspace.json").unlink()
    with pytest.raises(WorkspaceError, match="cannot be read"):
        open_made(made.path)
    assert not (made.path / "workspace.json").exists()
