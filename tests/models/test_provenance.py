from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from jupyter_deploy.models import provenance


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@b", "-C", str(folder), *arguments]  # fmt: skip
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "train.py").write_text("pass")
    git(tmp_path, "add", "train.py")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    return tmp_path


def test_a_repository_s_state_is_recorded(repository: Path) -> None:
    (repository / "out").mkdir()
    assert provenance.source(repository / "out") == {"commit": git(repository, "rev-parse", "HEAD"), "dirty": False}
    (repository / "train.py").write_text("changed")
    assert provenance.source(repository)["dirty"] is True


@pytest.mark.parametrize(
    ("remote", "recorded"),
    [
        ("https://me:token@example.org/a/b.git?key=1", "https://example.org/a/b.git"),
        ("https://token@example.org:8443/a.git", "https://example.org:8443/a.git"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
    ],
)
def test_the_remote_is_recorded_without_credentials(repository: Path, remote: str, recorded: str) -> None:
    git(repository, "remote", "add", "origin", remote)
    assert provenance.source(repository)["remote"] == recorded


def test_a_repository_s_own_programs_are_not_run(repository: Path) -> None:
    program = repository / "spy"
    program.write_text("#!/bin/sh\ntouch ran\n")
    program.chmod(0o700)
    git(repository, "config", "core.fsmonitor", str(program))
    assert "commit" in provenance.source(repository)
    assert not (repository / "ran").exists()


def test_without_a_repository_nothing_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert provenance.source(tmp_path) == {}


def test_a_broken_repository_is_no_error(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("nonsense")
    assert "commit" not in provenance.source(tmp_path)


def test_the_notebook_is_recorded_without_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/work/train.ipynb")
    assert provenance.source(tmp_path) == {"notebook": "train.ipynb"}


def test_versions_are_those_of_installed_distributions() -> None:
    import sklearn

    versions = provenance.package_versions(["sklearn", "no_such_module"])
    assert versions == {"scikit-learn": sklearn.__version__}
