"""Signed tokens (JWT, HS256) for services that ask for them: made on this machine, good for one service and for a time."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from jupyter_deploy.engine.keys import signing_secret
from jupyter_deploy.workspace.folder import WorkspaceFolder

REFRESH_SECONDS = 12 * 3600
LIFE_SECONDS = 24 * 3600  # usable about twelve hours past its refresh time, as the original's (azureml-v1 4.6)


@dataclass(frozen=True)
class AccessToken:
    """A token that opens one service.

    Attributes
    ----------
    access_token : what is sent as ``Authorization: Bearer <access_token>``.
    refresh_after : when to get a new one. expiry_on : when it opens nothing any more. Both are UTC.
    token_type : "Bearer".
    """

    access_token: str = field(repr=False)
    refresh_after: datetime
    expiry_on: datetime
    token_type: str = "Bearer"  # noqa: S105  (a kind, no secret)


def audience_of(folder: WorkspaceFolder, service: str) -> str:
    """What a token for a service says it is made for, as the scoring server knows it from its ``service.json``."""
    return f"{folder.id}/{service}"


def issue_token(folder: WorkspaceFolder, service: str) -> AccessToken:
    """Make a token for a service; it is recorded nowhere.

    Raises
    ------
    UserError : the service asks for no token.
    """
    secret = signing_secret(folder, service)
    now = int(time.time())
    claims = {"aud": audience_of(folder, service), "iat": now, "nbf": now, "exp": now + LIFE_SECONDS}
    return AccessToken(_signed(claims, secret), _moment(now + REFRESH_SECONDS), _moment(now + LIFE_SECONDS))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _signed(claims: Mapping[str, object], secret: str) -> str:
    documents = ({"alg": "HS256", "typ": "JWT"}, claims)
    text = ".".join(_encoded(json.dumps(document, separators=(",", ":")).encode()) for document in documents)
    return f"{text}.{_encoded(hmac.digest(secret.encode(), text.encode(), 'sha256'))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
