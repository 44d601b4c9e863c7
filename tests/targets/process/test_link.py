from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.process.link import Link, new_socket_path


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the socket folder is made; the result is where that will be."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path / f"jupyter-deploy-{os.getuid()}"


def test_sockets_lie_in_a_folder_of_the_users_own(temporary: Path) -> None:
    path = new_socket_path("0a1b2c3d", "tiny")
    assert path.parent == temporary
    assert temporary.stat().st_mode & 0o777 == 0o700
    assert path.name.startswith("0a1b2c3d-")
    assert len(str(path.name)) < 32
    assert new_socket_path("0a1b2c3d", "tiny") != path


def test_what_killed_supervisors_of_a_service_left_is_removed(temporary: Path) -> None:
    left, others = (new_socket_path("0a1b2c3d", service) for service in ("tiny", "other"))
    left.touch()
    others.touch()
    assert not new_socket_path("0a1b2c3d", "tiny").exists()
    assert list(temporary.iterdir()) == [others]


def test_a_folder_that_others_can_enter_is_refused(temporary: Path) -> None:
    temporary.mkdir(mode=0o700)
    temporary.chmod(0o750)
    with pytest.raises(TargetError, match=r"is not a private folder of yours\nremove it, or set TMPDIR"):
        new_socket_path("0a1b2c3d", "tiny")


def test_what_is_no_folder_is_refused(temporary: Path, tmp_path: Path) -> None:
    temporary.touch()
    with pytest.raises(TargetError, match="is not a private folder of yours"):
        new_socket_path("0a1b2c3d", "tiny")
    temporary.unlink()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    temporary.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TargetError, match="is not a private folder of yours"):
        new_socket_path("0a1b2c3d", "tiny")


def test_a_folder_of_somebody_else_is_refused(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary.mkdir(mode=0o700)
    other = os.getuid() + 1
    temporary.rename(temporary.with_name(f"jupyter-deploy-{other}"))
    monkeypatch.setattr(os, "getuid", lambda: other)
    with pytest.raises(TargetError, match="is not a private folder of yours"):
        new_socket_path("0a1b2c3d", "tiny")


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[tuple[Path, list[bytes], list[bytes]]]:
    """A listener that answers the lines it gets one by one with prepared ones: its path, what it got, what it will say."""
    path = tmp_path / "s"
    got: list[bytes] = []
    said: list[bytes] = []
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()

    def answer() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                got.append(line)
                if not said:
                    return
                if answer := said.pop(0):
                    connection.sendall(answer)

    thread = threading.Thread(target=answer)
    thread.start()
    yield path, got, said
    thread.join()
    listener.close()


def test_a_question_takes_its_own_answer(supervisor: tuple[Path, list[bytes], list[bytes]]) -> None:
    path, got, said = supervisor
    said.append(b'{"event": "starting", "worker": 1}\n{"event": "status", "ready": true}\n')
    with Link(path) as link:
        assert link.ask("status", "status")["ready"] is True
    assert got == [b'{"do": "status"}\n']


def test_a_refusal_is_an_error_with_its_reason(supervisor: tuple[Path, list[bytes], list[bytes]]) -> None:
    path, _, said = supervisor
    said.append(b'{"event": "refused", "reason": "not now"}\n')
    with Link(path) as link, pytest.raises(TargetError, match="not now"):
        link.ask("commit", "serving")


def test_one_that_hangs_up_is_an_error(supervisor: tuple[Path, list[bytes], list[bytes]]) -> None:
    with Link(supervisor[0]) as link, pytest.raises(TargetError, match="ended before it answered 'commit'"):
        link.ask("commit", "serving")


def test_one_that_says_nothing_is_an_error(supervisor: tuple[Path, list[bytes], list[bytes]]) -> None:
    path, _, said = supervisor
    said.append(b"")
    with Link(path, timeout=0.1) as link, pytest.raises(TargetError, match="did not answer 'commit' in time"):
        link.ask("commit", "serving")
