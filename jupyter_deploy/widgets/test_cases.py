"""Requests with the answers they should get, saved in a file beside the notebook, and sent again to see whether they still do."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import NotFound, UserError
from jupyter_deploy.widgets.bodies import JSON, Body
from jupyter_deploy.widgets.exchanges import Exchange

FORMAT = 1
TOLERANCE = 1e-9
"""By which part of it a number may differ: the last digits are another machine's."""


class TestCases:
    """The saved cases of a service: a JSON file that can be read, changed and committed.

    Parameters
    ----------
    service : its name. folder : where ``<service>.tests.json`` lies.
    """

    __test__ = False

    def __init__(self, service: str, folder: Path) -> None:
        self._service = service
        self.path = folder / f"{service}.tests.json"

    def all(self) -> list[dict[str, Any]]:
        """Every case, in the order of the file.

        Raises
        ------
        UserError : the file is none of ours.
        """
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise self._unreadable(str(error)) from None
        cases = document.get("cases") if isinstance(document, dict) and document.get("format") == FORMAT else None
        if not isinstance(cases, list) or not all(_is_case(case) for case in cases):
            raise self._unreadable(f"It has no cases of the format {FORMAT}.")
        return cases

    def save(self, name: str, exchange: Exchange) -> None:
        """Save a request and its answer; one of the same name is replaced.

        Raises
        ------
        UserError : it has no name, or the file cannot be written.
        """
        if not name.strip():
            raise UserError("a test case needs a name", remedy="write one")
        case = {
            "name": name.strip(),
            "content_type": exchange.body.content_type,
            **_written("body", exchange.body.content),
            "status": exchange.status,
            **_written("answer", exchange.content),
        }
        cases = self.all()
        place = next((number for number, other in enumerate(cases) if other["name"] == case["name"]), len(cases))
        self._write([*cases[:place], case, *cases[place + 1 :]])

    def remove(self, name: str) -> None:
        """Take a case out of the file.

        Raises
        ------
        NotFound : there is none of that name.
        """
        cases = self.all()
        rest = [case for case in cases if case["name"] != name]
        if len(rest) == len(cases):
            raise NotFound(f"there is no test case '{name}' in {self.path.name}")
        self._write(rest)

    def _write(self, cases: list[dict[str, Any]]) -> None:
        text = json.dumps({"format": FORMAT, "service": self._service, "cases": cases}, indent=1, ensure_ascii=False)
        try:
            new = self.path.with_name(f".{self.path.name}")
            new.write_text(text + "\n", encoding="utf-8")
            new.replace(self.path)
        except OSError as error:
            raise UserError(f"{self.path} cannot be written", str(error), "see who may write there") from None

    def _unreadable(self, why: str) -> UserError:
        return UserError(f"{self.path.name} cannot be read", why, "mend it, or move it away to begin a new one")


def body_of(case: Mapping[str, Any]) -> Body:
    """What a case sends."""
    return Body(_read("body", case), case.get("content_type", JSON))


def outcome(case: Mapping[str, Any], exchange: Exchange) -> str:
    """How an answer differs from that of the case, in one line; empty where it does not."""
    if exchange.status != case["status"]:
        return f"the status is {exchange.status}, not {case['status']}"
    expected = _read("answer", case)
    try:
        return difference(json.loads(expected), json.loads(exchange.content), "answer")
    except (ValueError, RecursionError):
        return "" if expected == exchange.content else "the answer is another one"


def difference(expected: Any, got: Any, place: str) -> str:
    """The first difference of two JSON values, in one line; empty where there is none.

    >>> difference({"a": [1, 2]}, {"a": [1, 3]}, "answer")
    'answer["a"][1] is 3, not 2'
    """
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in {**expected, **got}:
            if key not in got or key not in expected:
                return f"{place} has {'no' if key not in got else 'the new'} {json.dumps(key)}"
        inside = [(expected[key], got[key], f"{place}[{json.dumps(key)}]") for key in expected]
    elif isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            return f"{place} is {len(got)} long, not {len(expected)}"
        inside = [
            (one, other, f"{place}[{number}]") for number, (one, other) in enumerate(zip(expected, got, strict=True))
        ]
    else:
        return "" if _is_equal(expected, got) else f"{place} is {_short(got)}, not {_short(expected)}"
    return next((found for found in (difference(*parts) for parts in inside) if found), "")


def _is_equal(expected: Any, got: Any) -> bool:
    numbers = (int, float)
    if isinstance(expected, numbers) and isinstance(got, numbers) and bool not in (type(expected), type(got)):
        return math.isclose(expected, got, rel_tol=TOLERANCE) or (expected != expected and got != got)  # both NaN
    return type(expected) is type(got) and bool(expected == got)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _is_case(case: Any) -> bool:
    has = isinstance(case, dict) and isinstance(case.get("name"), str) and isinstance(case.get("status"), int)
    return has and all(isinstance(case.get(key, case.get(f"{key}_base64")), str) for key in ("body", "answer"))


def _written(key: str, content: bytes) -> dict[str, str]:
    """As text where it is text, so that a person can read and change it."""
    try:
        return {key: content.decode()}
    except UnicodeDecodeError:
        return {f"{key}_base64": base64.b64encode(content).decode()}


def _read(key: str, case: Mapping[str, Any]) -> bytes:
    text = case.get(key)
    return text.encode() if isinstance(text, str) else base64.b64decode(case[f"{key}_base64"])
