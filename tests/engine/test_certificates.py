"""A service over TLS, from its deployment over new certificates under load to its end."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.config.certificates import trusting
from jupyter_deploy.engine.certificates import trusted_certificates
from jupyter_deploy.errors import ConfigError, ScoringFailed
from jupyter_deploy.sdk.scoring_client import Client
from tests.certificates import CNAME, Pair, issued
from tests.contract.test_secrets import tellers_of
from tests.helpers import processes_of, wait_until, write_script
from tests.services import NAME, begin, serve


def shown(service: Webservice, *trusted: Pair) -> str:
    """The certificate that a new connection is shown, after it was verified."""
    context = trusting("".join(pair.certificate.read_text() for pair in trusted))
    port = getattr(service, "port", 0)
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname=CNAME) as connection,
    ):
        assert connection.version() in ("TLSv1.2", "TLSv1.3")
        return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b"")


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def test_a_certificate_is_replaced_under_load(workspace: Workspace, tmp_path: Path) -> None:
    first, second, third = (issued(tmp_path, name) for name in ("first", "second", "third"))
    service = serve(workspace, write_script(tmp_path), options={**first.options, "auth_enabled": True})
    assert str(service.scoring_uri).startswith(f"https://{CNAME}:")
    assert (service.ssl_enabled, service.state, service.version) == (True, "Healthy", 1)
    assert service.run("x") == "x"
    assert lines(shown(service, first)) == lines(first.certificate.read_text())
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{service.port}/", timeout=10)  # type: ignore[attr-defined]

    failures: list[BaseException] = []
    count, done = [0], threading.Event()

    def ask() -> None:
        handle = Webservice(workspace, NAME)
        while not done.is_set():
            try:
                assert handle.run("x") == "x"
                count[0] += 1
            except BaseException as error:
                failures.append(error)

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        wait_until(lambda: count[0] > 5 or failures)
        service.update(**second.files)
        service.wait_for_deployment()
        assert lines(shown(service, second)) == lines(second.certificate.read_text())
        assert service.version == 1
        service.update(**third.files, max_body_mb=7)
        service.wait_for_deployment()
        assert lines(shown(service, third)) == lines(third.certificate.read_text())
        assert service.version == 2
        seen = count[0]
        wait_until(lambda: count[0] > seen + 5 or failures)
    finally:
        done.set()
        for client in clients:
            client.join()
    assert failures == []

    service.rollback()
    service.wait_for_deployment()
    assert lines(shown(service, third)) == lines(third.certificate.read_text())
    service.stop()
    service.start()
    assert service.run("x") == "x"
    secret = workspace.path / "secrets" / f"{NAME}.tls"
    assert secret.stat().st_mode & 0o777 == 0o600
    for pair in (first, second, third):
        holders = [
            path
            for path in workspace.path.rglob("*")
            if path.is_file() and pair.secret_line.encode() in path.read_bytes()
        ]
        assert holders == ([secret] if pair is third else [])
        assert tellers_of(pair.secret_line, processes_of(workspace)) == []
    assert "secret:" in json.dumps(service.serialize()["deploymentConfig"])
    service.delete()
    assert list((workspace.path / "secrets").iterdir()) == []


def test_a_certificate_replaced_between_its_reading_and_the_handshake(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = issued(tmp_path), issued(tmp_path, "other")
    service = serve(workspace, write_script(tmp_path), options=first.options)
    stale = [other.certificate.read_text()]
    monkeypatch.setattr(
        "jupyter_deploy.sdk.https.trusted_certificates",
        lambda *given: stale.pop() if stale else trusted_certificates(*given),
    )
    assert service.run("x") == "x"
    assert stale == []
    monkeypatch.setattr("jupyter_deploy.sdk.https.trusted_certificates", lambda *_: other.certificate.read_text())
    with pytest.raises(ScoringFailed, match="does not answer"):
        service.run("x")


def test_a_request_that_may_have_arrived_is_not_sent_again(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = serve(workspace, write_script(tmp_path), options=issued(tmp_path).options)
    sent: list[bytes] = []

    def send(_: Client, question: Any) -> requests.Response:
        sent.append(question.body)
        raise requests.exceptions.SSLError(ssl.SSLError("decryption failed or bad record mac"))

    monkeypatch.setattr(Client, "_sent", send)
    with pytest.raises(ScoringFailed, match="does not answer"):
        service.run("x")
    assert len(sent) == 1


def test_what_is_wrong_is_said_in_the_call(workspace: Workspace, tmp_path: Path) -> None:
    first, second = issued(tmp_path), issued(tmp_path, "second")
    wrong = {**first.options, "ssl_key_pem_file": str(second.key)}
    with pytest.raises(ConfigError, match="does not belong to the certificate"):
        begin(workspace, write_script(tmp_path), options=wrong)
    with pytest.raises(ConfigError, match="give the path of a certificate"):
        own = dict.fromkeys(first.files, "secret:other-service.tls")
        begin(workspace, write_script(tmp_path), options={**first.options, **own})
    assert Webservice.list(workspace) == []
    service = serve(workspace, write_script(tmp_path), options=first.options)
    for changes, reason in (
        ({"ssl_cert_pem_file": str(second.certificate)}, "belong together; give both"),
        ({**second.files, "ssl_key_pem_file": str(first.key)}, "does not belong to the certificate"),
        ({"ssl_enabled": False}, "ssl_enabled cannot change on a living service"),
        ({"ssl_cname": "other.example.org"}, "ssl_cname cannot change on a living service"),
    ):
        with pytest.raises(ConfigError, match=reason):
            service.update(**changes)
    assert lines(shown(service, first)) == lines(first.certificate.read_text())
    again = begin(workspace, write_script(tmp_path), options=second.options)
    assert (again.begun and again.begun.operation, again.version) == (None, 1)
    assert lines(shown(service, second)) == lines(second.certificate.read_text())

    service.update(**issued(tmp_path, "late", age=timedelta(hours=1)).files)
    (finding,) = service.findings
    assert str(finding).startswith("late.pem: warning: the certificate has expired")
