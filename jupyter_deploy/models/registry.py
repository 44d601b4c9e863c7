"""Registering, deleting and downloading models."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from jupyter_deploy.config.names import check_model_name
from jupyter_deploy.config.texts import check_texts
from jupyter_deploy.errors import Conflict, Untrusted, UserError
from jupyter_deploy.models import frameworks, provenance
from jupyter_deploy.models.allowlist import outside, read_trusted
from jupyter_deploy.models.frameworks.base import Detected
from jupyter_deploy.models.live import Live
from jupyter_deploy.models.pickles import Pickled, inspect
from jupyter_deploy.models.selection import Selection, select
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ModelRecord, StoredFile
from jupyter_deploy.workspace.store import Progress, is_content

_PROGRESS_FROM = 100 * 1000 * 1000
# What scikit-learn before 1.8 calls a module of its own in pickles, and TorchScript all of its own.
_NICKNAMES = {"_loss": "sklearn", "__torch__": "torch"}
_RESOURCES = ("cpu", "memoryInGB", "gpu")


def register(
    folder: WorkspaceFolder,
    *,
    path: Path,
    name: str,
    tags: Mapping[str, object] | None = None,
    properties: Mapping[str, object] | None = None,
    description: str = "",
    framework: str | None = None,
    framework_version: str | None = None,
    child_paths: Sequence[str] | None = None,
    trust: Sequence[str] = (),
    run_id: str | None = None,
    experiment_name: str | None = None,
    resource_configuration: Mapping[str, float] | None = None,
    progress: Progress | None = None,
    live: Live | None = None,
    sample: dict[str, Any] | None = None,
) -> ModelRecord:
    """Register a file or folder as the next version of a model; all of it or nothing.

    Parameters
    ----------
    folder : the workspace. path : a file or folder, anywhere. name : of the model, by the rule in ``check_model_name``.
    tags, properties : texts by texts; numbers become texts.
    framework, framework_version : as ``frameworks.NAMES`` has them; read from the files where they are not given.
    child_paths : of a folder only these, relative to it.
    trust : names outside the allow-list that its pickles may import, as ``module.name``.
    run_id, experiment_name : what made it, if that has a name.
    resource_configuration : ``{"cpu", "memoryInGB", "gpu"}``, each above 0, any may be missing.
    progress : called with bytes done and in all, if there are more than 100 MB.
    live : the object of the user's own kernel that the file was made from; its names are trusted as the user's.
    sample : of the input, as ``samples.sample_document`` makes it.

    Raises
    ------
    UserError : a name, path or value is not acceptable, or a file changed meanwhile.
    Untrusted : pickles name something outside the allow-list.
    """
    check_model_name(name)
    tags, properties = check_texts("tags", tags), check_texts("properties", properties)
    resources = _resources(resource_configuration)
    frameworks.check(framework, framework_version)
    selection = select(path, child_paths)
    known = _known(folder, selection, trust, live)
    if framework is None or framework == known.framework:
        framework, framework_version = known.framework, framework_version or known.version
    imports = _named((*known.imports, *(frameworks.modules(framework) if live is None else ())))
    with folder.files.adding():
        record = ModelRecord(
            name=name, version=0, created_time=datetime.now(timezone.utc), created_by=provenance.user_name(),
            root=selection.path.name, is_folder=selection.is_folder, files=_stored(folder, selection, progress),
            description=description, tags=tags, properties=properties, sample=sample,
            framework=framework, framework_version=framework_version,
            run_id=run_id, experiment_name=experiment_name, resource_configuration=resources,
            python=platform.python_version(), source=known.source, imports=imports, trusted=known.trusted,
            packages=provenance.package_versions({*imports, *frameworks.version_module(framework)}),
        )  # fmt: skip
        return folder.models.add(record)


@dataclass(frozen=True)
class _Known:
    """What is known of a model from its files or the object that they were made from, and where it comes from."""

    framework: str | None
    version: str | None
    imports: tuple[str, ...]
    trusted: tuple[str, ...]
    source: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What files say of themselves before they are registered; nothing is loaded.

    Attributes
    ----------
    selection : the files. framework, framework_version : what made them, or None.
    names : what their pickles would import, as ``module.name``. outside : those of them that need the person's word.
    """

    selection: Selection
    framework: str | None
    framework_version: str | None
    names: tuple[str, ...]
    outside: tuple[str, ...]


def look_at(folder: WorkspaceFolder, selection: Selection) -> Found:
    """Look into files as registering them would; the workspace has the names that its user trusts already."""
    pickled = _pickled(selection)
    detected = frameworks.detect(selection, pickled)
    return Found(
        selection, detected.framework, detected.version, tuple(sorted(map(str, pickled.names))),
        outside(pickled.names, read_trusted(folder.path / "trusted.txt")),
    )  # fmt: skip


def _pickled(selection: Selection) -> Pickled:
    return reduce(or_, (inspect(file.source) for file in selection.files), Pickled())


