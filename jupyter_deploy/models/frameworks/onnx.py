"""ONNX: its protocol buffers, known by their first fields; they state a version of their format only."""

from __future__ import annotations

from jupyter_deploy.models.frameworks.base import Detected, read_head
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection

_IR_VERSION = 0x08  # field 1, a number; the newest is 13
_NEXT_FIELDS = (0x12, 0x3A, 0x42)  # producer name, graph, operator set
_MAX_IR_VERSION = 32


def detect(selection: Selection, _pickled: Pickled) -> Detected | None:
    """A model with an ONNX file."""
    for file in selection.files:
        head = read_head(file.source, 3)
        if len(head) == 3 and head[0] == _IR_VERSION and 0 < head[1] <= _MAX_IR_VERSION and head[2] in _NEXT_FIELDS:
            return Detected("Onnx")
    return None
