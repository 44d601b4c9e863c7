"""Certificates and their keys (TLS), looked at before anything begins: by a handshake with themselves, as a client would make it."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REFERENCE = "secret:"
"""How a certificate begins that is in the workspace already."""
_EXPIRED = 10  # OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED
_OTHER_NAME = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


class CertificateProblem(Exception):
    """A certificate cannot be used with its key under its name."""


@dataclass(frozen=True)
class Certificate:
    """A certificate with its key.

    Attributes
    ----------
    file : the name of the certificate's file.
    certificate, key : in PEM; the certificate may have those of its issuers behind it.
    names : that it is for, as a Host header gives them.
    has_expired : whether its time is over, so that clients will refuse it.
    """

    file: str
    certificate: str
    key: str
    names: tuple[str, ...]
    has_expired: bool = False

    @classmethod
    def read(cls, certificate: str, key: str, cname: str) -> Certificate:
        """Read and check two files.

        Parameters
        ----------
        certificate, key : paths. cname : the name that clients will use.

        Raises
        ------
        CertificateProblem : they cannot be read, do not fit together, or are not for that name.
        """
        texts = (_text("ssl_cert_pem_file", certificate), _text("ssl_key_pem_file", key))
        file = Path(certificate).name
        names: tuple[str, ...] = (cname,)
        client, server = _trusting(certificate), _serving(certificate, key)
        try:
            names = _names(_handshake(client, server, None))
            _handshake(client, server, cname)
        except ssl.SSLCertVerificationError as error:
            if error.verify_code == _EXPIRED:
                return cls(file, *texts, names, has_expired=True)
            if error.verify_code in _OTHER_NAME:
                raise CertificateProblem(
                    f"ssl_cname is {cname!r}, but the certificate is for {', '.join(names)}"
                ) from None
            raise CertificateProblem(f"the certificate {certificate} cannot be used: {error.verify_message}") from None
        except ssl.SSLError as error:
            raise CertificateProblem(f"the certificate {certificate} cannot be used: {error.reason or error}") from None
        return cls(file, *texts, names)


def problems(enabled: bool, certificate: str | None, key: str | None, cname: str | None) -> Iterator[str]:
    """Say everything that is wrong with the options of TLS; certificates that are in the workspace already were right when they came."""
    given = {"ssl_cert_pem_file": certificate, "ssl_key_pem_file": key, "ssl_cname": cname}
    missing = [name for name, value in given.items() if not value]
    if not enabled:
        if len(missing) < len(given):
            there = ", ".join(name for name in given if name not in missing)
            yield f"{there} is given, but ssl_enabled is not true; set it to true, or leave out the ssl_ options"
        return
    if missing:
        yield f"ssl_enabled needs {', '.join(given)}; {', '.join(missing)} is missing"
    elif certificate and key and cname:
        kept = [value.startswith(REFERENCE) for value in (certificate, key)]
        if any(kept) and not all(kept):
            yield "ssl_cert_pem_file and ssl_key_pem_file belong together; give both"
        elif not any(kept):
            yield from _problem(certificate, key, cname)


def _problem(certificate: str, key: str, cname: str) -> Iterable[str]:
    try:
        Certificate.read(certificate, key, cname)
    except CertificateProblem as error:
        return (str(error),)
    return ()


def trusting(certificates: str) -> ssl.SSLContext:
    """Return what a client verifies a service with that is trusted by its own certificates (PEM), whoever signed them."""
    context = ssl.create_default_context(cadata=certificates)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a certificate given by the user needs no issuer
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # many that people make for themselves lack what only issuers need
    return context


def _trusting(path: str) -> ssl.SSLContext:
    try:
        return trusting(_text("ssl_cert_pem_file", path))
    except (ssl.SSLError, ValueError):
        raise CertificateProblem(f"ssl_cert_pem_file {path} holds no certificate in PEM") from None


def _serving(certificate: str, key: str) -> ssl.SSLContext:
    def ask() -> str:
        raise CertificateProblem(
            f"the key {key} is encrypted; give one without a passphrase (openssl pkey -in KEY -out NEW)"
        )

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, ask)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CertificateProblem(f"the key {key} does not belong to the certificate {certificate}") from None
        raise CertificateProblem(f"ssl_key_pem_file {key} holds no private key in PEM that can be used") from None
    return context


def _text(option: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise CertificateProblem(f"{option} {path} cannot be read: {error.strerror}") from None


def _handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str | None) -> Mapping[str, Any]:
    """Let the two meet in memory; returns what the client has seen of the certificate."""
    client.check_hostname = name is not None
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(back, there, server_hostname=name)
    theirs = server.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ours.getpeercert() or {}


def _names(seen: Mapping[str, Any]) -> tuple[str, ...]:
    found = [_host(value) for kind, value in seen.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    subject = [value for part in seen.get("subject", ()) for kind, value in part if kind == "commonName"]
    return tuple(found or subject)


def _host(name: str) -> str:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name.lower()
    return f"[{address}]" if address.version == 6 else str(address)
