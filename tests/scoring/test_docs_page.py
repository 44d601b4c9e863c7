"""The page about a service."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_deploy.scoring.docs_page import kind_of, render


def page(taken: Any, given: Any = None, needs_key: bool = False, **document: Any) -> str:
    schemas = {"ServiceInput": taken, "ServiceOutput": given}
    whole = {"components": {"schemas": schemas}, "info": {"version": "7"}, **document}
    return render(whole, "my service", "http://127.0.0.1:5001", needs_key)


def test_it_says_how_to_ask_and_what_is_taken() -> None:
    data = {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}
    taken = {"properties": {"data": data}, "required": ["data"], "example": {"data": [[0.5, 1.5]]}}
    text = page(taken, {"type": "array", "items": {"type": "number"}, "example": [3.5]})
    assert "curl http://127.0.0.1:5001/score" in text
    assert "-d &#x27;{&quot;data&quot;: [[0.5, 1.5]]}&#x27;" in text
    assert "Authorization" not in text
    assert "<td><code>data</code><td>array of arrays of numbers<td>yes" in text
    assert "JSON: array of numbers." in text
    assert "[3.5]" in text
    assert "Authorization: Bearer $KEY" in page(taken, needs_key=True)


def test_a_script_that_says_nothing() -> None:
    anything = {"type": "object", "example": {}}
    text = page(anything, anything)
    assert "The script is given the body as text" in text
    assert "The script does not say more" in text


@pytest.mark.parametrize(
    "document", [{}, {"paths": 1}, {"paths": {"/": 1}}, {"info": []}, {"components": {"schemas": [1]}}]
)
def test_a_document_of_the_user_may_hold_anything(document: Any) -> None:
    assert "<h1>my service</h1>" in render(document, "my service", "", needs_key=False)


def test_nothing_of_it_is_markup() -> None:
    evil = "<script>alert(1)</script>"
    text = render(
        {"components": {"schemas": {"ServiceInput": {"properties": {evil: {"enum": [evil]}}, "example": evil}}},
         "info": {"version": evil, "description": evil}, "paths": {evil: {evil: {"description": evil}}}},
        evil, f"http://{evil}", needs_key=True,
    )  # fmt: skip
    assert "<script" not in text


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer"}, "whole number"),
        ({"type": "array"}, "array"),
        ({"type": "array", "items": {"type": "string"}}, "array of texts"),
        ({"type": "string", "format": "date"}, "text (date)"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number or null"),
        ({"enum": ["a", 1]}, 'one of "a", 1'),
        ({"type": "array", "items": {"type": "object", "properties": {"a": {"type": "number"}}}}, "array of objects with a (number)"),
        ({}, "anything"),
    ],
)  # fmt: skip
def test_schemas_in_words(schema: Any, words: str) -> None:
    assert kind_of(schema) == words
