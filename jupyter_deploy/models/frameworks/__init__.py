"""Which framework wrote a model, read from its files alone; one module per framework.

A new one is a module with ``detect(selection, pickled)`` in ``_DETECTORS`` and a row in ``_MODULES``; where its live objects can
be saved it also has what ``base.Saver`` says, and stands in ``_SAVERS``; where an entry script can be written for its models it
has ``loading(record)``, and stands in ``_LOADERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import DeployError, UserError
from jupyter_deploy.models import pickling
from jupyter_deploy.models.frameworks import keras, lightgbm, onnx, pytorch, sklearn, tensorflow, transformers, xgboost
from jupyter_deploy.models.frameworks.base import Detected, Loading, Saved, Saver, asking
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection
from jupyter_deploy.workspace.records import ModelRecord

_MODULES: dict[str, tuple[str, ...]] = {
    "Custom": (),
    "TensorFlow": ("tensorflow",),
    "ScikitLearn": ("sklearn",),
    "Onnx": ("onnx", "onnxruntime"),
    "TfKeras": ("keras", "tensorflow"),
    "PyTorch": ("torch",),
    "Multi": (),
    "XGBoost": ("xgboost",),
    "LightGBM": ("lightgbm",),
    "Transformers": ("transformers",),
}

NAMES = tuple(_MODULES)
"""The frameworks that a model can be registered with."""

_DETECTORS: tuple[Callable[[Selection, Pickled], Detected | None], ...] = (
    sklearn.detect,
    xgboost.detect,
    lightgbm.detect,
    transformers.detect,  # before PyTorch, whose files its folders may hold
    pytorch.detect,
    keras.detect,
    tensorflow.detect,
    onnx.detect,  # after TensorFlow, whose files can begin with the same fields
)

_SAVERS: tuple[Saver, ...] = (
    onnx,
    keras,
    transformers,
    pytorch,
    xgboost,
    lightgbm,
    sklearn,
)  # what builds on others before them

_LOADERS: dict[str, Callable[[ModelRecord], Loading]] = {
    "ScikitLearn": sklearn.loading,
    "XGBoost": xgboost.loading,
    "LightGBM": lightgbm.loading,
    "Onnx": onnx.loading,
    "TfKeras": keras.loading,
    "PyTorch": pytorch.loading,
}


def detect(selection: Selection, pickled: Pickled) -> Detected:
    """Say which framework wrote a model; nothing is imported or loaded.

    Parameters
    ----------
    selection : the model's files.
    pickled : what their pickles are about.
    """
    for detector in _DETECTORS:
        found = detector(selection, pickled)
        if found is not None:
            return found
    return Detected(None)


def save(value: Any, folder: Path, sample: Any = None) -> Saved:
    """Save a live object in the form that its framework is best loaded from; what no framework knows is pickled.

    Parameters
    ----------
    value : the object. folder : an empty one. sample : an input for it, where there is one.

    Raises
    ------
    UserError : it cannot be saved; with the cause and what to do.
    """
    saver = next((saver for saver in _SAVERS if saver.is_own(value)), None)
    if saver is None:
        made = pickling.save_by_value(value, folder)
        return Saved(made.path, None, made.imports)
    try:
        return saver.save(value, folder, sample)
    except DeployError:
        raise
    except Exception as error:  # the framework's own, of any kind
        raise UserError(
            f"a {type(value).__name__} cannot be saved: {error}",
            remedy="mend what it says (is the model fitted?), or save it yourself and register the file",
        ) from error


def loading(record: ModelRecord) -> Loading:
    """How an entry script loads a model and asks it.

    Raises
    ------
    UserError : nothing here knows how; with what to do.
    """
    if record.framework in _LOADERS and not record.is_folder:
        return _LOADERS[record.framework](record)
    if record.framework in (None, "Custom") and record.source.get("method"):
        load = ('with open(path, "rb") as file:', "    model = pickle.load(file)")
        return Loading(("import pickle",), load, asking(record))
    what = "it is a folder" if record.is_folder else f"its framework is {record.framework or 'not known'}"
    raise UserError(
        f"no entry script can be written for {record.id}: {what}",
        f"Scripts are written for a single file of {', '.join(_LOADERS)}, and for Python objects that can be called or predict.",
        "Give the entry script that loads it, or its framework when you register it.",
    )


def check(framework: str | None, version: str | None) -> None:
    """Refuse a framework that is not known, or a version without a framework.

    Raises
    ------
    UserError : with the known ones.
    """
    if framework is None and version is not None:
        raise UserError(f"a framework version ({version}) needs a framework", "", f"Give one of: {', '.join(NAMES)}.")
    if framework is not None and framework not in NAMES:
        raise UserError(f"{framework!r} is not a known framework", "", f"Give one of: {', '.join(NAMES)}.")


def modules(framework: str | None) -> tuple[str, ...]:
    """The top-level modules with which a framework's models are run."""
    return _MODULES.get(framework or "", ())
