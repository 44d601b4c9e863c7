from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.errors import NotFound, UserError
from jupyter_deploy.workspace.secret_files import Secrets


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(tmp_path / "secrets")


@pytest.mark.parametrize("value", ["p4ss\nwort ü", {"primary": "a", "secondary": "b"}])
def test_what_was_put_is_got_by_its_reference(secrets: Secrets, value: str | dict[str, object]) -> None:
    reference = secrets.put("svc.keys", value)
    assert reference == "secret:svc.keys"
    assert secrets.get(reference) == value


def test_only_the_user_can_read_them(secrets: Secrets, tmp_path: Path) -> None:
    path = secrets.path(secrets.put("a", "b"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_putting_again_replaces_and_leaves_nothing_behind(secrets: Secrets) -> None:
    secrets.put("a", "old")
    path = secrets.path(secrets.put("a", "new"))
    assert secrets.get("secret:a") == "new"
    assert [entry.name for entry in path.parent.iterdir()] == ["a"]


def test_removed_is_gone_and_removing_again_is_no_error(secrets: Secrets) -> None:
    reference = secrets.put("a", "b")
    secrets.remove(reference)
    secrets.remove(reference)
    with pytest.raises(NotFound, match="there is no secret:a"):
        secrets.get(reference)


@pytest.mark.parametrize("name", ["", "../a", "a/b", ".hidden", "a\n"])
def test_names_that_could_be_paths_are_refused(secrets: Secrets, name: str) -> None:
    with pytest.raises(UserError, match="not a valid name"):
        secrets.put(name, "x")
    with pytest.raises(UserError):
        secrets.get(f"secret:{name}")


def test_a_plain_text_is_no_reference(secrets: Secrets) -> None:
    with pytest.raises(UserError, match="not a reference"):
        secrets.get("svc.keys")
