"""The SDK's client: certificates are checked against the engine's own authority, and no socket stays open. Imported on use."""

from __future__ import annotations

import functools
import socket
from typing import Any

from docker import APIClient, DockerClient
from docker.transport import UnixHTTPAdapter
from docker.transport.unixconn import UnixHTTPConnection


class Client(DockerClient):
    """A client of the engine; takes what the SDK's takes."""

    def __init__(self, **settings: Any) -> None:
        self.api = _Api(**settings)


class _Api(APIClient):
    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Where a request says nothing, requests takes REQUESTS_CA_BUNDLE before what the session was given."""
        return super().merge_environment_settings(url, proxies, stream, self.verify if verify is None else verify, cert)

    def get_adapter(self, url: str) -> Any:
        """Let an engine that has ended leave nothing behind."""
        adapter = super().get_adapter(url)
        if isinstance(adapter, UnixHTTPAdapter):
            pool: Any = adapter.get_connection(url)
            pool._new_conn = functools.partial(_Connection, url, adapter.socket_path, adapter.timeout)
        return adapter


class _Connection(UnixHTTPConnection):
    def connect(self) -> None:
        """The SDK's own leaves its socket open where nobody listens any more."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(self.unix_socket)
        except OSError:
            self.sock.close()
            raise
