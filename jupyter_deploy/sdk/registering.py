"""What is to be registered: a path as it is, or a live object saved for as long as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import UserError

if TYPE_CHECKING:
    from jupyter_deploy.models.live import Live
    from jupyter_deploy.workspace.folder import WorkspaceFolder
    from jupyter_deploy.workspace.records import ModelRecord


def register(
    folder: WorkspaceFolder,
    name: str,
    *,
    model_path: str | Path | None = None,
    model: Any = None,
    sample_input: Any = None,
    progress: Callable[[int, int], None],
    **facts: Any,
) -> ModelRecord:
    """Register a file, a folder or a live object under a name that was checked.

    Parameters
    ----------
    sample_input : rows of the model's input, or None. progress : called with bytes done and in all, where they are many.
    facts : what else the record holds, as ``models.register`` takes it.

    Raises
    ------
    UserError, Untrusted : as ``Model.register``.
    """
    from jupyter_deploy import models
    from jupyter_deploy.models.samples import sample_document

    sample = None if sample_input is None else sample_document(sample_input)
    with files_of(model_path, model, sample_input) as (path, live):
        return models.register(folder, path=path, name=name, progress=progress, live=live, sample=sample, **facts)


def what_is_meant(typed: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The path that was typed, or what the variable of that name holds, a path or an object; a path that exists comes first."""
    path = Path(typed).expanduser()
    if path.exists() or typed not in variables:
        return {"model_path": path}
    value = variables[typed]
    if isinstance(value, (str, Path)):
        return {"model_path": Path(value).expanduser()}
    return {"model": value}


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
