"""Which framework wrote a model, read from its files alone; one module per framework.

A new one is a module with ``detect(selection, pickled)`` in ``_DETECTORS`` and a row in ``_MODULES``; where its live objects can
be saved it also has what ``base.Saver`` says, and stands in ``_SAVERS``; where an entry script can be written for its models it
has ``loading(record)``, and stands in ``_LOADERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
    "Onnx": ("onnxruntime",),
    "TfKeras": ("keras",),
    "PyTorch": ("torch",),
    "Multi": (),
    "XGBoost": ("xgboost",),
    "LightGBM": ("lightgbm",),
    "Transformers": ("transformers", "torch"),
}
_VERSIONED_BY = {"Onnx": "onnx"}  # not by what runs it

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
    tensorflow,
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
    "TensorFlow": tensorflow.loading,
    "Transformers": transformers.loading,
}
_FOLDERS = ("TensorFlow", "Transformers")
_ENDINGS = {
    "ScikitLearn": (".skops", ".joblib", ".pkl", ".pickle", ".sav"),
    "Onnx": (".onnx",),
    "TfKeras": (".keras",),
    "PyTorch": (".pt2", ".pt", ".pth"),
    "XGBoost": (".ubj", ".json"),
    "LightGBM": (".txt",),
}
"""How the files end of which a folder may hold one, beside others that are no model."""


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
    saver = _saver_of(value)
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


def _saver_of(value: object) -> Saver | None:
    return next((saver for saver in _SAVERS if saver.is_own(value)), None)


def framework_of(value: object) -> str | None:
    """Which framework a live object is of, told by the modules of its classes; None for a plain Python object."""
    saver: Any = _saver_of(value)
    return next((name for name, loads in _LOADERS.items() if saver and loads is saver.loading), None)


def loading(record: ModelRecord) -> Loading:
    """How an entry script loads a model and asks it, from the path that :func:`inner_path` says.

    Raises
    ------
    UserError : nothing here knows how; with what to do.
    """
    if record.framework in _LOADERS:
        inner = inner_path(record)
        return _LOADERS[record.framework](replace(record, root=inner.rpartition("/")[2]) if inner else record)
    if record.framework in (None, "Custom") and record.source.get("method"):
        load = ('with open(path, "rb") as file:', "    model = pickle.load(file)")
        return Loading(("import pickle",), load, asking(record))
    if record.framework == "Multi":
        raise UserError(
            f"no entry script can be written for {record.id}: it is several models in one (Multi)",
            "Which of them answers, or how they answer together, is for you to say.",
            "Register each as a model of its own and deploy these, or give the entry script that loads them.",
        )
    raise UserError(
        f"no entry script can be written for {record.id}: its framework is {record.framework or 'not known'}",
        f"Scripts are written for {', '.join(_LOADERS)}, and for Python objects that can be called or predict.",
        "Give the entry script that loads it, or its framework when you register it.",
    )


def inner_path(record: ModelRecord) -> str:
    """Where in a folder the model is that an entry script loads, relative to it; empty where it is what was registered.

    Raises
    ------
    UserError : the folder holds none, or more than one.
    """
    if not record.is_folder:
        return ""
    paths = [file.path.partition("/")[2] for file in record.files]
    if record.framework in _FOLDERS:
        marks = ("saved_model.pb", "config.json")
        found = [path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] in marks]
        return min(found, key=len, default="")
    endings = _ENDINGS.get(record.framework or "", ())
    found = paths if len(paths) == 1 else [path for path in paths if path.lower().endswith(endings)]
    if len(found) == 1:
        return found[0]
    raise UserError(
        f"no entry script can be written for {record.id}: the folder holds {len(found)} files of {record.framework}"
        f" ({', '.join(endings)})",
        "One is loaded by a script that is written.",
        "Register that file alone, or give the entry script that loads them.",
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


def version_module(framework: str | None) -> tuple[str, ...]:
    """The module whose version is the framework's; none where it has none."""
    return tuple(_VERSIONED_BY.get(framework or "", module) for module in modules(framework)[:1])
