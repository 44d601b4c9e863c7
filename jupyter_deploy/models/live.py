"""Live objects of the user's own kernel: saved into a private folder, from which they are registered like any file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.models import frameworks
from jupyter_deploy.models.frameworks.base import Saved

_METHODS = ("predict", "transform", "forward", "__call__")


@dataclass(frozen=True)
class Live:
    """A live object that was saved.

    Attributes
    ----------
    saved : where it is, and what loading it needs.
    kind : its class, as ``module.name``.
    method : by which it is asked; None for an object that does nothing.
    """

    saved: Saved
    kind: str
    method: str | None


@contextmanager
def saved(value: Any, sample: Any = None) -> Iterator[Live]:
    """Save a live object for as long as the context lasts.

    Parameters
    ----------
    value : the object, of this kernel: it is trusted as its user's own. sample : an input for it, where there is one.

    Raises
    ------
    UserError : it cannot be saved; the part that stands in the way is named.
    """
    if isinstance(value, (str, Path, type)) or value is None:
        raise UserError(
            f"model is {value!r}, which is no trained object",
            remedy="give the object itself; a file or folder is given as model_path",
        )
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-") as folder:  # 0700
        made = frameworks.save(value, Path(folder), sample)
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        method = next((name for name in _METHODS if callable(getattr(value, name, None))), None)
        yield Live(made, kind, method)
