"""TensorFlow: folders with a SavedModel, which states the version that wrote it."""

from __future__ import annotations

import mmap
import re
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.models.frameworks.base import Detected, Loading, Saved, built_on, read_head
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import SelectedFile, Selection
from jupyter_deploy.workspace.records import ModelRecord

_FILE = "saved_model.pb"
_SIGNATURE = "serving_default"
_SEARCHED = 16 * 1024 * 1024
_VERSION = re.compile(rb"\x2a(.)(\d+\.\d+\.\d+[\w.\-]*)\x32", re.DOTALL)  # fields 5, tensorflow_version, and 6


def detect(selection: Selection, _pickled: Pickled) -> Detected | None:
    """A model with a ``saved_model.pb``."""
    found = [file for file in selection.files if PurePosixPath(file.path).name == _FILE]
    if not found:
        return None
    facts = {"signature": _SIGNATURE} if len(found) == 1 and _has_signature(found[0]) else {}
    return Detected("TensorFlow", _version(read_head(found[0].source, _SEARCHED)), facts=facts)


def _has_signature(file: SelectedFile) -> bool:
    if not file.seen.size:
        return False
    with file.source.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(_SIGNATURE.encode()) >= 0  # it stands behind the graph, which may be long


def _version(content: bytes) -> str | None:
    for match in _VERSION.finditer(content):
        if match[1][0] == len(match[2]):
            return match[2].decode()
    return None


def is_own(value: object) -> bool:
    """A module of TensorFlow, or of a class derived from one."""
    return "tensorflow" in built_on(value) and hasattr(value, "trainable_variables")


def save(value: Any, folder: Path, _sample: Any) -> Saved:
    """Write a SavedModel."""
    path = folder / "model"
    import_module("tensorflow").saved_model.save(value, str(path))
    return Saved(path, "TensorFlow", ("tensorflow",))


def loading(record: ModelRecord) -> Loading:
    """By its signature for serving: the input by name where there are several, the outputs by their names.

    Raises
    ------
    UserError : it has none, or is no SavedModel.
    """
    if record.source.get("signature") != _SIGNATURE:
        raise UserError(
            f"{record.id} is no SavedModel with the signature {_SIGNATURE!r}, by which it would be asked",
            remedy="save it with tf.saved_model.save(module, 'folder', signatures=module.__call__.get_concrete_function(…)),"
            " and register the folder; or give an entry script",
        )
    return Loading(
        imports=("import tensorflow as tf",),
        load=("model = tf.saved_model.load(path)  # kept, as its variables end with it",
              f'signature = model.signatures["{_SIGNATURE}"]'),
        answer="{name: tensor.numpy() for name, tensor in signature(**tensors).items()}",
        names="model, signature",
        ask=(
            "inputs = signature.structured_input_signature[1]",
            "given = data if isinstance(data, dict) else {name: data for name in inputs}",
            "tensors = {name: tf.constant(given[name], dtype=spec.dtype) for name, spec in inputs.items()}",
        ),
        takes_arrays=False,
    )  # fmt: skip
