from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_deploy.sdk.display import Table, html_facts


@dataclass
class Row:
    name: str
    value: Any

    def row(self) -> dict[str, Any]:
        return {"name": self.name, "value": self.value}


TABLE = Table([Row("first", {"a": "1", "b": "<b>"}), Row("the second", ("x", "y")), Row("<i>", None)], "nothing here")


def test_a_table_is_a_list() -> None:
    assert len(TABLE) == 3
    assert [row.name for row in TABLE[:2]] == ["first", "the second"]


def test_a_table_shows_itself_as_aligned_text() -> None:
    assert repr(TABLE).splitlines() == [
        "name        value",
        "first       a=1, b=<b>",
        "the second  x, y",
        "<i>",
    ]


def test_a_table_shows_itself_as_escaped_html() -> None:
    html = TABLE._repr_html_()
    assert "a=1, b=&lt;b&gt;" in html
    assert "&lt;i&gt;" in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_a_table_becomes_a_frame() -> None:
    frame = TABLE.to_frame()
    assert list(frame.columns) == ["name", "value"]
    assert frame["name"].tolist() == ["first", "the second", "<i>"]


def test_an_empty_table_says_what_to_do() -> None:
    assert repr(Table([], "no models yet")) == "no models yet"
    assert Table([], "<none>")._repr_html_() == "<em>&lt;none&gt;</em>"
    assert Table([]).to_frame().empty


def test_facts_link_addresses_and_nothing_else() -> None:
    html = html_facts(
        "a <title>", {"uri": "http://127.0.0.1:1/score?a=1&b='2'", "bad": "javascript:alert(1)", "empty": ""}
    )
    assert "a &lt;title&gt;" in html
    assert 'href="http://127.0.0.1:1/score?a=1&amp;b=&#x27;2&#x27;"' in html
    assert 'href="javascript' not in html
    assert "empty" not in html
