"""TLS: the service's certificate and key, and their replacement while connections are open."""

from __future__ import annotations

import json
import ssl
import tempfile
from pathlib import Path
from typing import Any

from .watched import WatchedFile

LOOK_EVERY = 2.0
"""Seconds between two looks whether the file has changed."""


class CertificateError(Exception):
    """The file of the certificate cannot be used."""


class Certificate:
    """The certificate of a service.

    Parameters
    ----------
    path : a file of JSON with ``certificate`` and ``key`` in PEM, and the ``names`` that the certificate is for.

    Attributes
    ----------
    context : for the server; handshakes that begin after ``load`` see what was loaded.
    names : that a Host header may give.
    """

    def __init__(self, path: Path) -> None:
        self._file = WatchedFile(path)
        self.context = _context()
        self.names: tuple[str, ...] = ()

    def load(self) -> None:
        """Read the file; what is in use stays in use where it cannot be used.

        Raises
        ------
        CertificateError : it cannot be.
        """
        try:
            document = json.loads(self._file.read())
            _load(_context(), document)  # elsewhere first, so that half a change is never in use
            _load(self.context, document)
            self.names = tuple(str(name).lower() for name in document["names"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = getattr(error, "reason", None) or f"{type(error).__name__}: {error}"
            raise CertificateError(f"{self._file.name}: no certificate with its key can be read ({reason})") from error

    def has_changed(self) -> bool:
        """Whether the file is another one than was read last."""
        return self._file.has_changed()


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, document: Any) -> None:
    """Put a certificate and its key into a context, which takes files only: files without a name, that nobody else can open."""
    with tempfile.TemporaryFile() as certificate, tempfile.TemporaryFile() as key:
        for file, text in ((certificate, document["certificate"]), (key, document["key"])):
            file.write(text.encode())
            file.flush()
            file.seek(0)
        paths = [f"/dev/fd/{file.fileno()}" for file in (certificate, key)]
        context.load_cert_chain(paths[0], paths[1], _no_password)


def _no_password() -> str:
    raise ValueError("the key is encrypted")
