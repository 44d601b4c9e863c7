"""``Model.get_model_path`` in a notebook or a plain script, with the look-up rules that it has in a service."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from jupyter_deploy.errors import ModelNotFound, SystemProblem, UserError
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ModelRecord


def get_model_path(name: str, version: int | None = None, folder: WorkspaceFolder | None = None) -> Path:
    """Say where a registered model's file or folder is.

    With a workspace the model is placed under ``$AML_APP_ROOT/azureml-models/<name>/<version>``, read-only, where it
    is not there yet. Without one that folder is searched, then the current folder for something called like the model.

    Parameters
    ----------
    name : under which the model was registered.
    version : None for the latest.
    folder : the workspace to take it from.

    Raises
    ------
    ModelNotFound : there is no such model.
    UserError : the name or the version is of the wrong type.
    """
    if not isinstance(name, str) or not name:
        raise UserError(f"model_name must be the name of a model, not {name!r}")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise UserError(f"version must be a whole number or None, not {version!r}", "", f"Write version={version}.")
    models_dir = Path(os.environ.get("AML_APP_ROOT", ""), "azureml-models").absolute()
    if folder is None:
        return find_model_path(name, version, models_dir, Path.cwd())
    record = folder.models.get(name, version)
    if record is None:
        which = f"{name}:{version}" if version else name
        raise ModelNotFound(
            f"{which} is not in the workspace {folder.path}", "", "List the models to see what is there."
        )
    return _placed(folder, record, models_dir / record.name / str(record.version))


def find_model_path(name: str, version: int | None, models_dir: Path, here: Path) -> Path:
    """Find a model that was placed before.

    Parameters
    ----------
    name : under which the model was registered.
    version : None for the highest that is there.
    models_dir : holds ``<name>/<version>/<file or folder>``.
    here : where something called like the model is taken for it if ``models_dir`` has none.

    Raises
    ------
    ModelNotFound : it is in neither.
    SystemProblem : the version's folder does not hold exactly one entry.
    """
    if version is None:
        numbers = [int(entry.name) for entry in (models_dir / name).glob("*") if entry.name.isdecimal()]
        version = max(numbers, default=None)
    placed = models_dir / name / str(version)
    if version is not None and placed.is_dir():
        entries = sorted(entry.name for entry in placed.iterdir())
        if len(entries) == 1:
            return placed / entries[0]
        raise SystemProblem(
            f"{placed} must hold exactly one file or folder",
            f"It holds: {', '.join(entries) or 'nothing'}.",
            "Remove that folder and ask again with the workspace.",
        )
    if (here / name).exists():
        return here / name
    held = ", ".join(sorted(entry.name for entry in models_dir.glob("[!.]*"))) or "none"
    raise ModelNotFound(
        f"'{name if version is None else f'{name}:{version}'}' is not among the models placed here ({held})",
        f"Looked in {models_dir}, and for a file of that name in {here}.",
        "In a service: deploy it with that model. In a notebook: give the workspace, get_model_path(name, _workspace=ws).",
    )


def _placed(folder: WorkspaceFolder, record: ModelRecord, place: Path) -> Path:
    """Place a model, in one step, so that nobody sees half of it."""
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
        try:
            for file in record.files:
                destination = unfinished / file.path
                destination.parent.mkdir(parents=True, exist_ok=True)
                folder.files.place(file.sha256, destination, what=f"{record.id}, {file.path}")
            unfinished.rename(place)
        except OSError:
            if not place.is_dir():  # else another process has placed it meanwhile
                raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return place / record.root
