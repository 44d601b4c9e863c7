"""Services that the tests of the test panel share: one with a typed input, one that answers with whatever it is told to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_deploy import Webservice, Workspace
from tests.helpers import take_away, write_script
from tests.services import serve

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

def init():
    pass

def run(table: pd.DataFrame, point: Point, colour: Colour, flag: bool = False, note: str = ""):
    '''Say what came.'''
    logging.getLogger("typed").info("rows: %d", len(table))
    return {"rows": table.to_dict("records"), "point": [point.x, point.label], "colour": colour.value, "flag": flag, "note": note}
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


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A service with a schema, which needs a key."""
    folder = tmp_path_factory.mktemp("typed")
    workspace = Workspace(folder / "workspace")
    yield serve(workspace, write_script(folder, TYPED), name="typed", options={"auth_enabled": True})
    take_away(workspace)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A service that answers with what it is sent, byte for byte, and needs a key."""
    folder = tmp_path_factory.mktemp("raw")
    workspace = Workspace(folder / "workspace")
    yield serve(workspace, write_script(folder, RAW), name="raw", options={"auth_enabled": True})
    take_away(workspace)
