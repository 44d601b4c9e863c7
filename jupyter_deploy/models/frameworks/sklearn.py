"""scikit-learn: pickles that name its classes, each with the version that wrote it, and the archives of skops."""

from __future__ import annotations

import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

from jupyter_deploy.models import pickling, skops_archive
from jupyter_deploy.models.frameworks.base import Detected, Loading, Saved, asking, built_on, loading_pickle
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection
from jupyter_deploy.workspace.records import ModelRecord


def detect(selection: Selection, pickled: Pickled) -> Detected | None:
    """A model whose pickles name scikit-learn, or that skops wrote."""
    if any(_is_skops_archive(file.source) for file in selection.files):
        return Detected("ScikitLearn", imports=("skops",), trusted=skops_archive.names_to_tell(pickled.names))
    if any(name.module.partition(".")[0] == "sklearn" for name in pickled.names):
        return Detected("ScikitLearn", pickled.sklearn_version)
    return None


def _is_skops_archive(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive, archive.open("schema.json") as file:
            return b"_skops_version" in file.read()
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError):
        return False


def is_own(value: object) -> bool:
    """An estimator of scikit-learn, or of a class derived from one."""
    return "sklearn" in built_on(value)


def save(value: Any, folder: Path, _sample: Any) -> Saved:
    """Write a skops archive, which is no pickle, where skops is installed and can; else a pickle."""
    saved = _as_skops(value, folder)
    if saved is None:
        made = pickling.save(value, folder)
        saved = Saved(made.path, "ScikitLearn", ("sklearn", *made.imports))
    return saved


def _as_skops(value: Any, folder: Path) -> Saved | None:
    try:
        skops: Any = import_module("skops.io")
    except ImportError:
        return None
    path = folder / "model.skops"
    try:
        skops.dump(value, path)
        named = tuple(skops.get_untrusted_types(file=path))
        skops.load(path, trusted=list(named))  # not all that it writes can it read
        skops_archive.make_repeatable(path)
    except Exception:  # whatever it trips over: a pickle may hold the object, and says what is wrong where it does not
        path.unlink(missing_ok=True)
        return None
    modules = {name.partition(".")[0] for name in named}
    if "__main__" in modules:  # a service has nothing of the notebook
        path.unlink()
        return None
    return Saved(path, "ScikitLearn", ("sklearn", "skops", *sorted(modules - {"sklearn", "skops"})), named)


def loading(record: ModelRecord) -> Loading:
    """By skops, which is told the names to trust, or by joblib."""
    if not record.root.endswith(".skops"):
        return loading_pickle(record)
    names = f"[{', '.join(map(repr, record.trusted))}]"
    return Loading(("import skops.io",), (f"model = skops.io.load(path, trusted={names})",), asking(record))
