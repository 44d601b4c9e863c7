from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy.workspace.locks import acquire, acquire_shared, is_held, read_holder


def test_a_second_taker_is_told_who_has_it(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with acquire(path, wait=True, kind="deploy"):
        assert acquire(path, wait=False, kind="delete") is None
        holder = read_holder(path)
    assert holder is not None
    assert (holder.pid, holder.kind) == (os.getpid(), "deploy")
    assert f"deploy, process {os.getpid()}, since 20" in str(holder)


def test_released_is_free_and_releasing_twice_is_harmless(tmp_path: Path) -> None:
    lock = acquire(tmp_path / "a.lock", wait=True, kind="deploy")
    lock.release()
    lock.release()
    with pytest.raises(ValueError, match="was released"):
        lock.fileno()
    again = acquire(tmp_path / "a.lock", wait=False, kind="deploy")
    assert again is not None
    again.release()


def test_a_child_that_inherits_it_keeps_it_until_it_dies(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    lock = acquire(path, wait=True, kind="deploy")
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, pass_fds=[lock.fileno()]
    )
    with child:
        lock.release()
        assert acquire(path, wait=False, kind="delete") is None
        child.kill()
        child.wait()
        freed = acquire(path, wait=False, kind="delete")
    assert freed is not None
    freed.release()


def test_sharers_do_not_keep_each_other_out_but_an_owner(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with acquire_shared(path), acquire_shared(path):
        assert acquire(path, wait=False, kind="reclaim") is None
    owner = acquire(path, wait=False, kind="reclaim")
    assert owner is not None
    owner.release()


def test_an_unsigned_lock_has_no_known_holder(tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_text("not json")
    assert read_holder(tmp_path / "a.lock") is None
    assert read_holder(tmp_path / "missing.lock") is None


def test_a_lock_that_cannot_be_signed_is_held_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.lock"
    monkeypatch.setattr(os, "pwrite", full)
    lock = acquire(path, wait=False, kind="deploy")
    assert lock is not None
    assert is_held(path)
    assert (acquire(path, wait=False, kind="delete"), read_holder(path)) == (None, None)
    lock.release()
    assert not is_held(path)
    assert not is_held(tmp_path / "missing.lock")
