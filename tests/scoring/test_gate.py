"""Host, Origin and keys, as clients meet them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .fronts import Front, make_bundle, wait_for

KEYS = {"primaryKey": "first-key", "secondaryKey": "second-key"}
PAGE = "https://pages.example.org"


@pytest.fixture(scope="module")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    path.write_text(json.dumps(KEYS))
    return path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, keys_file: Path) -> Iterator[Front]:
    settings = make_bundle(tmp_path_factory.mktemp("guarded"), authEnabled=True, allowedHosts=["models.example.org"])
    options = ("--keys", str(keys_file), "--address", "10.1.2.3")
    front = Front(settings, options=options, environment={"AML_CORS_ORIGINS": PAGE})
    with front.serve():
        yield front


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:5001", "Models.Example.org:443", "10.1.2.3:5001"])
def test_hosts_that_are_answered(guarded: Front, host: str) -> None:
    assert guarded.post("x", {"Host": host, **bearer("first-key")}).status == 200


@pytest.mark.parametrize("host", ["evil.example.org", "", "localhost.evil.example.org", "[::2]"])
def test_hosts_that_are_refused(guarded: Front, host: str) -> None:
    reply = guarded.post("x", {"Host": host, **bearer("first-key")})
    assert reply.status == 421
    assert "allowed_hosts" in reply.json["message"]


@pytest.mark.parametrize("path", ["/", "/live", "/ready"])
def test_health_is_told_to_anybody(guarded: Front, path: str) -> None:
    assert guarded.ask("GET", path, headers={"Host": "10.0.0.7:5001"}).status == 200


@pytest.mark.parametrize(
    "headers", [{}, bearer("wrong"), bearer(""), {"Authorization": "first-key"}, {"Authorization": "Bearer schlüssel"}]
)
@pytest.mark.parametrize("path", ["/score", "/swagger.json", "/docs", "/nowhere"])
def test_without_the_key(guarded: Front, path: str, headers: dict[str, str]) -> None:
    reply = guarded.ask("GET", path, headers=headers)
    assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")
    assert "Authorization: Bearer" in reply.json["message"]


@pytest.mark.parametrize("key", KEYS.values())
def test_with_either_key(guarded: Front, key: str) -> None:
    assert guarded.post("x", bearer(key)).json == "x"


def test_keys_change_when_the_owner_says_so(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(KEYS))
    with Front(make_bundle(tmp_path, authEnabled=True), options=("--keys", str(path))).serve() as front:
        path.write_text(json.dumps({**KEYS, "primaryKey": "new-key"}))
        assert front.post("x", bearer("first-key")).status == 200
        front.order("load_keys")
        front.expect("keys_loaded")
        assert front.post("x", bearer("first-key")).status == 401
        assert front.post("x", bearer("new-key")).status == 200
        path.write_text("{}")
        front.order("load_keys")
        front.order("load_keys")
        assert front.post("x", bearer("new-key")).status == 200
        assert "the keys stay as they were" in front.log
        assert "new-key" not in front.log


def replace(path: Path, text: str) -> None:
    """Put another file in a file's place, as a cluster's node does."""
    unfinished = path.with_suffix(".new")
    unfinished.write_text(text)
    unfinished.replace(path)


def test_keys_change_with_their_revision_where_nobody_says_so(tmp_path: Path) -> None:
    keys, revision = tmp_path / "keys.json", tmp_path / "revision.json"
    keys.write_text(json.dumps(KEYS))
    revision.write_text("1")
    options = ("--keys", str(keys), "--revision", str(revision))
    with Front(make_bundle(tmp_path, authEnabled=True), options=options).serve() as front:
        assert "keys and certificate were read (revision 1)" in front.log
        keys.write_text("{}")
        replace(revision, "2")
        wait_for(lambda: "the keys stay as they were" in front.log)
        assert front.post("x", bearer("first-key")).status == 200
        keys.write_text(json.dumps({**KEYS, "primaryKey": "new-key"}))
        replace(revision, "3")
        wait_for(lambda: "keys and certificate were read again (revision 3)" in front.log)
        assert [front.post("x", bearer(key)).status for key in ("first-key", "new-key")] == [401, 200]
        assert "(revision 2)" not in front.log
        assert "new-key" not in front.log


def test_authentication_without_keys_is_a_failed_start(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, authEnabled=True)) as front:
        failed = front.expect("failed")
        assert (failed["stage"], "--keys" in failed["message"]) == ("start", True)
        assert front.process.wait(5) == 3


@pytest.mark.parametrize(
    "origin", ["https://evil.example.org", "null", "http://127.0.0.1.evil.example.org", "http://["]
)
def test_pages_that_are_refused(guarded: Front, origin: str) -> None:
    reply = guarded.post("x", {"Origin": origin, **bearer("first-key")})
    assert reply.status == 403
    assert "access-control-allow-origin" not in reply.headers


def test_pages_of_the_service_itself(guarded: Front) -> None:
    own = f"http://127.0.0.1:{guarded.port}"
    reply = guarded.post("x", {"Origin": own, **bearer("first-key")})
    assert reply.status == 200
    assert "access-control-allow-origin" not in reply.headers


def test_pages_that_are_listed(guarded: Front) -> None:
    reply = guarded.post("x", {"Origin": PAGE, **bearer("first-key")})
    assert (reply.headers["access-control-allow-origin"], reply.headers["vary"]) == (PAGE, "Origin")
    assert guarded.post("x", bearer("first-key")).headers["access-control-allow-origin"] == PAGE


def test_a_preflight_needs_no_key_and_reaches_no_script(guarded: Front) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    reply = guarded.ask("OPTIONS", "/score", headers={"Origin": PAGE, **asked})
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["access-control-allow-methods"] == "GET, POST"
    assert reply.headers["access-control-allow-headers"] == "authorization"
    assert guarded.ask("OPTIONS", "/score", headers={"Origin": "https://evil.example.org", **asked}).status == 403
    assert guarded.ask("OPTIONS", "/score", headers=asked).status == 401
