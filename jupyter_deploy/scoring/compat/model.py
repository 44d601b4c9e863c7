"""``Model`` inside a service: all a script needs of it is where its model lies."""

# ruff: noqa: ARG002 - the signatures are those of what is stood in for
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..model_paths import ModelPathError, get_model_path


class Model:
    """Stands for ``azureml.core.Model`` and ``jupyter_deploy.Model`` where they are not installed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ModelPathError("a service has no workspace; use Model.get_model_path(name) to find the deployed model")

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: Any = None) -> str:
        """Return where a deployed model's file or folder is.

        >>> joblib.load(Model.get_model_path("diabetes"))  # doctest: +SKIP
        """
        if _workspace is not None:
            raise ModelPathError("a service has no workspace; leave out _workspace")
        return get_model_path(
            model_name, version, Path(os.environ.get("AML_APP_ROOT", "")) / "azureml-models", Path.cwd()
        )
