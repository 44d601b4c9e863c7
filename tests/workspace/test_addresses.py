from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.errors import UserError
from jupyter_deploy.workspace.addresses import DatabaseAddress, files_address


@pytest.mark.parametrize(
    ("text", "address", "password"),
    [
        ("postgresql://ada:s%2Fe%40cret@db:6000/models", "postgresql://ada@db:6000/models", "s/e@cret"),
        ("postgres://ada@db/models", "postgresql://ada@db:5432/models", None),
        ("postgresql://me@[::1]/models?sslmode=require", "postgresql://me@[::1]:5432/models?sslmode=require", None),
        ("postgresql://me@/models?host=/run/pg", "postgresql://me@:5432/models?host=%2Frun%2Fpg", None),
    ],
)
def test_the_password_is_taken_out_and_the_rest_is_said_in_one_way(
    text: str, address: str, password: str | None
) -> None:
    parsed, found = DatabaseAddress.parse(text)
    assert (str(parsed), found) == (address, password)
    assert DatabaseAddress.parse(str(parsed)) == (parsed, None)


def test_the_user_comes_from_the_surroundings_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGUSER", "grace")
    assert DatabaseAddress.parse("postgresql:///models")[0] == DatabaseAddress("grace", "localhost", 5432, "models")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mysql://a:marker@db/models", "records cannot be kept at mysql://…"),
        ("postgresql://a:marker@db", "names no database"),
        ("postgresql://a:marker@db:port/models", "the address of the database is none"),
        ("postgresql://a:marker@db/models?sslmode=maybe", "an option that is not known: sslmode=maybe"),
        ("postgresql://a:marker@db/models?password=marker", "an option that is not known: password"),
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated_as_it_may_hold_a_password(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        DatabaseAddress.parse(text)
    assert "marker" not in str(caught.value)


def test_addresses_of_files_are_absolute_and_end_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert files_address("s3://bucket/prefix/") == "s3://bucket/prefix"
    assert files_address("models") == f"file://{tmp_path}/models"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s3://key:marker@bucket", "holds credentials"),
        ("s3://", "is no address of files"),
        ("s3://bucket?a=b", "is no address of files"),
    ],
)
def test_addresses_of_files_hold_neither_credentials_nor_options(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        files_address(text)
    assert "marker" not in str(caught.value)
