"""PyTorch: its zip archives, and pickles that name its classes; neither states a version of PyTorch."""

from __future__ import annotations

import zipfile
from pathlib import Path

from jupyter_deploy.models.frameworks.base import Detected
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection


def detect(selection: Selection, pickled: Pickled) -> Detected | None:
    """A model with an archive of PyTorch's own, or whose pickles name PyTorch."""
    names_torch = any(name.module.partition(".")[0] == "torch" for name in pickled.names)
    if names_torch or any(_is_torch_archive(file.source) for file in selection.files):
        return Detected("PyTorch")
    return None


def _is_torch_archive(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name.partition("/")[2] for name in archive.namelist()}  # below the archive's one folder
    except zipfile.BadZipFile:
        return False
    return {"data.pkl", "version"} <= members
