"""XGBoost: its JSON and UBJSON files, and pickles that name its classes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jupyter_deploy.models.frameworks.base import (
    Detected,
    Loading,
    Saved,
    defined_by,
    is_pickle,
    loading_pickle,
    read_head,
    read_tail,
)
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection
from jupyter_deploy.workspace.records import ModelRecord

_JSON_VERSION = re.compile(rb'"version"\s*:\s*\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\]')
_UBJSON_VERSION = re.compile(rb"version\[#L\0{7}\x03(?:i(.)|U(.))(?:i(.)|U(.))(?:i(.)|U(.))", re.DOTALL)


def detect(selection: Selection, pickled: Pickled) -> Detected | None:
    """A model with a file of XGBoost's own, or whose pickles name XGBoost."""
    for file in selection.files:
        head = read_head(file.source)
        if head.startswith(b"{") and b"learner" in head and b"learner_model_param" in head + read_tail(file.source):
            return Detected("XGBoost", _version(read_tail(file.source)))
    if any(name.module.partition(".")[0] == "xgboost" for name in pickled.names):
        return Detected("XGBoost")
    return None


def _version(tail: bytes) -> str | None:
    if match := _JSON_VERSION.search(tail):
        return ".".join(part.decode() for part in match.groups())
    if match := _UBJSON_VERSION.search(tail):
        return ".".join(str(part[0]) for part in match.groups() if part is not None)
    return None


def is_own(value: object) -> bool:
    """A booster, or one of XGBoost's own estimators; a class derived from them has more to keep than they write."""
    return defined_by(value) == "xgboost"


def save(value: Any, folder: Path, _sample: Any) -> Saved:
    """Write the binary form of XGBoost's JSON."""
    path = folder / "model.ubj"
    value.save_model(path)
    return Saved(path, "XGBoost", ("xgboost",) if type(value).__name__ == "Booster" else ("sklearn", "xgboost"))


def loading(record: ModelRecord) -> Loading:
    """The estimator that it was, or a booster: a file does not say more."""
    if is_pickle(record):
        return loading_pickle(record)
    kind = str(record.source.get("object", "Booster")).rpartition(".")[2]
    answer = "model.predict(xgboost.DMatrix(data))" if kind == "Booster" else "model.predict(data)"
    return Loading(("import xgboost",), (f"model = xgboost.{kind}()", "model.load_model(path)"), answer)