def is_registered(record: ModelRecord, path: Path, sample: Mapping[str, Any] | None) -> bool:
    """Whether a version of a model is just these files, under the same names, with the same sample."""
    files = select(path).files
    return (
        record.sample == sample
        and [(file.path, file.size) for file in record.files] == [(file.path, file.seen.size) for file in files]
        and all(is_content(file.source, known.sha256) for file, known in zip(files, record.files, strict=True))
    )


def delete(folder: WorkspaceFolder, record: ModelRecord, needed: Callable[[], Collection[str]]) -> int:
    """Forget one version of a model and remove the stored files that nothing needs any more.

    Parameters
    ----------
    folder : the workspace.
    record : the version; that no service needs it is the caller's to know.
    needed : returns the SHA-256 of stored files that something other than a model needs; called when none can be added.

    Returns
    -------
    Bytes freed on the disk.
    """
    folder.models.remove(record.name, record.version)
    return folder.files.reclaim(lambda: folder.models.stored_files().union(needed()))


def download(folder: WorkspaceFolder, record: ModelRecord, target_dir: Path, exist_ok: bool = False) -> Path:
    """Copy a model's files into a folder; the copies are the user's to change.

    Parameters
    ----------
    folder : the workspace.
    record : the version.
    target_dir : made where it is missing.
    exist_ok : replace files that are there already.

    Returns
    -------
    The path of the file or folder, with its original basename.

    Raises
    ------
    Conflict : it is there already.
    IntegrityError : a stored file is not what was registered.
    """
    path = target_dir.absolute() / record.root
    if path.exists() and not exist_ok:
        raise Conflict(
            f"{path} exists already",
            "Nothing was downloaded.",
            "Name another folder, or allow replacing: exist_ok=True in Python, --overwrite on the command line.",
        )
    for file in record.files:
        destination = target_dir.absolute() / file.path
        destination.parent.mkdir(parents=True, exist_ok=True)
        folder.files.copy_out(file.sha256, destination, what=f"{record.id}, {file.path}")
    return path


def _stored(folder: WorkspaceFolder, selection: Selection, progress: Progress | None) -> tuple[StoredFile, ...]:
    files: list[StoredFile] = []
    total = selection.size
    shown = progress if total > _PROGRESS_FROM else None
    done = 0
    for file in selection.files:
        tell = _shifted(shown, done, total) if shown else None
        sha256, size = folder.files.put(file.source, tell, file.seen)
        files.append(StoredFile(file.path, sha256, size))
        done += size
    return tuple(files)


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, _size: progress(before + done, total)


def _check_trust(
    folder: WorkspaceFolder, selection: Selection, pickled: Pickled, trust: Sequence[str]
) -> tuple[str, ...]:
    """The names outside the package's list, all of which the user trusts."""
    trusted = {*trust, *read_trusted(folder.path / "trusted.txt")}
    refused = outside(pickled.names, trusted)
    if refused:
        names = "\n".join(f"  - {name}" for name in refused)
        raise Untrusted(
            f"{selection.path.name} would import names that are not known to be safe: {', '.join(refused)}",
            f"Loading it imports and calls what it names; these are outside the list of trusted names:\n{names}",
            "If you know where the file comes from and trust these names, register it with "
            + " ".join(f"--trust {name}" for name in refused)
            + f" (in Python: trust={list(refused)}); otherwise train the model again yourself.",
        )
    return outside(pickled.names, ())


def _named(modules: Iterable[str]) -> tuple[str, ...]:
    """The modules that a model needs beside Python's own, as their packages call them."""
    found = {_NICKNAMES.get(module, module) for module in modules}
    return tuple(sorted(found - sys.stdlib_module_names - {""}))


def _known(folder: WorkspaceFolder, selection: Selection, trust: Sequence[str], live: Live | None) -> _Known:
    """Look into the files, whose names have to be trusted; those of an object of the user's own kernel are."""
    pickled = _pickled(selection)
    trusted = _check_trust(folder, selection, pickled, trust) if live is None else outside(pickled.names, ())
    found = frameworks.detect(selection, pickled)
    source = {**provenance.source(selection.path.parent if live is None else Path.cwd()), **found.facts}
    if live is not None:
        found = _of_live(live)
        source |= {"object": live.kind, "method": live.method, **live.saved.facts}
    imports = (*(name.module.partition(".")[0] for name in pickled.names), *found.imports)
    return _Known(found.framework, found.version, imports, tuple(sorted({*trusted, *found.trusted})), source)


def _of_live(live: Live) -> Detected:
    """What is known of an object, with the version of its framework that is in memory."""
    saved = live.saved
    versions = provenance.package_versions(frameworks.version_module(saved.framework))
    return Detected(saved.framework, next(iter(versions.values()), None), saved.imports, saved.trusted)


def _resources(values: Mapping[str, float] | None) -> dict[str, float] | None:
    if values is None:
        return None
    for key, value in values.items():
        if key not in _RESOURCES or isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            raise UserError(
                f"resource_configuration: {key!r}: {value!r} is not acceptable",
                f"Keys are {', '.join(_RESOURCES)}; values are numbers above 0.",
            )
    return dict(values)
