"""What a service's environment needs where it reads or writes elsewhere by itself: fsspec, with what that needs for a URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from jupyter_deploy.bundle.contents import SealedModel
from jupyter_deploy.config.options import Options
from jupyter_deploy.engine.places import secrets_name, store_of
from jupyter_deploy.engine.service_secrets import held_secrets
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ModelRecord

_PLAIN = ("http", "https")
_FIELD, _HELD = "models_storage_options", "models.storageOptions"
"""The option with what the place of the models is opened with, by its name in Python, and as a secret that is held."""


def needed_to_fetch(
    folder: WorkspaceFolder, service: str, options: Options, models: Sequence[ModelRecord | SealedModel]
) -> dict[str, str]:
    """The modules that a service needs to fetch its models, with the option that asks for each; none where they are brought to it."""
    models_from = getattr(options, "models_from", None)
    if models_from is None:
        return {}
    held = held_secrets(folder, secrets_name(service))
    has_options = bool(getattr(options, _FIELD) or _HELD in held)
    size = sum(file.size for model in models for file in model.files)
    url = models_from(size, store_of(folder), has_storage_options=has_options)
    return modules_for(url, "models_url") if url and urlsplit(url).scheme not in _PLAIN else {}


def modules_for(url: str, option: str) -> dict[str, str]:
    """The modules with which fsspec opens a URL, with the option that asks for it.

    >>> modules_for("s3://bucket/folder", "models_url")
    {'fsspec': 'models_url', 's3fs': 'models_url'}
    """
    from fsspec.registry import known_implementations  # type: ignore[import-untyped]

    known: Mapping[str, str] = known_implementations.get(urlsplit(url).scheme, {})
    module = known.get("class", "fsspec").partition(".")[0]
    return dict.fromkeys(("fsspec", module), option)
