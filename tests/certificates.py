"""Certificates for tests, made with trustme: by an authority, for themselves, expired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

AUTHORITY = trustme.CA()
CNAME = "models.example.org"


@dataclass(frozen=True)
class Pair:
    """Paths of a certificate and its key, as options take them."""

    certificate: Path
    key: Path

    @property
    def files(self) -> dict[str, str]:
        return {"ssl_cert_pem_file": str(self.certificate), "ssl_key_pem_file": str(self.key)}

    @property
    def options(self) -> dict[str, object]:
        return {"ssl_enabled": True, "ssl_cname": CNAME, **self.files}

    @property
    def secret_line(self) -> str:
        """A line of the key that is in no other file."""
        return self.key.read_text().splitlines()[2]


def issued(folder: Path, name: str = "first", *names: str, age: timedelta | None = None) -> Pair:
    """A certificate for names (by default the test's), signed by an authority that nobody knows; with an age, expired."""
    expired = datetime.now(timezone.utc) - age if age else None
    begin = expired - timedelta(days=1) if expired else None
    made = AUTHORITY.issue_cert(*(names or (CNAME,)), not_after=expired, not_before=begin)
    return _written(folder, name, made.cert_chain_pems[0].bytes(), made.private_key_pem.bytes())


def write_certificates(folder: Path, client: Path, *names: str) -> Pair:
    """What a server needs that asks its clients for certificates: its own; and a folder for a client, as Docker's tools name its files."""
    client.mkdir()
    made = AUTHORITY.issue_cert("client@example.org")
    AUTHORITY.cert_pem.write_to_path(client / "ca.pem")
    made.private_key_pem.write_to_path(client / "key.pem")
    made.cert_chain_pems[0].write_to_path(client / "cert.pem")
    return issued(folder, "server", *names)


def encrypted(pair: Pair) -> Pair:
    """The same with an encrypted key."""
    key = load_pem_private_key(pair.key.read_bytes(), None)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass"))
    return _written(pair.key.parent, "encrypted", pair.certificate.read_bytes(), text)


def _written(folder: Path, name: str, certificate: bytes, key: bytes) -> Pair:
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    pair.certificate.write_bytes(certificate)
    pair.key.write_bytes(key)
    return pair
