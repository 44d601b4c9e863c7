"""Processes that register and delete at the same time, over one store: whatever is recorded has its files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy.models import delete, register
from jupyter_deploy.workspace import postgres
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.opening import open_at
from tests.servers import S3

BUSY = """
import random, sys
from pathlib import Path
from jupyter_deploy.models import delete, register
from jupyter_deploy.workspace.folder import open_workspace

ws = open_workspace(Path(sys.argv[1]))
source = ws.path.parent / f"{ws.path.name}.txt"
for turn in range(4):
    source.write_text(f"content {turn % 3}")  # the same ones as the other process's
    record = register(ws, path=source, name=sys.argv[2])
    if turn < 3:
        delete(ws, record, tuple)
"""
ADDING = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from jupyter_deploy.workspace.folder import open_workspace
from jupyter_deploy.workspace.records import ModelRecord, StoredFile

ws, source = open_workspace(Path(sys.argv[1])), Path(sys.argv[2])
with ws.files.adding():
    file = StoredFile(source.name, *ws.files.put(source))
    print("stored", flush=True)
    sys.stdin.readline()
    ws.models.add(ModelRecord("ada", 0, datetime.now(timezone.utc), "ada", source.name, False, (file,)))
"""


def busy(folder: WorkspaceFolder, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", BUSY, str(folder.path), name])


def assert_whole(folder: WorkspaceFolder, models: int) -> None:
    records = folder.models.list()
    assert len(records) == models
    for record in records:
        for file in record.files:
            assert folder.files.remote.holds(file.sha256, file.size)  # type: ignore[attr-defined]  # a shared store


@pytest.fixture
def adding(postgres_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of another person that has stored a file and not recorded it yet; a line to its input lets it go on."""
    ws = open_at(postgres_url, files=str(tmp_path / "shared"), folder=tmp_path / "ada")
    (tmp_path / "ada.txt").write_text("one")
    command = [sys.executable, "-c", ADDING, str(ws.path), str(tmp_path / "ada.txt")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "stored\n"
        yield process
        process.kill()


@pytest.fixture
def bob(postgres_url: str, tmp_path: Path) -> WorkspaceFolder:
    return open_at(postgres_url, files=str(tmp_path / "shared"), folder=tmp_path / "bob")


def register_and_delete(folder: WorkspaceFolder) -> int:
    """Register the same content, and delete it; returns the bytes that were freed."""
    source = folder.path.parent / "bob.txt"
    source.write_text("one")
    return delete(folder, register(folder, path=source, name="bob"), tuple)


def test_what_another_is_about_to_record_is_not_removed(
    adding: subprocess.Popen[str], bob: WorkspaceFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as impatient:
        impatient.setattr(postgres, "_PATIENCE_S", 0.2)
        assert register_and_delete(bob) == 0
    adding.communicate("go on\n")
    assert adding.returncode == 0
    assert_whole(bob, models=1)
    assert delete(bob, bob.models.list()[0], tuple) == 3
    assert bob.files.size() == 0


def test_what_a_killed_process_has_stored_goes_with_the_next_deletion(
    adding: subprocess.Popen[str], bob: WorkspaceFolder
) -> None:
    adding.kill()
    adding.wait()
    assert register_and_delete(bob) == 3
    assert bob.files.size() == 0


def test_two_databases_over_one_store(s3: S3, tmp_path: Path) -> None:
    files, options = s3.new_bucket(), s3.options
    folders = [open_at(tmp_path / name, files=files, files_options=options) for name in ("first", "second")]
    processes = [busy(folder, "m") for folder in folders]
    assert [process.wait() for process in processes] == [0, 0]
    for folder in folders:
        assert_whole(folder, models=1)
    folders[0].files.reclaim(tuple)
    assert folders[0].files.size() == 0
    assert_whole(folders[1], models=1)
