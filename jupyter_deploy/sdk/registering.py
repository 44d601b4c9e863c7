"""What is to be registered: a path as it is, or a live object saved for as long as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import UserError

if TYPE_CHECKING:
    from jupyter_deploy.models.live import Live


@contextmanager
def files_of(model_path: str | Path | None, model: Any, sample: Any) -> Iterator[tuple[Path, Live | None]]:
    """The files of a model, for as long as the context lasts.

    Raises
    ------
    UserError : both or neither are given, or the object is a registered model.
    """
    if (model_path is None) == (model is None):
        raise UserError(
            "give either model_path or model" + (", not both" if model is not None else ""),
            remedy="model_path is a file or a folder, model an object such as a fitted estimator",
        )
    if model_path is not None:
        yield Path(model_path), None
    else:
        from jupyter_deploy.models.live import saved
        from jupyter_deploy.sdk.model import Model

        if isinstance(model, Model):
            raise UserError(f"{model.id} is registered already", remedy="deploy it, or give the trained object")
        with saved(model, sample) as live:
            yield live.saved.path, live
