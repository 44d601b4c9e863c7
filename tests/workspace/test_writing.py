from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from jupyter_deploy.errors import WorkspaceError
from jupyter_deploy.workspace import store as store_module
from jupyter_deploy.workspace.locks import acquire
from jupyter_deploy.workspace.store import FileStore
from jupyter_deploy.workspace.writing import writing


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(errno.ENOSPC, "Free some space"), (errno.EROFS, "Make it writable"), (errno.EACCES, "Make it writable")],
)
def test_what_forbids_writing_is_said_with_the_place_and_the_remedy(code: int, remedy: str) -> None:
    with (
        pytest.raises(WorkspaceError, match=rf"^/ws/files cannot be written: .+\n{remedy}"),
        writing(Path("/ws/files")),
    ):
        raise OSError(code, os.strerror(code))


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(FileNotFoundError), writing(Path("/ws/files")):
        raise FileNotFoundError(errno.ENOENT, "gone")


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a file system that takes no files")
def test_a_lock_that_cannot_be_made_says_so() -> None:
    with pytest.raises(WorkspaceError, match=r"^/sys/kernel/x.lock cannot be written: .+\nMake it writable"):
        acquire(Path("/sys/kernel/x.lock"), wait=True, kind="test")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_file_that_does_not_fit_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(bytes(100_000))
    store = FileStore(tmp_path / "files", tmp_path / "files.lock")
    unfinished = (os.open("/dev/full", os.O_RDWR), str(tmp_path / "unfinished"))
    monkeypatch.setattr(store_module.tempfile, "mkstemp", lambda **_: unfinished)
    with pytest.raises(WorkspaceError, match=r"files cannot be written: No space left on device"):
        store.put(source)
    assert list(store.root.iterdir()) == []
