"""LightGBM: its text files, which state a version of their format only, and pickles that name its classes."""

from __future__ import annotations

from jupyter_deploy.models.frameworks.base import Detected, read_head
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection


def detect(selection: Selection, pickled: Pickled) -> Detected | None:
    """A model with a text file of LightGBM's own, or whose pickles name LightGBM."""
    has_file = any(read_head(file.source, 16).startswith(b"tree\nversion=v") for file in selection.files)
    if has_file or any(name.module.partition(".")[0] == "lightgbm" for name in pickled.names):
        return Detected("LightGBM")
    return None
