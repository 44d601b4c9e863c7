"""What tests of the test panel share: a service with a typed input, one that answers as it is told to, and a panel in a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.widgets import TestPanel as Panel
from tests.helpers import take_away, write_script
from tests.services import serve
from tests.widgets.browser import Draw

TYPED = """
import logging
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pandas as pd

class Colour(Enum):
    red = "red"
    blue = "blue"

@dataclass
class Point:
    x: float
    label: str = "here"

@dataclass
class Visitor:
    name: str
    age: float
    visits: int
    member: bool = False

def init():
    pass

def run(
    table: pd.DataFrame, point: Point, colour: Colour, flag: bool = False, note: str = "", visitors: list[Visitor] = [],
    numbers: list[list[float]] = [],
):
    logging.getLogger("typed").info("rows: %d", len(table))
    return {
        "rows": table.to_dict("records"), "point": [point.x, point.label], "colour": colour.value, "flag": flag, "note": note,
        "ages": [visitor.age for visitor in visitors], "numbers": numbers,
    }
"""
RAW = '''
import base64
import hashlib
import logging

from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse

PIXEL = base64.b64decode(b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")

def init():
    pass

@rawhttp
def run(request):
    """Answer with what the body names, else with the body."""
    body = request.get_data()
    logging.getLogger("raw").warning("body of %d bytes <b>bold</b>", len(body))
    answers = {
        b"image": (PIXEL, "image/png"),
        b"html": (b"<script>window.isRun = true</script><b>bold</b>", "text/html"),
        b"ansi": (b"\\x1b[31mred\\x1b[0m \\x00end", "text/plain"),
        b"invalid": (b"\\xff\\xfe\\x80 end", "text/plain"),
        b"large": (b"x" * (10 << 20), "text/plain"),
        b"key": (str(dict(request.headers)).encode(), "text/plain"),
        b"fail": (b'{"message": "as asked"}', "application/json"),
    }
    if body.startswith(b"hash"):
        answers[body] = (hashlib.sha256(body).hexdigest().encode(), "text/plain")
    content, kind = answers.get(body, (body, request.headers.get("Content-Type", "text/plain")))
    return AMLResponse(content, 418 if body == b"fail" else 200, {"Content-Type": kind}, False)
'''


@pytest.fixture(scope="session")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A service with a schema, which needs a key."""
    folder = tmp_path_factory.mktemp("typed")
    workspace = Workspace(folder / "workspace")
    yield serve(workspace, write_script(folder, TYPED), name="typed", options={"auth_enabled": True})
    take_away(workspace)


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A service that answers with what it is sent, byte for byte, and needs a key."""
    folder = tmp_path_factory.mktemp("raw")
    workspace = Workspace(folder / "workspace")
    yield serve(workspace, write_script(folder, RAW), name="raw", options={"auth_enabled": True})
    take_away(workspace)


@pytest.fixture
def panel(draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Page]:
    """Call it with a service to get a page with its panel, which knows what the service takes; the current folder is the test's own."""
    monkeypatch.chdir(tmp_path)

    def show(service: Webservice, **variables: Any) -> Page:
        page = draw(Panel(service, lambda: variables))
        expect(page.get_by_role("tab", name="JSON")).to_be_visible()
        return page

    return show


def send(page: Page) -> Locator:
    """Press Send, and wait for the new answer."""
    page.evaluate("document.querySelector('.answer')?.remove()")
    page.get_by_role("button", name="Send", exact=True).click()
    answer = page.locator(".answer")
    expect(answer).to_be_visible()
    return answer


def send_json(page: Page, text: str) -> Locator:
    page.get_by_role("tab", name="JSON").click()
    page.get_by_label("Body as JSON").fill(text)
    return send(page)


def text_of(answer: Locator) -> str:
    """The answer as text."""
    if answer.get_by_role("tab", name="Text").count():
        answer.get_by_role("tab", name="Text").click()
    return answer.locator("pre.body").inner_text()


def json_of(page: Page) -> Any:
    """What the form says, as JSON."""
    page.get_by_role("tab", name="JSON").click()
    value = json.loads(page.get_by_label("Body as JSON").input_value())
    page.get_by_role("tab", name="Form").click()
    return value
