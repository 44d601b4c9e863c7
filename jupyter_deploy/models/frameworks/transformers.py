"""Hugging Face transformers: folders whose ``config.json`` states the kind of model and the version that wrote it."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.models.frameworks.base import Detected, Loading, Saved, built_on
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection
from jupyter_deploy.workspace.records import ModelRecord

_MAX_CONFIG = 1024 * 1024
_IMPORTS = ("torch",)  # which transformers does not require, and cannot do without
_TASKS = {
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForMaskedLM": "fill-mask",
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
}
"""The tasks that take texts alone, by the end of an architecture's name."""


def detect(selection: Selection, _pickled: Pickled) -> Detected | None:
    """A folder with the configuration that ``save_pretrained`` writes."""
    config = next((file for file in selection.files if PurePosixPath(file.path).name == "config.json"), None)
    if config is None or not selection.is_folder or config.seen.size > _MAX_CONFIG:
        return None
    try:
        document = json.loads(config.source.read_bytes())
    except ValueError:
        return None
    if not isinstance(document, dict) or not ("model_type" in document or "architectures" in document):
        return None
    version = document.get("transformers_version")
    return Detected("Transformers", version if isinstance(version, str) else None, _IMPORTS, facts=_facts(document))


def _facts(config: dict[str, Any]) -> dict[str, str]:
    """The architecture, and the task where it tells one; a folder that brings code of its own tells none."""
    named = config.get("architectures")
    architecture = named[0] if isinstance(named, list) and named and isinstance(named[0], str) else ""
    if "auto_map" in config:
        return {"architecture": architecture, "code": "its own"}
    task = next((task for end, task in _TASKS.items() if architecture.endswith(end)), None)
    return {"architecture": architecture, **({"task": task} if task else {})}


def is_own(value: object) -> bool:
    """A model, tokenizer or pipeline of transformers."""
    return "transformers" in built_on(value)


def save(value: Any, folder: Path, _sample: Any) -> Saved:
    """Write a pipeline, which has its model and its tokenizer, as a folder.

    Raises
    ------
    UserError : it is a model alone, which does not know its tokenizer; with the way to bring both together.
    """
    if not hasattr(value, "task"):
        raise UserError(
            f"a {type(value).__name__} is registered together with its tokenizer or processor",
            remedy="register a pipeline, model=pipeline(task, model=…, tokenizer=…), or the folder into which"
            " .save_pretrained('folder') of both has written",
        )
    path = folder / "model"
    value.save_pretrained(str(path))
    return Saved(path, "Transformers", ("transformers", *_IMPORTS))


def loading(record: ModelRecord) -> Loading:
    """By the pipeline of the task that the architecture tells; the input is a list of texts.

    Raises
    ------
    UserError : the task takes more than texts, the folder brings code of its own, or the sample is of something else.
    """
    task, architecture = record.source.get("task"), record.source.get("architecture") or "not said in its config.json"
    if task is None:
        why = (
            "The folder brings code of its own (auto_map in its config.json), which is not run without being asked for."
            if "code" in record.source
            else f"Scripts are written for {', '.join(sorted(set(_TASKS.values())))}; other tasks take more than texts."
        )
        raise UserError(
            f"no entry script can be written for {record.id}: its architecture is {architecture}",
            why,
            "Give an entry script that makes the pipeline, or the model and its processor.",
        )
    sample = record.sample
    if sample is not None and (sample["kind"] != "numpy" or not sample["dtype"].startswith("<U")):
        raise UserError(f"the sample of {record.id} is no list of texts", remedy="register it with one, as ['a text']")
    load = (f'model = pipeline("{task}", model=path)',)
    return Loading(("from transformers import pipeline",), load, "model(data)", takes_arrays=False)
