"""Keras: its zip archives, whose ``metadata.json`` states the version."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from jupyter_deploy.models.frameworks.base import Detected, Loading, Saved, built_on
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection
from jupyter_deploy.workspace.records import ModelRecord

_MAX_METADATA = 1024 * 1024


def detect(selection: Selection, _pickled: Pickled) -> Detected | None:
    """A model with an archive of Keras's own."""
    for file in selection.files:
        version = _keras_version(file.source)
        if version is not None:
            return Detected("TfKeras", version)
    return None


def _keras_version(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive, archive.open("metadata.json") as file:
            metadata = json.loads(file.read(_MAX_METADATA))
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError):
        return None
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    return version if isinstance(version, str) else None


def is_own(value: object) -> bool:
    """A model of Keras, or of a class derived from one."""
    return "keras" in built_on(value) and hasattr(value, "save")


def save(value: Any, folder: Path, _sample: Any) -> Saved:
    """Write Keras's own archive."""
    path = folder / "model.keras"
    value.save(path)
    return Saved(path, "TfKeras", ("keras",))


def loading(_record: ModelRecord) -> Loading:
    """By Keras, whatever it runs on."""
    return Loading(("import keras",), ("model = keras.saving.load_model(path)",), "model.predict(data, verbose=0)")
