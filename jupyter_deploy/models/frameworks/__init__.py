"""Which framework wrote a model, read from its files alone; one module per framework.

A new one is a module with ``detect(selection, pickled)`` in ``_DETECTORS`` and a row in ``_MODULES``.
"""

from __future__ import annotations

from collections.abc import Callable

from jupyter_deploy.errors import UserError
from jupyter_deploy.models.frameworks import keras, lightgbm, onnx, pytorch, sklearn, tensorflow, xgboost
from jupyter_deploy.models.frameworks.base import Detected
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection

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
}

NAMES = tuple(_MODULES)
"""The frameworks that a model can be registered with."""

_DETECTORS: tuple[Callable[[Selection, Pickled], Detected | None], ...] = (
    sklearn.detect,
    xgboost.detect,
    lightgbm.detect,
    pytorch.detect,
    keras.detect,
    tensorflow.detect,
    onnx.detect,  # after TensorFlow, whose files can begin with the same fields
)


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
