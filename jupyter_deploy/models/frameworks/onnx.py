"""ONNX: its protocol buffers, known by their first fields; they state a version of their format only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.models.frameworks.base import Detected, Loading, Saved, array_dtype, defined_by, read_head
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection
from jupyter_deploy.workspace.records import ModelRecord

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


def is_own(value: object) -> bool:
    """A ``ModelProto``, or a session of onnxruntime."""
    return defined_by(value) in ("onnx", "onnxruntime")


def save(value: Any, folder: Path, _sample: Any) -> Saved:
    """Write a ``ModelProto`` as it is sent.

    Raises
    ------
    UserError : another object; a session does not give its model back.
    """
    if type(value).__name__ != "ModelProto":
        raise UserError(
            f"a {type(value).__name__} cannot be saved: it does not give its model back",
            remedy="register the .onnx file that it was made from, or the ModelProto",
        )
    path = folder / "model.onnx"
    path.write_bytes(value.SerializeToString())
    return Saved(path, "Onnx", ("onnxruntime",))


def loading(record: ModelRecord) -> Loading:
    """By onnxruntime; the first input gets the data, the first output is the answer."""
    answer = f'model.run(None, {{model.get_inputs()[0].name: np.asarray(data, dtype="{array_dtype(record)}")}})[0]'
    return Loading(
        ("import numpy as np", "import onnxruntime"), ("model = onnxruntime.InferenceSession(path)",), answer
    )
