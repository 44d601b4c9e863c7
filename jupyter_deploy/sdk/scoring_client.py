"""Sends a request to a service, with its key or a token where it asks for one."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import ScoringFailed, UserError

if TYPE_CHECKING:
    import requests

    from jupyter_deploy.sdk.webservice import Webservice

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection; an answer may take as long as the service allows."""


def score(service: Webservice, input_data: str | bytes | Mapping[str, Any] | Sequence[Any]) -> Any:
    """Post the input and return the answer: read from JSON, or as text where it is none.

    Raises
    ------
    ScoringFailed : the service answered with another status than 200, or not at all.
    UserError : it has never served, or was stopped.
    Elsewhere : it belongs to another workspace folder: its key is there, and its address may mean something else here.
    """
    uri = service.scoring_uri
    view = service.view
    view.require_here()
    if uri is None or view.status.state in ("Failed", "Stopped"):
        state = view.status.state
        remedy = "start it to bring it back" if state == "Stopped" else "mend the cause, then deploy it again"
        raise UserError(
            f"'{service.name}' does not serve, it is {state}: {view.status.error or 'stopped on request'}",
            remedy=remedy,
        )
    body = input_data if isinstance(input_data, (str, bytes)) else json.dumps(input_data)
    response = _post(service, uri, body)
    if response.status_code == 401 and "Authorization" in response.request.headers:
        response = _post(service, uri, body)  # the key may have been changed a moment ago
    if response.status_code != 200:
        raise _failed(service.name, response)
    try:
        return response.json()
    except ValueError:
        return response.text  # what a script for raw requests may answer


def _post(service: Webservice, uri: str, body: str | bytes) -> requests.Response:
    import requests

    headers = {"Content-Type": "application/json"}
    if service.auth_enabled:
        headers["Authorization"] = f"Bearer {service.get_keys()[0]}"
    elif service.token_auth_enabled:
        headers["Authorization"] = f"Bearer {service.get_access_token().access_token}"
    data = body.encode() if isinstance(body, str) else body
    try:
        try:
            return _send(service, uri, data, headers)
        except requests.exceptions.SSLError as error:
            if not _is_of_certificate(error):
                raise
            return _send(service, uri, data, headers)  # the certificate may have been replaced a moment ago
    except requests.ConnectionError as error:
        raise ScoringFailed(
            f"'{service.name}' does not answer at {uri}",
            0,
            {},
            "",
            str(error),
            f"its state is {service.state}; see its log",
        ) from None


def _send(service: Webservice, uri: str, data: bytes, headers: Mapping[str, str]) -> requests.Response:
    import requests

    with requests.Session() as session:
        session.trust_env = False  # a proxy for the outside world has no business with this machine's own address
        more: Mapping[str, str] = {}
        if service.ssl_enabled:
            from jupyter_deploy.sdk.https import reach

            uri, more = reach(session, service, uri)
        return session.post(uri, data=data, headers={**headers, **more}, timeout=(CONNECT_TIMEOUT, None))


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
