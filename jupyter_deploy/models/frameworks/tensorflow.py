"""TensorFlow: folders with a SavedModel, which states the version that wrote it."""

from __future__ import annotations

import re

from jupyter_deploy.models.frameworks.base import Detected, read_head
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection

_SEARCHED = 16 * 1024 * 1024
_VERSION = re.compile(rb"\x2a(.)(\d+\.\d+\.\d+[\w.\-]*)\x32", re.DOTALL)  # fields 5, tensorflow_version, and 6


def detect(selection: Selection, _pickled: Pickled) -> Detected | None:
    """A model with a ``saved_model.pb``."""
    for file in selection.files:
        if file.path.endswith("saved_model.pb"):
            return Detected("TensorFlow", _version(read_head(file.source, _SEARCHED)))
    return None


def _version(content: bytes) -> str | None:
    for match in _VERSION.finditer(content):
        if match[1][0] == len(match[2]):
            return match[2].decode()
    return None
