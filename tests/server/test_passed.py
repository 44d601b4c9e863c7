from __future__ import annotations

import pytest

from jupyter_deploy.server.passed import asked, returned, sent

ORIGIN, BASE = "http://127.0.0.1:5000", "/user/ada/jupyter-deploy/services/tiny/"


def test_a_service_gets_nothing_that_is_between_browser_and_jupyter() -> None:
    headers = [
        ("Host", "hub.example"), ("Cookie", "login=1"), ("X-Xsrftoken", "2"), ("Origin", "https://hub"), ("Connection", "close, X-Hop"),
        ("X-Hop", "3"), ("Transfer-Encoding", "chunked"), ("X-Forwarded-For", "10.0.0.1"), ("Sec-Fetch-Mode", "cors"),
        ("Content-Type", "text/csv"), ("X-Request-Id", "abc"), ("Accept", "a"), ("Accept", "b"),
    ]  # fmt: skip
    kept = [("Content-Type", "text/csv"), ("X-Request-Id", "abc"), ("Accept", "a"), ("Accept", "b")]
    assert sent(headers, has_token=False) == kept


@pytest.mark.parametrize(
    ("headers", "has_token", "key"),
    [
        ([("Authorization", "Bearer OF-THE-SERVICE")], False, "Bearer OF-THE-SERVICE"),
        ([("Authorization", "token OF-JUPYTER")], True, None),
        ([("authorization", "token OF-JUPYTER"), ("x-service-authorization", "Bearer K")], True, "Bearer K"),
        ([("Authorization", "Basic x"), ("X-Service-Authorization", "Bearer K")], False, "Bearer K"),
    ],
)
def test_the_services_key_is_never_jupyters_token(
    headers: list[tuple[str, str]], has_token: bool, key: str | None
) -> None:
    assert dict(sent(headers, has_token)) == ({"Authorization": key} if key else {})


def test_a_browser_gets_nothing_that_speaks_for_jupyter() -> None:
    headers = [
        ("Set-Cookie", "login=stolen"), ("Access-Control-Allow-Origin", "*"), ("Clear-Site-Data", "*"), ("WWW-Authenticate", "Basic"),
        ("X-Accel-Redirect", "/etc/passwd"), ("Service-Worker-Allowed", "/"), ("Strict-Transport-Security", "max-age=9"), ("Server", "x"),
        ("Content-Type", "text/csv"), ("Content-Security-Policy", "default-src 'none'"), ("X-Request-Id", "abc"),
    ]  # fmt: skip
    assert list(returned(headers, ORIGIN, BASE)) == headers[-3:]


@pytest.mark.parametrize(
    ("location", "seen"),
    [
        ("/docs?a=1#b", f"{BASE}docs?a=1#b"),
        ("http://127.0.0.1:5000/docs", f"{BASE}docs"),
        ("//127.0.0.1:5000/docs", f"{BASE}docs"),
        ("docs", "docs"),
        ("https://elsewhere.example/docs", "https://elsewhere.example/docs"),
        ("https://127.0.0.1:5000/docs", "https://127.0.0.1:5000/docs"),
        ("//elsewhere.example", "//elsewhere.example"),
        ("///elsewhere.example", f"{BASE}elsewhere.example"),
    ],
)
def test_a_redirection_stays_with_the_service(location: str, seen: str) -> None:
    assert list(returned([("Location", location)], ORIGIN, BASE)) == [("Location", seen)]


def test_jupyters_arguments_are_not_the_services() -> None:
    assert asked("a=1&token=secret&b=%26&_xsrf=2&tokens=3&c") == "a=1&b=%26&tokens=3&c"
    assert asked("") == ""
