"""Hugging Face transformers: folders whose ``config.json`` states the kind of model and the version that wrote it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.models.frameworks.base import Detected, Saved, built_on
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection

_MAX_CONFIG = 1024 * 1024


def detect(selection: Selection, _pickled: Pickled) -> Detected | None:
    """A folder with the configuration that ``save_pretrained`` writes."""
    config = next((file for file in selection.files if file.path.endswith("/config.json")), None)
    if config is None or config.seen.size > _MAX_CONFIG:
        return None
    try:
        document = json.loads(config.source.read_bytes())
    except ValueError:
        return None
    if not isinstance(document, dict) or not ("model_type" in document or "architectures" in document):
        return None
    version = document.get("transformers_version")
    return Detected("Transformers", version if isinstance(version, str) else None)


def is_own(value: object) -> bool:
    """A model, tokenizer or pipeline of transformers."""
    return "transformers" in built_on(value)


def save(value: Any, _folder: Path, _sample: Any) -> Saved:
    """Refuse: a model of transformers is a folder with its tokenizer, which the model does not know.

    Raises
    ------
    UserError : always, with the way to make that folder.
    """
    raise UserError(
        f"a {type(value).__name__} is registered as a folder, together with its tokenizer or processor",
        remedy="write both with .save_pretrained('folder'), then register that folder: model_path='folder'",
    )
