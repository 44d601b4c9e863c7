"""Models that are too large for an image: each pod fetches them before its server starts, and checks each file by its SHA-256."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_deploy.config.options import Options
from jupyter_deploy.images.dockerfile import APP_ROOT
from jupyter_deploy.targets.base import Place, Release
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions

CONTAINER = "fetch-models"
"""The name of the container that does it, in each pod."""
FOLDER = f"{APP_ROOT}/azureml-models"
STORAGE_OPTIONS = "models.storageOptions"
REMEDY = (
    "look at that place, models_url and models_storage_options, then do this again; with a bake_models_up_to_mb above their size the models"
    " are in the image"
)
"""What to do where models cannot be had."""
_PLACED = "app/azureml-models/"
_MB = 1024 * 1024
_SLOWEST = 5 * 1024 * 1024
"""Bytes a second that a rollout waits for."""


@dataclass(frozen=True)
class Fetching:
    """What pods fetch.

    Parameters
    ----------
    url : from where. files : each with its ``path`` in the folder of the models, its ``key`` below the URL, its ``sha256`` and ``size``.
    """

    url: str
    files: Sequence[Mapping[str, Any]]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file["size"] for file in self.files)

    @property
    def seconds(self) -> int:
        """That it may take."""
        return self.size // _SLOWEST

    def text(self) -> str:
        """The document that a pod is told."""
        return json.dumps({"url": self.url, "files": list(self.files)})


def files_of(release: Release) -> list[dict[str, Any]]:
    """The files of a release's models."""
    manifest: Mapping[str, str] = json.loads((release.bundle / "bundle.json").read_text(encoding="utf-8"))["files"]
    return [
        {"path": name.removeprefix(_PLACED), "sha256": sha256, "size": (release.bundle / name).stat().st_size}
        for name, sha256 in sorted(manifest.items())
        if name.startswith(_PLACED)
    ]


def fetching_of(place: Place, options: Options, files: Sequence[Mapping[str, Any]]) -> Fetching | None:
    """What pods fetch of the files of models; None where the image has them."""
    assert isinstance(options, KubernetesOptions)
    held = json.loads(place.secrets.read_text(encoding="utf-8")) if place.secrets else {}
    size = sum(file["size"] for file in files)
    url = options.models_from(size, place.store, has_storage_options=STORAGE_OPTIONS in held)
    if not url:
        return None
    by_path = bool(options.models_url)
    return Fetching(url, [{**file, "key": file["path"] if by_path else _key(file["sha256"])} for file in files])


def baked_note(place: Place, release: Release) -> str:
    """Say of models that are larger than an image should have that it has them all the same; empty where there is nothing to say."""
    options, size = release.options, sum(file["size"] for file in files_of(release))
    assert isinstance(options, KubernetesOptions)
    limit = options.bake_models_up_to_mb
    if size <= limit * _MB or fetching_of(place, options, files_of(release)):
        return ""
    where = "models_storage_options for the workspace's store" if place.store else "models_url"
    return f"models of {size // _MB} MB go into the image, more than bake_models_up_to_mb ({limit}); pods fetch them where {where} is given"


def refusal_of(pod: Object) -> str:
    """Why a pod cannot have its models, in its own words; empty where it can, or none are to be fetched."""
    status = _status(pod)
    ended = status.get("state", {}).get("terminated") or status.get("lastState", {}).get("terminated") or {}
    if not ended.get("exitCode"):
        return ""
    lines = str(ended.get("message") or "").strip().splitlines()
    return lines[-1] if lines else f"{ended.get('reason')}, exit code {ended['exitCode']}"


def _status(pod: Object) -> Mapping[str, Any]:
    statuses = pod.get("status", {}).get("initContainerStatuses", ())
    return next((each for each in statuses if each["name"] == CONTAINER), {})


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"
