"""Signed tokens, made with PyJWT as any other program would make them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

from jupyter_deploy.scoring.tokens import LEEWAY, Tokens

from .fronts import Front, make_bundle

SECRET, FORMER = "s" * 32, "f" * 32
AUDIENCE = "abc123/diabetes-service"


def token(secret: str = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token; times are seconds from now, and a claim that is None is left out."""
    now = time.time()
    held = {"aud": AUDIENCE, "iat": 0, "nbf": 0, "exp": 60, **claims}
    times = {name: now + value for name, value in held.items() if name != "aud" and value is not None}
    return jwt.encode({"aud": held["aud"], **times} if held["aud"] is not None else times, secret, algorithm, headers)


def objection(text: str) -> str:
    return Tokens((SECRET.encode(), FORMER.encode()), AUDIENCE).objection(text.encode("latin-1"))


def unsigned(header: object, claims: object = None) -> str:
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    return ".".join((*encoded, ""))


@pytest.mark.parametrize(
    "claims",
    [
        {}, {"secret": FORMER}, {"aud": ["other", AUDIENCE]}, {"nbf": None}, {"exp": -LEEWAY / 2}, {"iat": LEEWAY / 2},
        {"headers": {"kid": "any"}},
    ],
)  # fmt: skip
def test_tokens_that_open(claims: dict[str, Any]) -> None:
    assert objection(token(**claims)) == ""


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"secret": "x" * 32}, "signature"), ({"algorithm": "HS512", "secret": "k" * 64}, "algorithm"),
        ({"headers": {"crit": ["b64"]}}, "algorithm"), ({"exp": -2 * LEEWAY}, "expired"),
        ({"nbf": 2 * LEEWAY}, "not yet valid"), ({"iat": 2 * LEEWAY}, "not yet valid"), ({"aud": "abc123/other-service"}, "audience"),
        ({"aud": None}, "audience"), ({"aud": []}, "audience"), ({"exp": None}, "malformed"), ({"iat": None}, "malformed"),
    ],
)  # fmt: skip
def test_tokens_that_do_not(claims: dict[str, Any], reason: str) -> None:
    assert objection(token(**claims)) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing"), ("a.b", "malformed"), ("a.b.c", "malformed"), ("ÿ.ÿ.ÿ", "malformed"), (unsigned([1]), "malformed"),
        (unsigned({"alg": "HS256"}, {"aud": AUDIENCE}), "signature"), (unsigned({"alg": "none"}, {"aud": AUDIENCE}), "algorithm"),
        (unsigned({}, {"aud": AUDIENCE}), "algorithm"),
    ],
)  # fmt: skip
def test_texts_that_are_no_tokens(text: str, reason: str) -> None:
    assert objection(text) == reason


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text + "=", lambda text: text + "!"])
def test_a_signature_is_written_in_one_way_only(change: Callable[[str], str]) -> None:
    assert objection(change(token())) == "signature"


def test_a_service_that_asks_for_tokens(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"primarySecret": SECRET, "secondarySecret": FORMER}))
    settings = make_bundle(tmp_path, tokenAuthEnabled=True, workspace="abc123", name="diabetes-service")
    with Front(settings, options=("--keys", str(path)), environment={"SERVICE_NAME": "other"}).serve() as front:

        def ask(authorization: str | None) -> tuple[int, str, str]:
            reply = front.post("x", {"Authorization": authorization} if authorization else {})
            return reply.status, reply.headers.get("www-authenticate", ""), reply.json if reply.status == 200 else ""

        assert ask(f"Bearer {token()}") == ask(f"bearer {token(FORMER)}") == (200, "", "x")
        assert ask(None) == ask(token()) == (401, "Bearer", "")
        assert ask(f"Bearer {SECRET}")[1] == 'Bearer error="invalid_token", error_description="malformed"'
        late = front.post("x", {"Authorization": f"Bearer {token(exp=-1000)}"})
        assert (late.status, "expired" in late.json["message"]) == (401, True)
        assert front.ask("GET", "/live").status == 200

        path.write_text(json.dumps({"primarySecret": "n" * 32, "secondarySecret": SECRET}))
        front.order("load_keys")
        front.expect("keys_loaded")
        assert [ask(f"Bearer {token(secret)}")[0] for secret in ("n" * 32, SECRET, FORMER)] == [200, 200, 401]
        assert token()[:20] not in front.log


def test_keys_and_tokens_together_are_a_failed_start(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, tokenAuthEnabled=True, authEnabled=True)) as front:
        assert "choose keys or tokens" in front.expect("failed")["message"]
