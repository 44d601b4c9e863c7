from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import WorkspaceError
from jupyter_deploy.workspace.remote_files import RemoteFiles
from tests.servers import S3

SHA = "ab" + "0" * 62
OWNER = "0123456789abcdef"


@pytest.fixture(params=["file", "memory", "s3"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> RemoteFiles:
    if request.param == "s3":
        server: S3 = request.getfixturevalue("s3")
        return RemoteFiles(f"{server.new_bucket()}/models", OWNER, lambda: server.options)
    address = f"file://{tmp_path}/store" if request.param == "file" else f"memory://{tmp_path.name}"
    return RemoteFiles(address, OWNER)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights" * 1000)
    return path


def test_a_file_is_sent_found_read_and_removed(remote: RemoteFiles, source: Path) -> None:
    sent: list[int] = []
    assert not remote.holds(SHA, 7000)
    assert remote.sizes() == {}
    remote.send(SHA, source, sent.append)
    assert sent[-1] == 7000
    assert remote.holds(SHA, 7000)
    assert not remote.holds(SHA, 6999)
    assert b"".join(remote.chunks(SHA)) == source.read_bytes()
    assert remote.sizes() == {SHA: 7000}
    remote.remove(remote.where(SHA))
    remote.remove(remote.where(SHA))
    assert remote.sizes() == {}
    with pytest.raises(FileNotFoundError):
        list(remote.chunks(SHA))


def test_an_empty_file_is_a_file(remote: RemoteFiles, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    remote.send(SHA, tmp_path / "empty", lambda _: None)
    assert remote.holds(SHA, 0)
    assert list(remote.chunks(SHA)) == []


def test_records_that_share_an_address_share_no_file(remote: RemoteFiles, source: Path) -> None:
    other = RemoteFiles(remote.address, "f" * 16, remote._options)
    remote.send(SHA, source, lambda _: None)
    assert not other.holds(SHA, 7000)
    assert other.sizes() == {}
    other.remove(other.where(SHA))
    assert remote.holds(SHA, 7000)


def test_a_store_is_known_by_its_marker(remote: RemoteFiles) -> None:
    with pytest.raises(WorkspaceError, match=f"^the files of these records are not at {remote.address}"):
        remote.check()
    remote.begin()
    remote.check()
    with pytest.raises(WorkspaceError, match="the files of these records are not at"):
        RemoteFiles(remote.address, "f" * 16, remote._options).check()


def test_a_newer_store_is_refused_in_one_line(remote: RemoteFiles) -> None:
    remote._write("store.json", b'{"format": 2}')
    with pytest.raises(WorkspaceError, match=r"format 2, newer .*pip install --upgrade") as caught:
        remote.check()
    assert "\n" not in str(caught.value)


def test_what_was_cut_off_on_the_way_is_not_there(tmp_path: Path, source: Path) -> None:
    remote = RemoteFiles(f"file://{tmp_path}/store", OWNER)

    def cut_off(_sent: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remote.send(SHA, source, cut_off)
    assert remote.sizes() == {}
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("address", "options", "message", "remedy"),
    [
        ("s3://no-such-bucket/x", {}, "are not there", "Make the bucket"),
        ("s3://bucket/x", {"endpoint_url": "http://127.0.0.1:1"}, "cannot be reached", "address is right"),
        ("nonsense://bucket/x", {}, "cannot be reached", "address is right"),
    ],
)
def test_why_a_store_cannot_be_used_is_said_with_the_remedy(
    s3: S3, address: str, options: dict[str, Any], message: str, remedy: str
) -> None:
    config = {"config_kwargs": {"retries": {"max_attempts": 1}}} if options else {}
    remote = RemoteFiles(address, OWNER, lambda: {**s3.options, **config, **options})
    with pytest.raises(WorkspaceError, match=f"^the files at {address} {message}") as caught:
        remote.begin()
    assert remedy in caught.value.remedy
    assert s3.options["secret"] not in str(caught.value)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(WorkspaceError, match="need a package that is not installed here") as caught:
        RemoteFiles("s3://bucket", OWNER).check()
    assert "pip install 'jupyter-deploy-models[team]'" in caught.value.remedy
