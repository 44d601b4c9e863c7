"""Seals a request: reads what is on disk at the call, keeps it in the workspace's store, and refuses what could not work."""

from __future__ import annotations

import os
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_deploy.bundle.contents import SealedFile, SealedModel, SealedScript
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.options import Options
from jupyter_deploy.engine.requests import DeployRequest, SealedEnvironment
from jupyter_deploy.errors import ConfigError, ScriptError, UserError
from jupyter_deploy.script import Finding, ScriptDescription, describe, require
from jupyter_deploy.targets.base import Target
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ModelRecord

LEFT_OUT = frozenset({".git", "__pycache__", ".ipynb_checkpoints"})
"""Folders of a source directory that are never deployed; virtual environments are not either."""


def seal(
    folder: WorkspaceFolder,
    service: str,
    models: Sequence[ModelRecord],
    inference: InferenceConfig,
    target: Target,
    options: Options,
    notebook_names: Collection[str] = (),
) -> tuple[DeployRequest, tuple[Finding, ...]]:
    """Turn what the user gave into a request that nothing on disk can change any more.

    Parameters
    ----------
    notebook_names : names of the notebook, so that a script that needs one of them is refused.

    Returns
    -------
    DeployRequest, findings : the request, and the warnings and notes about the script.

    Raises
    ------
    ConfigError : a setting that this target cannot honour. ScriptError : the script could not start.
    """
    check_supported(inference, target)
    description = _described(inference, notebook_names)
    require(description)
    sources = _source_files(inference, folder.path)
    script = seal_script(folder, inference, sources)
    request = DeployRequest(
        service=service,
        target=target.name,
        models=tuple(seal_model(model) for model in models),
        script=script,
        environment=_environment(inference, _imports(sources, description, models), script),
        options=without_secrets(options),
        settings=target.server_settings(options),
        inference=inference.given(),
    )
    return request, description.findings


def check_supported(inference: InferenceConfig, target: Target) -> None:
    """Refuse the settings of an InferenceConfig that a target cannot honour, naming the target that can."""
    problems = [
        f"{name} has no meaning on the target '{target.name}'; it needs a target that builds images ('{able}')"
        for name, able in target.unsupported.items()
        if name in inference.given()
    ]
    if inference.conda_file:
        problems.append(
            "conda_file cannot be resolved yet; give pip_requirements_file, or neither for the kernel's packages"
        )
    if problems:
        raise ConfigError(problems)


def _described(inference: InferenceConfig, notebook_names: Collection[str]) -> ScriptDescription:
    path = inference.script_path
    try:
        return describe(_source(path), path.name, notebook_names)
    except OSError as error:
        raise ConfigError([f"entry_script {path} cannot be read: {error.strerror}"]) from None
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path.name} is no Python source: {error}", remedy="save it as UTF-8 text") from None


def _source(path: Path) -> str:
    """The text of a Python file, in the encoding that it names; SyntaxError or UnicodeDecodeError where it is in none."""
    with tokenize.open(path) as file:
        return file.read()


def seal_model(model: ModelRecord) -> SealedModel:
    """A registered model's files are in the store already."""
    files = tuple(SealedFile(file.path, file.sha256, file.size) for file in model.files)
    return SealedModel(model.name, model.version, files)


def seal_script(folder: WorkspaceFolder, inference: InferenceConfig, sources: Iterable[Path]) -> SealedScript:
    """Keep the script, or every file of its source folder, in the store."""
    script = inference.script_path
    if inference.source_directory is None:
        return SealedScript(script.name, None, (_sealed(folder, script, script.name),))
    root = inference.root
    files = tuple(_sealed(folder, path, f"{root.name}/{path.relative_to(root).as_posix()}") for path in sources)
    return SealedScript(f"{root.name}/{script.resolve().relative_to(root).as_posix()}", root.name, files)


def _sealed(folder: WorkspaceFolder, path: Path, name: str) -> SealedFile:
    sha256, size = folder.files.put(path)
    return SealedFile(name, sha256, size)


def _source_files(inference: InferenceConfig, workspace: Path) -> tuple[Path, ...]:
    """The files of the source directory, where there is one, without those of a workspace that lies in it."""
    return tuple(_walk(inference.root, workspace.resolve())) if inference.source_directory else ()


def _walk(root: Path, workspace: Path) -> Iterator[Path]:
    """Every file below a folder; links are followed, but none in a circle."""
    seen: set[Path] = set()
    for base, folders, files in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if _is_deployed(Path(base, name), workspace, seen))
        for name in sorted(files):
            path = Path(base, name)
            if not path.is_file():
                raise UserError(
                    f"{path} in the source directory is a broken link or no plain file",
                    remedy="remove it, or move the script into a folder that holds only what it needs",
                )
            yield path


def _is_deployed(folder: Path, workspace: Path, seen: set[Path]) -> bool:
    real = folder.resolve()
    if folder.name in LEFT_OUT or real == workspace or (folder / "pyvenv.cfg").exists() or real in seen:
        return False
    seen.add(real)
    return True


def _environment(inference: InferenceConfig, imports: Mapping[str, str], script: SealedScript) -> SealedEnvironment:
    from jupyter_deploy.environments import lock_kernel

    requirements = inference.path_of("pip_requirements_file")
    if requirements is not None:
        return SealedEnvironment("pip", requirements.read_text(encoding="utf-8-sig"))
    return SealedEnvironment("kernel", lock_kernel(imports, _local(script)).text())


def _imports(
    sources: Iterable[Path], description: ScriptDescription, models: Sequence[ModelRecord]
) -> Mapping[str, str]:
    """Who imports each module: the script, the files of its source directory, the models' pickles."""
    asked: dict[str, str] = {}
    for model in models:
        asked.update(dict.fromkeys(model.imports, f"model {model.id}"))
    for path in sources:
        if path.suffix == ".py":
            asked.update(dict.fromkeys(_imports_of(path), path.name))
    asked.update(dict.fromkeys(description.imports, description.filename))
    return asked


def _imports_of(path: Path) -> tuple[str, ...]:
    try:
        return describe(_source(path), path.name).imports
    except (SyntaxError, UnicodeDecodeError):
        return ()  # not every .py file of a folder is meant for this Python


def _local(script: SealedScript) -> frozenset[str]:
    """Modules that lie in the source directory: they are deployed with it and belong to no package."""
    if script.source_directory is None:
        return frozenset()
    entry_folder = script.entry.rsplit("/", 1)[0]
    names = set()
    for file in script.files:
        for base in (script.source_directory, entry_folder):
            if file.path.startswith(base + "/") and file.path.endswith(".py"):
                names.add(file.path[len(base) + 1 :].split("/")[0].removesuffix(".py"))
    return frozenset(names)


def without_secrets(options: Options) -> dict[str, object]:
    """The options in their JSON form, without the secret ones."""
    return replace(options, **{row.name: None for row in options.rows() if row.secret}).to_json()
