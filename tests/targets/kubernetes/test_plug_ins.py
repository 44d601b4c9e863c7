"""Commands that give credentials: how they are shown, what they may give, and how their failures are told."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.kubeconfig import Context
from jupyter_deploy.targets.kubernetes.plug_ins import shown
from tests.targets.kubernetes.kubeconfigs import line_of, plug_in, written


def context(folder: Path, about: dict[str, Any]) -> Context:
    written(folder / "config", {"exec": about}, {"server": "https://127.0.0.1:1"})
    return Context(str(folder / "config"))


def failure(folder: Path, about: dict[str, Any]) -> TargetError:
    made = context(folder, about)
    with pytest.raises(TargetError) as raised:
        made.settings()
    assert raised.value.what == f"the command that gives the cluster's credentials failed: {made.command}"
    return raised.value


def test_a_command_is_shown_on_one_line_of_printable_characters() -> None:
    assert shown(["/opt/log in", "--as", "a\nb\x1b[2K"]) == r"'/opt/log in' --as 'a\nb\x1b[2K'"


def test_a_token_is_fetched_anew_at_its_end_and_not_before(tmp_path: Path) -> None:
    def settings_until(end: datetime) -> Any:
        status = {"token": "once", "expirationTimestamp": end.isoformat().replace("+00:00", "Z")}
        return context(tmp_path, plug_in(tmp_path, status)[0]).settings()

    now, runs = datetime.now(timezone.utc), tmp_path / "runs"
    lasting = settings_until(now + timedelta(hours=1))
    assert lasting.auth_settings()["BearerToken"]["value"] == "Bearer once"
    assert runs.read_text().count("run") == 1
    ended = settings_until(now - timedelta(seconds=1))
    plug_in(tmp_path, {"token": "again"})
    assert ended.auth_settings()["BearerToken"]["value"] == "Bearer again"
    assert runs.read_text().count("run") == 3


def test_a_certificate_is_used_as_one_in_the_file_is(tmp_path: Path) -> None:
    about, _ = plug_in(tmp_path, {"clientCertificateData": "CERTIFICATE", "clientKeyData": "KEY"})
    settings = context(tmp_path, about).settings()
    assert Path(str(settings.cert_file)).read_text() == "CERTIFICATE"
    assert Path(str(settings.key_file)).read_text() == "KEY"
    assert base64.b64encode(b"KEY").decode() not in str(settings.api_key)


def test_a_command_that_fails_is_told_with_what_it_says(tmp_path: Path) -> None:
    about, _ = plug_in(tmp_path, {}, also="import sys; sys.exit('you are logged out')")
    error = failure(tmp_path, about)
    assert "you are logged out" in error.why
    assert line_of(about) in error.what
    hinted = failure(tmp_path, {**about, "installHint": "install it from the company's page"})
    assert hinted.remedy == "install it from the company's page"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"command": "/nowhere/login"}, "No such file or directory"),
        ({"apiVersion": "client.authentication.k8s.io/v1beta1"}, "does not match"),
    ],
)
def test_a_command_that_does_not_do_is_told(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    about, _ = plug_in(tmp_path, {"token": "unused"})
    assert why in failure(tmp_path, {**about, **change}).why


def test_a_command_that_gives_nothing_is_told(tmp_path: Path) -> None:
    assert "neither a token nor a certificate" in failure(tmp_path, plug_in(tmp_path, {})[0]).why
