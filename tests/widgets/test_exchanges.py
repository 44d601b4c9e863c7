from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from jupyter_deploy.errors import NotFound
from jupyter_deploy.widgets import exchanges
from jupyter_deploy.widgets.bodies import Body
from jupyter_deploy.widgets.exchanges import Exchange, History


def exchange(number: int = 1, content: bytes = b"", kind: str = "text/plain", **more: Any) -> Exchange:
    headers = (("Content-Type", kind), ("x-request-id", "id"))
    facts = {"body": Body(b"[1]"), "status": 200, "reason": "OK", "seconds": 0.5, **more}
    return Exchange(number, datetime(2026, 1, 1), headers=headers, content=content, **facts)


def test_the_newest_is_first_and_old_ones_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "KEPT", 3)
    history = History()
    for number in range(5):
        history.add(exchange(number))
    assert [row["number"] for row in history.rows()] == [4, 3, 2]
    with pytest.raises(NotFound, match="this request is not kept any more"):
        history.find(1)


def test_what_is_too_heavy_goes_but_for_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "HEAVIEST", 10)
    history = History()
    for number in range(3):
        history.add(exchange(number, b"12345678"))
    assert [row["number"] for row in history.rows()] == [2]


@pytest.mark.parametrize(
    ("content", "kind", "shown"),
    [
        (b'{"a": 1.0}', "application/json", {"kind": "json", "text": '{"a": 1.0}'}),
        (b"{", "application/json", {"kind": "text", "text": "{", "is_cut": False}),
        (b"[" * 100_000, "application/json", {"kind": "text", "text": "[" * 100_000, "is_cut": False}),
        (b"\xff<b>\x1b[31m\x00\r\n\tx", "text/html", {"kind": "text", "text": "\ufffd<b>\u2400\n\tx", "is_cut": False}),
        (b"x" * 10_000_000, "text/plain", {"kind": "text", "text": "x" * 200_000, "is_cut": True}),
        ("é".encode() * 300_000, "text/plain", {"kind": "text", "text": "é" * 200_000, "is_cut": True}),
        (b"\x89PNG", "image/png", {"kind": "image", "type": "image/png", "data": "iVBORw=="}),
    ],
    ids=["json", "broken", "deep", "odd", "large", "wide", "image"],
)
def test_an_answer_is_shown_by_what_it_is(content: bytes, kind: str, shown: dict[str, Any]) -> None:
    assert exchange(content=content, kind=kind).shown()["answer"] == shown


def test_a_row_shows_the_beginning_of_what_was_sent() -> None:
    sent = exchange(body=Body(b'{\n "a":\x00 1}')).row()["sent"]
    assert sent == '{ "a":\u2400 1}'
    assert exchange(body=Body(b"\xff", "image/png", "x.png")).row()["sent"] == "x.png"
