"""The front over TLS: what it starts with, who may ask, and certificates that are replaced behind its back."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
from pathlib import Path

import pytest

from jupyter_deploy.config.certificates import trusting
from tests.certificates import CNAME, Pair, encrypted, issued

from .fronts import Front, make_bundle, wait_for

ECHO = "def init(): pass\ndef run(data): return data\n"


def write(path: Path, pair: Pair, *names: str) -> Path:
    content = {"certificate": pair.certificate.read_text(), "key": pair.key.read_text(), "names": names or [CNAME]}
    (path.parent / "new").write_text(json.dumps(content))
    os.replace(path.parent / "new", path)  # noqa: PTH105
    return path


def ask_anew(front: Front, pair: Pair, **headers: str) -> int:
    """The status of a request on a connection of its own."""
    with contextlib.closing(connection(front, pair)) as made:
        return ask(made, **headers)[0]


def connection(front: Front, pair: Pair) -> http.client.HTTPSConnection:
    made = http.client.HTTPSConnection(CNAME, front.port, timeout=20, context=trusting(pair.certificate.read_text()))
    made._create_connection = lambda *_: socket.create_connection(("127.0.0.1", front.port), 20)  # type: ignore[attr-defined]
    return made


def ask(made: http.client.HTTPSConnection, body: str = "x", **headers: str) -> tuple[int, bytes]:
    made.request("POST", "/score", body, headers)
    response = made.getresponse()
    return response.status, response.read()


def test_requests_over_tls(tmp_path: Path) -> None:
    pair = issued(tmp_path, "pair", CNAME, "*.example.com")
    path = write(tmp_path / "tls.json", pair, CNAME, "*.example.com")
    with Front(make_bundle(tmp_path, ECHO, sslEnabled=True), options=("--certificate", str(path))).serve() as front:
        made = connection(front, pair)
        large = "y" * 3_000_000
        assert ask(made) == (200, b'"x"')
        assert ask(made, large) == (200, json.dumps(large).encode())
        hosts = {
            CNAME.upper(): 200,
            "a.example.com:443": 200,
            "a.b.example.com": 421,
            "example.com": 421,
            "evil.org": 421,
        }
        assert {host: ask(made, Host=host)[0] for host in hosts} == hosts
        made.close()
        old = trusting(pair.certificate.read_text())
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with (
            socket.create_connection(("127.0.0.1", front.port)) as plain,
            pytest.raises(ssl.SSLError, match=r"VERSION|ALERT|EOF"),
        ):
            old.wrap_socket(plain, server_hostname=CNAME)
        with pytest.raises((http.client.BadStatusLine, OSError)):
            front.ask("GET", "/")
        assert ask_anew(front, pair) == 200


def test_a_certificate_that_was_replaced_is_seen(tmp_path: Path) -> None:
    first, second = issued(tmp_path), issued(tmp_path, "second")
    path = write(tmp_path / "tls.json", first)
    with Front(make_bundle(tmp_path, ECHO, sslEnabled=True), options=("--certificate", str(path))).serve() as front:
        kept = connection(front, first)
        assert ask(kept)[0] == 200
        write(path, Pair(second.certificate, first.key))
        wait_for(lambda: "the certificate stays as it was" in front.log, 5)
        assert ask_anew(front, first) == 200
        before = front.log.count("the certificate stays as it was")
        path.write_text("{")
        front.order("load_keys")
        wait_for(lambda: front.log.count("the certificate stays as it was") > before)
        write(path, second, "other.example.org")

        def is_seen() -> bool:
            try:
                return ask_anew(front, second, Host="other.example.org") == 200
            except ssl.SSLError:
                return False

        wait_for(is_seen, 5)
        assert ask(kept, Host="localhost")[0] == 200
        assert ask(kept)[0] == 421  # the connection has lived on; its name is no longer the certificate's
        kept.close()
        assert first.secret_line not in front.log
        assert second.secret_line not in front.log


def test_what_front_cannot_start_with(tmp_path: Path) -> None:
    pair = issued(tmp_path)
    path = tmp_path / "tls.json"
    for given, reason in ((None, "--certificate FILE"), (encrypted(pair), "the key is encrypted"), (pair, "")):
        if given:
            write(path, given)
        options = ("--certificate", str(path)) if given else ()
        with Front(make_bundle(tmp_path, ECHO, sslEnabled=True), options=options) as front:
            assert reason in front.expect("failed" if reason else "ready").get("message", "")
