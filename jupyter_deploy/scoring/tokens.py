"""Signed tokens (JWT) that open a service for a time: one algorithm, one audience, no claim believed before the signature is right."""

from __future__ import annotations

import base64
import hmac
import time
from typing import Any

import orjson

LEEWAY = 30.0
"""Seconds by which the clock that a token was made with may differ from ours."""


class Tokens:
    """What tokens open a service.

    Parameters
    ----------
    secrets : the secrets that a token may be signed with. audience : what it has to be made for.
    """

    def __init__(self, secrets: tuple[bytes, ...], audience: str) -> None:
        self._secrets = secrets
        self._audience = audience

    def objection(self, sent: bytes) -> str:
        """Return in a word why a token does not open the service; empty when it does."""
        parts = sent.split(b".")
        header = _document(parts[0]) if len(parts) == 3 else None
        if header is None:
            return "malformed" if sent else "missing"
        if header.get("alg") != "HS256" or "crit" in header:
            return "algorithm"
        signed, _, signature = sent.rpartition(b".")
        # Compared as it is written, so that no second way to write a signature is taken.
        matches = [hmac.compare_digest(signature, _sign(secret, signed)) for secret in self._secrets]
        if not any(matches):
            return "signature"
        claims = _document(parts[1])
        return "malformed" if claims is None else self._objection_to(claims, time.time())

    def _objection_to(self, claims: dict[str, Any], now: float) -> str:
        times = [claims.get("exp"), claims.get("nbf", 0), claims.get("iat")]
        if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in times):
            return "malformed"
        expires, begins, made = times
        if now >= expires + LEEWAY:
            return "expired"
        if now < max(begins, made) - LEEWAY:
            return "not yet valid"
        audience = claims.get("aud")
        meant = audience if isinstance(audience, list) else [audience]
        return "" if self._audience in meant else "audience"


def _sign(secret: bytes, signed: bytes) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).rstrip(b"=")


def _document(part: bytes) -> dict[str, Any] | None:
    try:
        document = orjson.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except ValueError:  # no base64, no JSON
        return None
    return document if isinstance(document, dict) else None
