from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_deploy.errors import Busy, IntegrityError
from jupyter_deploy.workspace.remote_files import RemoteFiles
from jupyter_deploy.workspace.shared_store import SharedStore


class Lock:
    """A lock that may be lost or held by others, as a test wants it."""

    is_held = True
    is_free = True

    @contextlib.contextmanager
    def __call__(self, alone: bool) -> Iterator[Callable[[], bool] | None]:
        yield (lambda: self.is_held) if self.is_free or not alone else None


@pytest.fixture
def lock() -> Lock:
    return Lock()


@pytest.fixture
def remote(tmp_path: Path) -> RemoteFiles:
    return RemoteFiles(f"file://{tmp_path}/remote", "0123456789abcdef")


@pytest.fixture
def store(tmp_path: Path, remote: RemoteFiles, lock: Lock) -> SharedStore:
    return SharedStore(tmp_path / "files", tmp_path / "files.lock", remote, lock)


@pytest.fixture
def other(tmp_path: Path, remote: RemoteFiles, lock: Lock) -> SharedStore:
    """The same records' store from another folder."""
    return SharedStore(tmp_path / "other", tmp_path / "other.lock", remote, lock)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights" * 1000)
    return path


def test_what_one_folder_puts_another_places_as_a_link_to_its_cache(
    store: SharedStore, other: SharedStore, source: Path, tmp_path: Path
) -> None:
    sha256, size = store.put(source)
    assert (sha256, size) == (hashlib.sha256(source.read_bytes()).hexdigest(), 7000)
    for name in ("first", "second"):
        other.place(sha256, tmp_path / name, what="m:1")
    assert (tmp_path / "first").samefile(tmp_path / "second")
    assert (tmp_path / "first").stat().st_mode & 0o777 == 0o400
    store.remote.remove(store.remote.where(sha256))
    other.copy_out(sha256, tmp_path / "third", what="m:1")  # fetched once
    assert (tmp_path / "third").read_bytes() == source.read_bytes()


def test_equal_content_is_sent_once(store: SharedStore, other: SharedStore, source: Path) -> None:
    sha256, _ = store.put(source)
    sent = Path(store.remote.where(sha256)).stat()
    other.put(source)
    assert Path(store.remote.where(sha256)).stat() == sent
    assert store.size() == 7000


def test_progress_grows_over_reading_and_sending(store: SharedStore, source: Path) -> None:
    seen: list[tuple[int, int]] = []
    store.put(source, lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == ((3500, 7000), (7000, 7000))


def test_a_damaged_cache_is_mended_and_a_damaged_store_found_out(
    store: SharedStore, other: SharedStore, source: Path, tmp_path: Path
) -> None:
    sha256, _ = store.put(source)
    cached = store._path(sha256)
    cached.chmod(0o600)
    cached.write_bytes(b"other")
    store.verify(sha256, "m:1")
    assert cached.read_bytes() == source.read_bytes()
    Path(store.remote.where(sha256)).write_bytes(b"other")
    with pytest.raises(IntegrityError, match="stored file of m:1 is not what was registered") as caught:
        other.place(sha256, tmp_path / "placed", what="m:1")
    assert store.remote.where(sha256) in caught.value.why
    assert [path for path in other.root.rglob("*") if path.is_file()] == []
    assert not (tmp_path / "placed").exists()


def test_a_missing_file_is_named_and_registering_again_repairs_it(
    store: SharedStore, other: SharedStore, source: Path
) -> None:
    sha256, _ = store.put(source)
    store.remote.remove(store.remote.where(sha256))
    with pytest.raises(IntegrityError, match="the stored file of m:1 is missing"):
        other.verify(sha256, "m:1")
    store.put(source)
    other.verify(sha256, "m:1")


def test_reclaiming_frees_what_nothing_needs_here_and_there(store: SharedStore, source: Path) -> None:
    kept, _ = store.put(source)
    source.write_bytes(b"x" * 123)
    gone, _ = store.put(source)
    assert store.reclaim(lambda: {kept}) == 123
    assert store.remote.sizes() == {kept: 7000}
    assert not store._path(gone).exists()


def test_reclaiming_takes_away_what_a_killed_upload_left(store: SharedStore, source: Path, tmp_path: Path) -> None:
    sha256, _ = store.put(source)
    unfinished = tmp_path / "remote" / "0123456789abcdef" / "unfinished" / "half"
    unfinished.parent.mkdir(exist_ok=True)
    unfinished.write_bytes(b"half")
    store.reclaim(lambda: {sha256})
    assert not unfinished.exists()
    store.put(source)


def test_nothing_is_removed_while_others_add_or_when_the_lock_is_lost(
    store: SharedStore, lock: Lock, source: Path
) -> None:
    sha256, _ = store.put(source)
    lock.is_free = False
    assert store.reclaim(tuple) == 0
    with pytest.raises(Busy, match=r"^files are being added or fetched at file://"), store.alone():
        pass
    lock.is_free, lock.is_held = True, False
    assert store.reclaim(tuple) == 0
    assert store.remote.sizes() == {sha256: 7000}


def test_what_is_being_fetched_is_not_taken_for_left_over(
    store: SharedStore, other: SharedStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256, _ = store.put(source)
    chunks = other.remote.chunks

    def reclaim_meanwhile(wanted: str) -> Iterator[bytes]:
        for chunk in chunks(wanted):
            assert other.reclaim(lambda: {wanted}) == 0
            yield chunk

    monkeypatch.setattr(other.remote, "chunks", reclaim_meanwhile)
    other.verify(sha256, "m:1")
    assert other._path(sha256).read_bytes() == source.read_bytes()


def test_what_was_removed_while_the_lock_was_lost_is_sent_again(
    store: SharedStore, lock: Lock, source: Path, tmp_path: Path
) -> None:
    with store.adding():
        sha256, _ = store.put(source)
        lock.is_held = False
        store.remote.remove(store.remote.where(sha256))  # by somebody who got the lock then
    assert store.remote.sizes() == {sha256: 7000}


def test_what_failed_to_be_recorded_is_not_sent_again(store: SharedStore, lock: Lock, source: Path) -> None:
    with pytest.raises(ZeroDivisionError), store.adding():
        sha256, _ = store.put(source)
        lock.is_held = False
        store.remote.remove(store.remote.where(sha256))
        raise ZeroDivisionError
    assert store.remote.sizes() == {}
