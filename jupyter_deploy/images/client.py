"""The SDK's client, with one mend: certificates of an engine are checked against the engine's own authority. Imported on use."""

from __future__ import annotations

from typing import Any

from docker import APIClient, DockerClient


class Client(DockerClient):
    """A client of the engine; takes what the SDK's takes."""

    def __init__(self, **settings: Any) -> None:
        self.api = _Api(**settings)


class _Api(APIClient):
    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Where a request says nothing, requests takes REQUESTS_CA_BUNDLE before what the session was given."""
        return super().merge_environment_settings(url, proxies, stream, self.verify if verify is None else verify, cert)
