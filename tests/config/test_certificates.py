"""Certificates and keys: what is wrong is said before anything begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.config.certificates import Certificate, CertificateProblem, problems
from tests.certificates import CNAME, encrypted, issued


def test_a_pair_is_read_with_its_names(tmp_path: Path) -> None:
    pair = issued(tmp_path, "pair", CNAME, "*.example.com", "127.0.0.1", "::1")
    found = Certificate.read(str(pair.certificate), str(pair.key), CNAME)
    assert (found.file, found.has_expired) == ("pair.pem", False)
    assert sorted(found.names) == ["*.example.com", "127.0.0.1", "[::1]", CNAME]
    assert (found.certificate, found.key) == (pair.certificate.read_text(), pair.key.read_text())


@pytest.mark.parametrize("cname", ["127.0.0.1", "a.example.com", CNAME])
def test_any_of_the_names_will_do(tmp_path: Path, cname: str) -> None:
    pair = issued(tmp_path, "pair", CNAME, "*.example.com", "127.0.0.1")
    assert not list(problems(True, str(pair.certificate), str(pair.key), cname))


def test_an_expired_certificate_is_known_as_one(tmp_path: Path) -> None:
    pair = issued(tmp_path, age=timedelta(hours=1))
    assert Certificate.read(str(pair.certificate), str(pair.key), CNAME).has_expired


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    first, second = issued(tmp_path), issued(tmp_path, "second")
    text = tmp_path / "text"
    text.write_text("no PEM")
    for pair, cname, reason in (
        (replace(first, key=second.key), CNAME, "does not belong to the certificate"),
        (replace(first, key=text), CNAME, "holds no private key in PEM"),
        (replace(first, certificate=text), CNAME, "holds no certificate in PEM"),
        (replace(first, certificate=tmp_path / "none"), CNAME, "none cannot be read: No such file"),
        (replace(first, key=tmp_path), CNAME, "cannot be read: Is a directory"),
        (encrypted(first), CNAME, "is encrypted; give one without a passphrase"),
        (first, "other.example.org", "the certificate is for models.example.org"),
        (first, "127.0.0.1", "the certificate is for models.example.org"),
    ):
        with pytest.raises(CertificateProblem, match=reason):
            Certificate.read(str(pair.certificate), str(pair.key), cname)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ((False, "c", None, None), "ssl_cert_pem_file is given, but ssl_enabled is not true"),
        ((False, None, None, "a"), "ssl_cname is given, but ssl_enabled is not true"),
        ((True, "c", None, None), "ssl_key_pem_file, ssl_cname is missing"),
        ((True, "secret:a.tls", "key", "a"), "belong together; give both"),
    ],
)
def test_options_that_lack_each_other(given: Any, reason: str) -> None:
    (problem,) = problems(*given)
    assert reason in problem


def test_options_that_are_whole(tmp_path: Path) -> None:
    assert not list(problems(False, None, None, None))
    assert not list(problems(True, "secret:a.tls", "secret:a.tls", "a"))
