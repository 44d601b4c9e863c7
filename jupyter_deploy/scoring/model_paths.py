"""``Model.get_model_path`` as the original looks for a model: the folder of placed models first, the current one last."""

from __future__ import annotations

from pathlib import Path


class ModelPathError(LookupError):
    """No such model, or not exactly one file or folder in its place."""

    @property
    def message(self) -> str:
        """The text, under the name the original's errors have for it."""
        return str(self)


def get_model_path(model_name: str, version: int | None, models_dir: Path, here: Path) -> str:
    """Return where a registered model's file or folder is.

    Parameters
    ----------
    model_name : the name under which it was registered, which need not be a file's name.
    version : its version; None for the newest that is there.
    models_dir : holds ``<name>/<version>/<file or folder>``.
    here : where a file or folder called like the model counts as it when ``models_dir`` has none.

    Raises
    ------
    ModelPathError : a name or version of the wrong type; no such model (the text begins with ``ModelNotFound``); a
        version's folder that does not hold exactly one entry.
    """
    if not isinstance(model_name, str) or not model_name:
        raise ModelPathError(f"model_name is {model_name!r}, but must be the name of a registered model")
    if version is not None and type(version) is not int:
        raise ModelPathError(f"version is {version!r}, but must be an integer or None")
    folder = _version_folder(models_dir / model_name, version)
    if folder is not None:
        return str(_only_entry(folder))
    if (here / model_name).exists():
        return str(here / model_name)
    which = model_name if version is None else f"{model_name}:{version}"
    held = ", ".join(sorted(entry.name for entry in models_dir.glob("[!.]*"))) or "none"
    raise ModelPathError(
        f"ModelNotFound: '{which}' is not among the models placed here ({held}); "
        f"deploy the service with it (looked in {models_dir}, and for a file of that name in {here})"
    )


def _version_folder(model: Path, version: int | None) -> Path | None:
    if version is None:
        versions = [int(entry.name) for entry in model.iterdir() if entry.name.isdecimal()] if model.is_dir() else []
        version = max(versions, default=None)
    folder = model / str(version)
    return folder if folder.is_dir() else None


def _only_entry(folder: Path) -> Path:
    entries = sorted(folder.iterdir())
    if len(entries) != 1:
        found = ", ".join(entry.name for entry in entries) or "nothing"
        raise ModelPathError(
            f"{folder} must hold exactly one file or folder, but holds {found}; deploy the model again"
        )
    return entries[0]
