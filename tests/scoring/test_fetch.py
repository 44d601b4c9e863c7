"""Models that a service fetches before it starts: whole and checked, or a reason in one line."""

from __future__ import annotations

import hashlib
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from jupyter_deploy.scoring import fetch

CONTENT = bytes(range(256)) * 4096


class Store(http.server.ThreadingHTTPServer):
    """A server of files.

    Attributes
    ----------
    files : its files by their paths. breaks : how many answers it breaks off in the middle. asked : path and headers of each request.
    elsewhere : where it sends on who asks for "/moved".
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {"/models/tiny/1/a b.bin": CONTENT}
        self.breaks = 0
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.elsewhere = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/models"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Store

    def do_GET(self) -> None:
        path = self.path.replace("%20", " ")
        self.server.asked.append((path, {name.lower(): value for name, value in self.headers.items()}))
        content = self.server.files.get(path)
        if self.server.elsewhere and content is None:
            self.send_response(302)
            self.send_header("Location", self.server.elsewhere)
            self.end_headers()
            return
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.server.breaks:
            self.server.breaks -= 1
            content = content[: len(content) // 2]
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def store() -> Iterator[Store]:
    server = Store()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def described(content: bytes = CONTENT, key: str = "tiny/1/a b.bin") -> dict[str, Any]:
    return {"path": "tiny/1/a b.bin", "key": key, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def run(folder: Path, url: str, file: dict[str, Any], **storage_options: Any) -> subprocess.CompletedProcess[str]:
    """Run the role as a pod does."""
    (folder / "models.json").write_text(json.dumps({"url": url, "files": [file]}))
    (folder / "secrets.json").write_text(json.dumps({fetch.STORAGE_OPTIONS: json.dumps(storage_options)}))
    command = [sys.executable, str(Path(fetch.__file__).parent), "fetch", "--models", str(folder / "models.json")]
    command += ["--into", str(folder / "into"), "--secrets", str(folder / "secrets.json")]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_a_file_is_fetched_and_checked(store: Store, tmp_path: Path) -> None:
    done = run(tmp_path, store.url, described(), headers={"Authorization": "Bearer secret-word"})
    assert done.returncode == 0, done.stderr
    placed = tmp_path / "into" / "tiny" / "1" / "a b.bin"
    assert placed.read_bytes() == CONTENT
    assert [path.name for path in placed.parent.iterdir()] == ["a b.bin"]
    assert done.stdout.startswith(f"fetched tiny/1/a b.bin from {store.url}: 1.0 MB in ")
    assert store.asked[0][1]["authorization"] == "Bearer secret-word"
    assert "secret-word" not in done.stdout + done.stderr
    run(tmp_path, store.url, described())
    assert len(store.asked) == 1  # what is there is not fetched again


def test_another_file_is_refused(store: Store, tmp_path: Path) -> None:
    done = run(tmp_path, store.url, described(b"x" * len(CONTENT)))
    assert done.returncode == 1
    assert f"tiny/1/a b.bin from {store.url} is not the file that was registered: its SHA-256 is" in done.stderr
    assert list((tmp_path / "into" / "tiny" / "1").iterdir()) == []
    assert len(store.asked) == 1


def test_a_file_that_is_not_there_is_asked_for_once(store: Store, tmp_path: Path) -> None:
    done = run(tmp_path, store.url, described(key="tiny/1/other.bin"))
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "the server answers 404 Not Found" in done.stderr
    assert len(store.asked) == 1


def test_a_connection_that_breaks_is_made_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetch, "_PAUSES", (0.0, 0.0))
    source = fetch.source_of(store.url, {})
    store.breaks = 2
    fetch.fetch(source, store.url, described(), tmp_path)
    assert (tmp_path / "tiny/1/a b.bin").read_bytes() == CONTENT
    assert capsys.readouterr().out.count("once more in 0 s") == 2
    store.breaks = 3
    with pytest.raises(fetch.FetchError, match="cannot be read: it ended after 524288 of 1048576 bytes"):
        fetch.fetch(source, store.url, described(), tmp_path / "other")


def test_whom_a_server_sends_us_on_to_learns_no_credentials(store: Store, tmp_path: Path) -> None:
    other = f"{store.url}/tiny/1/a b.bin".replace(" ", "%20")
    store.elsewhere = other
    done = run(tmp_path, store.url, described(key="moved"), headers={"Authorization": "Bearer secret-word"})
    assert done.returncode == 0, done.stderr
    assert ["authorization" in headers for _, headers in store.asked] == [True, False]


def test_other_places_are_read_through_fsspec(tmp_path: Path) -> None:
    with fsspec.open("memory://models/tiny/1/a b.bin", "wb") as file:
        file.write(CONTENT)
    fetch.fetch(fetch.source_of("memory://models", {}), "memory://models", described(), tmp_path)
    assert (tmp_path / "tiny/1/a b.bin").read_bytes() == CONTENT
    with pytest.raises(fetch.FetchError, match=r"cannot be read: FileNotFoundError"):
        fetch.fetch(fetch.source_of("memory://none", {}), "memory://none", described(), tmp_path / "other")
    with pytest.raises(fetch.FetchError, match=r"nosuch://place cannot be opened: ValueError.*name the packages"):
        fetch.source_of("nosuch://place", {})
