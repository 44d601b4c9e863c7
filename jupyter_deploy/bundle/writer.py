"""Writes a bundle and checks one.

bundle.json              format, and the SHA-256 of every other file: written last, so a bundle without it is none
service.json             the scoring server's settings (its schema travels with the server)
requirements.lock        the environment
server/                  the scoring server
app/                     AML_APP_ROOT: the script or its source folder
app/azureml-models/…     the models, linked to the workspace's files
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_deploy.bundle.contents import SealedFile, SealedModel, SealedScript
from jupyter_deploy.errors import IntegrityError, SystemProblem
from jupyter_deploy.workspace.store import FileStore

FORMAT = 1
MANIFEST = "bundle.json"
SERVER = "server/jupyter_deploy_scoring"
MODELS = "azureml-models"


@dataclass(frozen=True)
class BundleContents:
    """What one bundle is made of.

    Parameters
    ----------
    service, version, workspace : for the server's settings.
    models, script : sealed; their contents are in the store.
    lock : the text of ``requirements.lock``.
    settings : the target's part of ``service.json``.
    variables : environment variables of the service.
    """

    service: str
    version: int
    workspace: str
    models: Sequence[SealedModel]
    script: SealedScript
    lock: str
    settings: Mapping[str, Any]
    variables: Mapping[str, str] = field(default_factory=dict)


def write_bundle(folder: Path, contents: BundleContents, store: FileStore) -> None:
    """Write a bundle into a folder that is not there yet; what an interrupted attempt left is replaced.

    Raises
    ------
    IntegrityError : a stored file is not what was registered.
    """
    if folder.exists():
        shutil.rmtree(folder)
    app = folder / "app"
    app.mkdir(parents=True, mode=0o700)
    hashes: dict[str, str] = {}
    for file, what in _placed_files(contents):
        destination = app / file.path
        destination.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        store.place(file.sha256, destination, what=what)
        hashes[f"app/{file.path}"] = file.sha256
    scoring = Path(__file__).parent.parent / "scoring"
    for path in _plain_files(scoring):
        destination = folder / SERVER / path.relative_to(scoring)
        destination.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(path, destination)
    (folder / "service.json").write_text(json.dumps(service_settings(contents), indent=2) + "\n", encoding="utf-8")
    (folder / "requirements.lock").write_text(contents.lock, encoding="utf-8")
    for path in sorted([folder / "service.json", folder / "requirements.lock", *_plain_files(folder / "server")]):
        hashes[path.relative_to(folder).as_posix()] = _sha256(path)
    manifest = {"format": FORMAT, "files": hashes}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def service_settings(contents: BundleContents) -> dict[str, Any]:
    """The document of ``service.json``."""
    models = [
        {"name": model.name, "version": model.version, "path": f"{MODELS}/{model.name}/{model.version}"}
        for model in contents.models
    ]
    return {
        "format": FORMAT,
        "name": contents.service,
        "version": str(contents.version),
        "workspace": contents.workspace,
        "models": models,
        "entryScript": contents.script.entry,
        "sourceDirectory": contents.script.source_directory,
        "modelDir": models[0]["path"] if len(models) == 1 else MODELS,  # azureml-v1 1.4
        "environmentVariables": dict(contents.variables),
        **contents.settings,
    }


def _placed_files(contents: BundleContents) -> Iterator[tuple[SealedFile, str]]:
    for model in contents.models:
        for file in model.files:
            path = PurePosixPath(MODELS, model.name, str(model.version), file.path)
            yield SealedFile(str(path), file.sha256, file.size), f"{file.path} of model {model.id}"
    for file in contents.script.files:
        yield file, file.path


def verify_bundle(folder: Path) -> None:
    """Check a bundle against its manifest before it is started again.

    Raises
    ------
    IntegrityError : a file is missing or was changed; it is named.
    SystemProblem : no bundle, or one of a newer format.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        version, files = int(manifest["format"]), dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{MANIFEST} cannot be read: {error!r}"
        raise SystemProblem(f"{folder} is no whole bundle", reason, "deploy or update the service again") from None
    if version > FORMAT:
        raise SystemProblem(
            f"{folder} has bundle format {version}, newer than this release knows ({FORMAT}):"
            " upgrade with 'pip install --upgrade jupyter-deploy-models'"
        )
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            raise IntegrityError(f"{path} is missing", "", "deploy or update the service again")
        if _sha256(path) != expected:
            raise IntegrityError(
                f"{path} was changed after it was deployed",
                f"its SHA-256 is not the recorded {expected}",
                "nothing was started; register the model again if it is a model file, then update the service",
            )


def _plain_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
