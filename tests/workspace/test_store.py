from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from jupyter_deploy.errors import IntegrityError, UserError
from jupyter_deploy.workspace import store as store_module
from jupyter_deploy.workspace.store import FileStore, fingerprint


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", tmp_path / "files.lock")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights" * 1000)
    return path


def stored(store: FileStore, sha256: str) -> Path:
    return store.root / sha256[:2] / sha256


def damage(path: Path) -> None:
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_file_is_kept_read_only_under_its_hash_and_not_linked(store: FileStore, source: Path) -> None:
    sha256, size = store.put(source)
    assert sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert size == 7000
    assert stored(store, sha256).stat().st_mode & 0o777 == 0o400
    assert source.stat().st_nlink == 1
    source.write_bytes(b"other")
    store.verify(sha256, "m:1")


def test_equal_content_is_stored_once(store: FileStore, source: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.bin").write_bytes(source.read_bytes())
    assert store.put(source) == store.put(tmp_path / "copy.bin")
    assert store.size() == 7000
    assert len([path for path in store.root.rglob("*") if path.is_file()]) == 1


def test_progress_counts_to_the_end(store: FileStore, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_CHUNK", 3000)
    seen: list[tuple[int, int]] = []
    store.put(source, lambda done, total: seen.append((done, total)))
    assert seen == [(3000, 7000), (6000, 7000), (7000, 7000)]


def test_a_file_that_changes_while_it_is_read_is_refused_and_not_kept(
    store: FileStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_CHUNK", 1000)

    def change(done: int, _total: int) -> None:
        if done == 3000:
            with source.open("ab") as file:
                file.write(b"more")

    with pytest.raises(UserError, match=r"model\.bin changed while it was registered") as caught:
        store.put(source, change)
    assert "Nothing was registered" in str(caught.value)
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_a_file_that_changed_since_it_was_seen_is_refused(store: FileStore, source: Path) -> None:
    seen = fingerprint(source.stat())
    source.write_bytes(b"other")
    with pytest.raises(UserError, match="changed"):
        store.put(source, seen=seen)


def test_placing_links_the_stored_file(store: FileStore, source: Path, tmp_path: Path) -> None:
    sha256, _ = store.put(source)
    store.place(sha256, tmp_path / "placed", what="m:1")
    assert (tmp_path / "placed").samefile(stored(store, sha256))


def test_where_links_are_impossible_a_read_only_copy_is_placed(
    store: FileStore, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    sha256, _ = store.put(source)
    monkeypatch.setattr(os, "link", refuse)
    store.place(sha256, tmp_path / "placed", what="m:1")
    assert (tmp_path / "placed").read_bytes() == source.read_bytes()
    assert (tmp_path / "placed").stat().st_mode & 0o777 == 0o400


def test_a_flipped_byte_is_found_before_anything_is_placed(store: FileStore, source: Path, tmp_path: Path) -> None:
    sha256, _ = store.put(source)
    damage(stored(store, sha256))
    with pytest.raises(IntegrityError, match=r"m:1, model\.bin is not what was registered") as caught:
        store.place(sha256, tmp_path / "placed", what="m:1, model.bin")
    assert str(stored(store, sha256)) in caught.value.why
    assert not (tmp_path / "placed").exists()


def test_registering_again_repairs_a_damaged_file(store: FileStore, source: Path) -> None:
    sha256, _ = store.put(source)
    damage(stored(store, sha256))
    assert store.put(source)[0] == sha256
    store.verify(sha256, "m:1")


def test_a_missing_stored_file_is_named(store: FileStore, source: Path) -> None:
    sha256, _ = store.put(source)
    stored(store, sha256).unlink()
    with pytest.raises(IntegrityError, match="the stored file of m:1 is missing"):
        store.verify(sha256, "m:1")


def test_a_copy_belongs_to_the_user(store: FileStore, source: Path, tmp_path: Path) -> None:
    sha256, _ = store.put(source)
    target = tmp_path / "mine"
    target.write_bytes(b"old")
    store.copy_out(sha256, target, what="m:1")
    target.write_bytes(target.read_bytes() + b"changed")
    store.verify(sha256, "m:1")


def test_reclaiming_frees_what_nothing_needs_and_half_written_files(store: FileStore, source: Path) -> None:
    kept, _ = store.put(source)
    other = source.with_name("other")
    other.write_bytes(b"x" * 123)
    store.put(other)
    (store.root / ".new-killed").write_bytes(b"half")
    assert store.reclaim(lambda: {kept}) == 127
    assert [path.name for path in store.root.rglob("*") if path.is_file()] == [kept]


def test_what_is_still_linked_elsewhere_frees_nothing(store: FileStore, source: Path, tmp_path: Path) -> None:
    sha256, _ = store.put(source)
    store.place(sha256, tmp_path / "placed", what="m:1")
    assert store.reclaim(tuple) == 0
    assert (tmp_path / "placed").read_bytes() == source.read_bytes()


def test_reclaiming_waits_for_those_who_are_adding(store: FileStore, source: Path) -> None:
    recorded: set[str] = set()
    asked = threading.Event()

    def needed() -> set[str]:
        asked.set()
        return recorded

    reclaiming = threading.Thread(target=store.reclaim, args=(needed,))
    with store.adding():
        sha256, _ = store.put(source)
        reclaiming.start()
        assert not asked.wait(0.2)
        recorded.add(sha256)
    reclaiming.join()
    store.verify(sha256, "m:1")
