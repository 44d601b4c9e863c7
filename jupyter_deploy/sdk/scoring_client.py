"""Sends a request to a service, with its key or a token where it asks for one."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import ScoringFailed, UserError

if TYPE_CHECKING:
    import requests

    from jupyter_deploy.sdk.webservice import Webservice

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection; an answer may take as long as the service allows."""
PAGE_TIMEOUT = 5.0
"""Seconds to wait for a page, which the service makes without running anything."""


@dataclass(frozen=True)
class _Question:
    """What is sent, but for the key; ``timeout`` are seconds without a byte of the answer, None for any number."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None


class Client:
    """What sends requests to a service: it finds its address and its key once, and keeps the connection.

    Parameters
    ----------
    service : that is asked.

    Attributes
    ----------
    secret : the key or token that is sent with each request; empty where the service asks for none.

    Raises
    ------
    UserError : it has never served, or was stopped.
    Elsewhere : it belongs to another workspace folder: its key is there, and its address may mean something else here.

    Example
    -------
    >>> with Client(service) as client:  # doctest: +SKIP
    ...     client.post(b"[1, 2]").status_code
    """

    def __init__(self, service: Webservice) -> None:
        self._service = service
        self._uri = address_of(service)
        self.secret = _secret(service)
        self._connect()

    def post(self, body: bytes, content_type: str = "application/json") -> requests.Response:
        """Send a scoring request; the answer may have any status, and may take its time.

        Raises
        ------
        ScoringFailed : there is no answer.
        """
        return self._known(_Question("POST", "/score", body, {"Content-Type": content_type}))

    def get(self, path: str) -> requests.Response:
        """Get a page of the service's own, as ``/swagger.json``.

        Raises
        ------
        ScoringFailed : there is no answer within :data:`PAGE_TIMEOUT`.
        """
        return self._known(_Question("GET", path, timeout=PAGE_TIMEOUT))

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _known(self, question: _Question) -> requests.Response:
        response = self._answered(question)
        if response.status_code == 401 and self.secret:
            self.secret = _secret(self._service)  # it may have been changed a moment ago
            response = self._answered(question)
        return response

    def _answered(self, question: _Question) -> requests.Response:
        import requests

        try:
            try:
                return self._sent(question)
            except requests.exceptions.SSLError as error:
                if not _is_of_certificate(error):
                    raise
                self._connect()  # the certificate may have been replaced a moment ago
                return self._sent(question)
        except requests.RequestException as error:
            service = self._service
            what, remedy = (
                f"'{service.name}' does not answer at {self._uri}",
                f"its state is {service.state}; see its log",
            )
            raise ScoringFailed(what, 0, {}, "", str(error), remedy) from None

    def _connect(self) -> None:
        import requests

        self._session = requests.Session()
        self._session.trust_env = False  # a proxy for the outside world has no business with this machine's own address
        self._reached = self._uri
        if self._service.ssl_enabled:
            from jupyter_deploy.sdk.https import reach

            self._reached, headers = reach(self._session, self._service, self._uri)
            self._session.headers.update(headers)

    def _sent(self, question: _Question) -> requests.Response:
        uri = self._reached.removesuffix("/score") + question.path
        key = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        headers, timeout = {**question.headers, **key}, (CONNECT_TIMEOUT, question.timeout)
        return self._session.request(question.method, uri, data=question.body, headers=headers, timeout=timeout)


def score(service: Webservice, input_data: str | bytes | Mapping[str, Any] | Sequence[Any]) -> Any:
    """Post the input and return the answer: read from JSON, or as text where it is none.

    Raises
    ------
    ScoringFailed : the service answered with another status than 200, or not at all.
    UserError, Elsewhere : it cannot be asked (:class:`Client`).
    """
    body = input_data if isinstance(input_data, (str, bytes)) else json.dumps(input_data)
    with Client(service) as client:
        response = client.post(body.encode() if isinstance(body, str) else body)
    if response.status_code != 200:
        raise _failed(service.name, response)
    try:
        return response.json()
    except ValueError:
        return response.text  # what a script for raw requests may answer


def page(service: Webservice, path: str) -> str:
    """Get a page of the service's own, as ``/metrics``.

    Raises
    ------
    ScoringFailed : the service answered with another status than 200, or not within :data:`PAGE_TIMEOUT`.
    UserError, Elsewhere : it cannot be asked (:class:`Client`).
    """
    with Client(service) as client:
        response = client.get(path)
    if response.status_code != 200:
        raise _failed(service.name, response)
    return response.text


def address_of(service: Webservice) -> str:
    """Where a service that serves answers to scoring requests, as it is recorded.

    Raises
    ------
    UserError : it has never served, or was stopped. Elsewhere : it belongs to another workspace folder.
    """
    view = service.view
    view.require_here()
    uri, state = view.record.scoring_uri, view.status.state
    if uri is not None and state not in ("Failed", "Stopped"):
        return uri
    if state == "Transitioning":
        raise UserError(f"'{service.name}' does not serve yet, it is being deployed", remedy="wait until it does")
    why = view.status.error or "stopped on request"
    remedy = "start it to bring it back" if state == "Stopped" else "mend the cause, then deploy it again"
    raise UserError(f"'{service.name}' does not serve, it is {state}: {why}", remedy=remedy)


def _secret(service: Webservice) -> str:
    if service.auth_enabled:
        return service.get_keys()[0]
    if service.token_auth_enabled:
        return service.get_access_token().access_token
    return ""


def _is_of_certificate(error: BaseException | None) -> bool:
    """Whether a certificate was not accepted: then nothing has been sent, as it may have been where TLS fails in another way."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _failed(name: str, response: requests.Response) -> ScoringFailed:
    try:
        message = response.json()["message"]
    except (ValueError, KeyError, TypeError):
        message = response.text[:200]
    remedy = "the log has the cause, under the same request id" if response.status_code >= 500 else ""
    return ScoringFailed(
        f"'{name}' answered {response.status_code}: {message}",
        response.status_code,
        response.headers,
        response.text,
        remedy=remedy,
    )
