from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.workspace.addresses import DatabaseAddress
from jupyter_deploy.workspace.passwords import find_password

ADDRESS = DatabaseAddress("ada", "db.example.org", 5432, "models")


@pytest.fixture
def passfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "pgpass"
    path.touch(mode=0o600)
    monkeypatch.setenv("PGPASSFILE", str(path))
    monkeypatch.delenv("PGPASSWORD", raising=False)
    return path


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("db.example.org:5432:models:ada:secret\n", "secret"),
        ("# a comment\nother:*:*:*:no\n*:*:*:ada:first\n*:*:*:*:second\n", "first"),
        (r"*:*:*:*:with\:colon\\and" + "\n", r"with:colon\and"),
        ("*:5433:*:*:no\n", None),
        ("half:a:line\n\n", None),
        ("", None),
    ],
)
def test_the_first_line_that_fits_has_the_password(passfile: Path, text: str, password: str | None) -> None:
    passfile.write_text(text)
    assert find_password(ADDRESS) == password


def test_the_variable_comes_first(passfile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passfile.write_text("*:*:*:*:file\n")
    monkeypatch.setenv("PGPASSWORD", "variable")
    assert find_password(ADDRESS) == "variable"


def test_a_socket_goes_by_the_name_localhost(passfile: Path) -> None:
    passfile.write_text("localhost:*:*:*:secret\n")
    assert find_password(DatabaseAddress("ada", "/run/postgresql", 5432, "models")) == "secret"


def test_a_file_that_others_can_read_counts_for_nothing(passfile: Path) -> None:
    passfile.write_text("*:*:*:*:secret\n")
    passfile.chmod(0o640)
    assert find_password(ADDRESS) is None
    passfile.unlink()
    assert find_password(ADDRESS) is None
