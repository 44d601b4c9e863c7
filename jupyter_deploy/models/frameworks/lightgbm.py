"""LightGBM: its text files, which state a version of their format only, and pickles that name its classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_deploy.models import pickling
from jupyter_deploy.models.frameworks.base import (
    Detected,
    Loading,
    Saved,
    defined_by,
    is_pickle,
    loading_pickle,
    read_head,
)
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection
from jupyter_deploy.workspace.records import ModelRecord


def detect(selection: Selection, pickled: Pickled) -> Detected | None:
    """A model with a text file of LightGBM's own, or whose pickles name LightGBM."""
    has_file = any(read_head(file.source, 16).startswith(b"tree\nversion=v") for file in selection.files)
    if has_file or any(name.module.partition(".")[0] == "lightgbm" for name in pickled.names):
        return Detected("LightGBM")
    return None


def is_own(value: object) -> bool:
    """A booster, or one of LightGBM's own estimators."""
    return defined_by(value) == "lightgbm"


def save(value: Any, folder: Path, _sample: Any) -> Saved:
    """Write a booster as text; an estimator is pickled, as the text would lose the names of its classes."""
    if type(value).__name__ != "Booster":
        made = pickling.save(value, folder)
        return Saved(made.path, "LightGBM", ("lightgbm", "sklearn", *made.imports))
    path = folder / "model.txt"
    value.save_model(path)
    return Saved(path, "LightGBM", ("lightgbm",))


def loading(record: ModelRecord) -> Loading:
    """A booster from its text, an estimator from its pickle."""
    if is_pickle(record):
        return loading_pickle(record)
    return Loading(("import lightgbm",), ("model = lightgbm.Booster(model_file=path)",), "model.predict(data)")
