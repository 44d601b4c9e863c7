from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import UserError, WorkspaceError
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.opening import folder_at, open_at
from tests.ports import free_port
from tests.servers import PASSWORD, Postgres


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("PGPASSWORD", "PGPASSFILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "data"


def store(folder: WorkspaceFolder, path: Path) -> str:
    with folder.files.adding():
        return folder.files.put(path)[0]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    return path


def test_a_folder_s_files_can_be_elsewhere(tmp_path: Path, source: Path) -> None:
    made = open_at(tmp_path / "ws", files=str(tmp_path / "shared"))
    sha256 = store(made, source)
    assert [path.name for path in (tmp_path / "shared").rglob("files/*/*")] == [sha256]
    again = open_at(tmp_path / "ws")
    assert (again.id, again.shared) == (made.id, made.shared)
    assert again.files.size() == 7


def test_an_older_release_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    made = open_at(tmp_path / "ws", files=str(tmp_path / "shared"))
    document = json.loads((made.path / "workspace.json").read_text())
    assert document == {"format": 2, "id": made.id, "files": f"file://{tmp_path}/shared", "store": made.id}
    assert json.loads((open_at(tmp_path / "plain").path / "workspace.json").read_text())["format"] == 1


def test_two_workspaces_over_one_store_never_take_each_other_s_files(tmp_path: Path, source: Path) -> None:
    first, second = (open_at(tmp_path / name, files=str(tmp_path / "shared")) for name in ("first", "second"))
    sha256 = store(first, source)
    assert store(second, source) == sha256
    assert first.files.reclaim(tuple) == 7
    assert (first.files.size(), second.files.size()) == (0, 7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"address": "ws", "files": "other"}, "is another one"),
        ({"address": "plain", "files": "shared"}, "is another one"),
        ({"address": "ws", "folder": "elsewhere"}, "two folders are named"),
        ({"address": "new", "files_options": {"key": "k"}}, "files_options are given without files"),
        ({"address": "s3://bucket"}, "records cannot be kept at s3://"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    open_at("ws", files="shared")
    open_at("plain")
    with pytest.raises(UserError, match=message):
        open_at(**arguments)


def test_a_database_that_cannot_be_reached_leaves_nothing_behind(data_home: Path, tmp_path: Path) -> None:
    url = f"postgresql://ada:marker@127.0.0.1:{free_port()}/models"
    with pytest.raises(WorkspaceError, match="cannot be reached") as caught:
        open_at(url, files=str(tmp_path / "shared"))
    assert "marker" not in str(caught.value)
    assert not data_home.exists()


def test_a_store_that_cannot_be_reached_leaves_no_folder_behind(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match="cannot be reached"):
        open_at(tmp_path / "ws", files=str(tmp_path / "file" / "in-a-file"))
    assert not (tmp_path / "ws").exists()


def test_a_team_s_folder_is_found_by_the_address_alone(
    postgres: Postgres, postgres_url: str, tmp_path: Path, data_home: Path
) -> None:
    with pytest.raises(UserError, match="not said where the team's files are"):
        open_at(postgres_url)
    made = open_at(postgres_url, files=str(tmp_path / "shared"))
    assert made.path.parent == data_home / "jupyter-deploy" / "teams"
    assert made.path.stat().st_mode & 0o777 == 0o700
    bare = postgres_url.replace(postgres_url.split("@")[0], "postgresql://owner")
    again = open_at(bare)  # the password is among its secrets
    assert (again.path, again.id) == (made.path, made.id)
    assert again.models.list() == ()
    document = json.loads((made.path / "workspace.json").read_text())
    assert document["database"] == bare
    marker = PASSWORD.split("/")[0].encode()
    held = [path for path in data_home.rglob("*") if path.is_file() and marker in path.read_bytes()]
    assert held == [made.path / "secrets" / "database"]
    assert json.loads((made.path / "secrets" / "database").read_text()) == PASSWORD


def test_the_second_of_a_team_need_not_say_where_the_files_are(postgres_url: str, tmp_path: Path, source: Path) -> None:
    first = open_at(postgres_url, files=str(tmp_path / "shared"), folder=tmp_path / "first")
    second = open_at(postgres_url, folder=tmp_path / "second")
    sha256 = store(first, source)
    second.files.verify(sha256, "m:1")
    (tmp_path / "mounted").symlink_to(tmp_path / "shared")  # the same disk under another path
    open_at(postgres_url, files=str(tmp_path / "mounted"), folder=tmp_path / "third").files.verify(sha256, "m:1")
    with pytest.raises(WorkspaceError, match="the files of these records are not at") as caught:
        open_at(postgres_url, files=str(tmp_path / "other"), folder=tmp_path / "fourth")
    assert "Leave files= out" in caught.value.remedy
    assert not (tmp_path / "fourth").exists()


def test_a_wrong_password_does_not_replace_a_good_one(postgres: Postgres, postgres_url: str, tmp_path: Path) -> None:
    made = open_at(postgres_url, files=str(tmp_path / "shared"))
    with pytest.raises(WorkspaceError, match="password is wrong"):
        open_at(postgres.url(postgres_url.rsplit("/", 1)[1], password="wrong"))
    assert open_at(made.path).models.list() == ()
    assert PASSWORD not in repr(made)


def test_the_folder_at_an_address_is_known_before_it_is_made(data_home: Path, tmp_path: Path) -> None:
    team = folder_at("postgresql://ada:secret@db/models")
    assert team == folder_at("postgresql://ada@db/models")
    assert team.parent == data_home / "jupyter-deploy" / "teams"
    assert folder_at(tmp_path / "ws") == tmp_path / "ws"
    assert not team.exists()
