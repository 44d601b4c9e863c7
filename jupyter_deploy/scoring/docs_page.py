"""``/docs``: how to call the service, as a page that needs no network and runs no script."""

from __future__ import annotations

import html
import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881}
body{font:16px/1.55 system-ui,sans-serif;max-width:54rem;margin:2.5rem auto;padding:0 1.25rem}
h1{font-size:1.8rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}p{margin:.5rem 0}
.about{opacity:.75}
pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:.8rem 1rem;overflow:auto;font-size:.875rem}
code{font-family:ui-monospace,monospace;font-size:.9em}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600}summary{cursor:pointer;margin:.5rem 0}
"""
_FAILURES = {
    400: "the request does not fit; the message says what, and where",
    401: "the key is missing or wrong",
    413: "the body is too large",
    415: "the body is not said to be JSON",
    500: "the script failed; its log has more, under the answer's x-request-id",
    503: "too many requests at once; try again after the seconds in Retry-After",
    504: "the script took too long and was stopped",
}
_ANYTHING = {"type": "object", "example": {}}


def render(document: Mapping[str, Any], name: str, base: str, needs_key: bool) -> str:
    """Return the page.

    Parameters
    ----------
    document : a swagger document of any version; a user's own may hold anything.
    name : the service's name.
    base : the service's address, without a slash at its end.
    needs_key : whether a request needs a key.
    """
    schemas = _schemas(document)
    taken, given = _mapping(schemas.get("ServiceInput")), _mapping(schemas.get("ServiceOutput"))
    info = _mapping(document.get("info"))
    parts = [
        f"<h1>{_text(name)}</h1>",
        f'<p class="about">Version {_text(info.get("version", "?"))}. {_text(info.get("description", ""))}</p>',
        "<h2>A request</h2>",
        _code(_command(base, taken, needs_key)),
        *_input(taken),
        *_answer(given),
        "<h2>When it does not work</h2>",
        "<p>The body is <code>{&quot;message&quot;: …}</code>; the status says what kind of problem it is.</p>",
        _table(("status", "means"), ((str(status), text) for status, text in _FAILURES.items())),
        "<h2>Paths</h2>",
        _table(("path", "is"), _paths(document)),
        "<p>For other tools: <a href=swagger.json?version=2>Swagger 2.0</a>, <a href=swagger.json?version=3>OpenAPI 3.0</a>,"
        " <a href=swagger.json?version=3.1>OpenAPI 3.1</a>.</p>",
        *(
            f"<details><summary>The schema of {_text(key)}</summary>{_code(_pretty(schema))}</details>"
            for key, schema in schemas.items()
        ),
    ]
    head = f"<meta charset=utf-8><meta name=viewport content='width=device-width'><title>{_text(name)}</title>"
    return (
        f"<!doctype html><html lang=en><head>{head}<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _command(base: str, taken: Mapping[str, Any], needs_key: bool) -> str:
    body = json.dumps(taken.get("example", {}), ensure_ascii=False)
    words = [f"curl {shlex.quote(base + '/score')}", "-H 'Content-Type: application/json'"]
    if needs_key:
        words.append('-H "Authorization: Bearer $KEY"')
    return " \\\n  ".join([*words, f"-d {shlex.quote(body)}"])


def _input(taken: Mapping[str, Any]) -> list[str]:
    if taken == _ANYTHING:
        return [
            "<p>The script is given the body as text, whatever it is; what it makes of it, only its author knows.</p>"
        ]
    properties = _mapping(taken.get("properties"))
    required = taken.get("required", ())
    rows = (
        (str(name), kind_of(schema), "yes" if name in required else "") for name, schema in properties.items()
    )  # fmt: skip
    heading = ("key", "value", "needed") if required else ("key", "value")
    return ["<h2>What it takes</h2>", "<p>An object with these keys.</p>", _table(heading, rows), _example(taken)]


def _answer(given: Mapping[str, Any]) -> list[str]:
    if given in ({}, _ANYTHING, {"type": "object"}):
        return ["<h2>What it answers</h2>", "<p>JSON. The script does not say more.</p>"]
    return ["<h2>What it answers</h2>", f"<p>JSON: {_text(kind_of(given))}.</p>", _example(given)]


def _example(schema: Mapping[str, Any]) -> str:
    return f"<p>For example:</p>{_code(_pretty(schema['example']))}" if "example" in schema else ""


def kind_of(schema: Any) -> str:
    """Say in words what a schema describes.

    >>> kind_of({"type": "array", "items": {"type": "array", "items": {"type": "number"}}})
    'array of arrays of numbers'
    """
    schema = _mapping(schema)
    for word in ("anyOf", "oneOf"):
        if isinstance(schema.get(word), list):
            return " or ".join(kind_of(option) for option in schema[word])
    if isinstance(schema.get("enum"), list):
        return "one of " + ", ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        inside = _mapping(schema.get("items"))
        return f"array of {_many(kind_of(inside))}" if inside else "array"
    if kind == "object" and _mapping(schema.get("properties")):
        return "object with " + ", ".join(f"{key} ({kind_of(item)})" for key, item in schema["properties"].items())
    names = {"integer": "whole number", "string": f"text ({schema['format']})" if "format" in schema else "text"}
    return str(names.get(str(kind), kind or "anything"))


def _many(kind: str) -> str:
    first, space, rest = kind.partition(" ")
    plural = {"array": "arrays", "object": "objects", "number": "numbers", "text": "texts", "whole": "whole"}
    return "whole numbers" if kind == "whole number" else plural.get(first, first) + space + rest


def _paths(document: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for path, operations in _mapping(document.get("paths")).items():
        for method, operation in _mapping(operations).items():
            yield f"{str(method).upper()} {path}", str(_mapping(operation).get("description", ""))


def _schemas(document: Mapping[str, Any]) -> Mapping[str, Any]:
    components = document.get("components")
    return _mapping(components.get("schemas") if isinstance(components, dict) else document.get("definitions"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{_text(cell)}" for cell in heading)
    body = "".join("<tr>" + "".join(_cell(number, cell) for number, cell in enumerate(row)) for row in rows)
    return f"<table><tr>{head}{body}</table>"


def _cell(number: int, text: str) -> str:
    return f"<td><code>{_text(text)}</code>" if number == 0 else f"<td>{_text(text)}"


def _code(text: str) -> str:
    return f"<pre><code>{_text(text)}</code></pre>"


def _pretty(value: Any) -> str:
    whole = json.dumps(value, ensure_ascii=False)
    return whole if len(whole) <= 90 else json.dumps(value, indent=2, ensure_ascii=False)


def _text(value: Any) -> str:
    return html.escape(str(value))
