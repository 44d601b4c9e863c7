"""Keras: its zip archives, whose ``metadata.json`` states the version."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

from jupyter_deploy.models.frameworks.base import Detected, Loading, Saved, built_on
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection
from jupyter_deploy.workspace.records import ModelRecord

_MAX_METADATA = 1024 * 1024
_DEFAULT, _BACKENDS = "tensorflow", ("tensorflow", "jax", "torch")


def detect(selection: Selection, _pickled: Pickled) -> Detected | None:
    """A model with an archive of Keras's own."""
    for file in selection.files:
        version = _keras_version(file.source)
        if version is not None:
            backend = _backend()
            return Detected("TfKeras", version, (backend,), facts={"backend": backend})
    return None


def _keras_version(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive, archive.open("metadata.json") as file:
            metadata = json.loads(file.read(_MAX_METADATA))
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError):
        return None
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    return version if isinstance(version, str) else None


def _backend() -> str:
    """What Keras runs on here: as it has chosen where it is loaded, else as it would."""
    loaded = sys.modules.get("keras")
    if loaded is not None and hasattr(loaded, "backend"):
        chosen = loaded.backend.backend()
    else:
        chosen = os.environ.get("KERAS_BACKEND") or _configured()
    return chosen if chosen in _BACKENDS else _DEFAULT


def _configured() -> str | None:
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        chosen = json.loads((home / "keras.json").read_bytes())["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(chosen)


def is_own(value: object) -> bool:
    """A model of Keras, or of a class derived from one."""
    return "keras" in built_on(value) and hasattr(value, "save")


def save(value: Any, folder: Path, _sample: Any) -> Saved:
    """Write Keras's own archive."""
    path = folder / "model.keras"
    value.save(path)
    return Saved(path, "TfKeras", ("keras", _backend()))


def loading(record: ModelRecord) -> Loading:
    """By Keras, on what it ran on where the model was registered."""
    backend = record.source.get("backend", _DEFAULT)
    choice = ("import os", "", f'os.environ.setdefault("KERAS_BACKEND", "{backend}")') if backend != _DEFAULT else ()
    load = ("model = keras.saving.load_model(path)",)
    return Loading(("import keras",), load, "model.predict(data, verbose=0)", first=choice)
