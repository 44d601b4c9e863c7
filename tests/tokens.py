"""A server of tokens for a registry of images, which lets whoever asks do some things and nothing else."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import jwt
import trustme
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

NAME = "tests"
"""Of the registry, and of who issues its tokens."""


@contextmanager
def token_server(folder: Path, allowed: Sequence[str]) -> Iterator[str]:
    """Serve tokens on 127.0.0.1; the registry's settings for that.

    Parameters
    ----------
    folder : for the certificate that the registry trusts. allowed : what a token lets one do of what is asked for: "pull", "push".
    """
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    pair = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    key = load_pem_private_key(pair.private_key_pem.bytes(), None)
    certificate = load_pem_x509_certificate(pair.cert_chain_pems[0].bytes()).public_bytes(Encoding.DER)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = jwt.encode(
                {"iss": NAME, "sub": "", "aud": NAME, "exp": int(time.time()) + 60, "nbf": 0, "access": _access(self.path, allowed)},
                key, "RS256", {"x5c": [base64.b64encode(certificate).decode()]},
            )  # fmt: skip
            body = json.dumps({"token": token}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        realm = f"http://127.0.0.1:{server.server_port}/token"
        try:
            yield (
                f"auth: {{token: {{realm: '{realm}', service: {NAME}, issuer: {NAME}, rootcertbundle: '{folder}/authority.pem'}}}}\n"
            )
        finally:
            server.shutdown()
            thread.join()


def _access(path: str, allowed: Sequence[str]) -> list[dict[str, object]]:
    scopes = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query).get("scope", [])
    asked = (scope.split(":") for scope in scopes)
    return [
        {"type": kind, "name": name, "actions": [action for action in actions.split(",") if action in allowed]}
        for kind, name, actions in asked
    ]
