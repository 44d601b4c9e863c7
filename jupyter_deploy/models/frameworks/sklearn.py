"""scikit-learn: pickles that name its classes; each estimator states the version that wrote it."""

from __future__ import annotations

from jupyter_deploy.models.frameworks.base import Detected
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection


def detect(_selection: Selection, pickled: Pickled) -> Detected | None:
    """A model whose pickles name scikit-learn."""
    if any(name.module.partition(".")[0] == "sklearn" for name in pickled.names):
        return Detected("ScikitLearn", pickled.sklearn_version)
    return None
