"""Tokens of a service, from the call that asks for them to the request that they open."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import jwt
import pytest

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.errors import ConfigError, UserError
from tests.helpers import post, write_script
from tests.services import NAME, serve


def test_tokens_from_the_first_to_the_last(workspace: Workspace, tmp_path: Path) -> None:
    service = serve(workspace, write_script(tmp_path), options={"token_auth_enabled": True})
    uri = str(service.scoring_uri)
    first = service.get_access_token()
    assert (service.token_auth_enabled, service.auth_enabled, first.token_type) == (True, False, "Bearer")
    life = first.expiry_on - datetime.now(timezone.utc)
    assert timedelta(hours=23, minutes=59) < life <= timedelta(hours=24)
    assert first.expiry_on - first.refresh_after == timedelta(hours=12)
    assert first.access_token not in repr(first)
    claims = jwt.decode(first.access_token, options={"verify_signature": False})
    assert claims["aud"] == f"{workspace.folder.id}/{NAME}"
    assert [post(uri, "x", key=key).status for key in (first.access_token, None, "wrong")] == [200, 401, 401]
    assert service.run("x") == "x"
    assert service.get_token()[1] >= first.refresh_after

    service.regen_key("Primary")
    second = service.get_access_token()
    assert [post(uri, "x", key=token.access_token).status for token in (first, second)] == [200, 200]
    service.regen_key("Secondary")
    assert [post(uri, "x", key=token.access_token).status for token in (first, second)] == [401, 200]
    with pytest.raises(UserError, match="are made here, not given"):
        service.regen_key("Primary", set_key="k" * 32)
    with pytest.raises(UserError, match="asks for tokens, not for a key") as error:
        service.get_keys()
    assert "get_access_token" in error.value.remedy

    with pytest.raises(ConfigError, match="both true"):
        service.update(auth_enabled=True)
    service.update(auth_enabled=True, token_auth_enabled=False)
    service.wait_for_deployment()
    assert post(uri, "x", key=second.access_token).status == 401
    assert post(uri, "x", key=service.get_keys()[0]).status == 200
    held = json.loads((workspace.path / "secrets" / f"{NAME}.keys").read_text())
    assert len(set(held.values())) == 4  # who has a key cannot sign tokens with it


def test_a_service_without_tokens_says_how_to_turn_them_on(shared: Webservice) -> None:
    with pytest.raises(UserError, match="asks for no token") as error:
        shared.get_access_token()
    assert "token_auth_enabled" in error.value.remedy
