"""Seals a request: reads what is on disk at the call, keeps it in the workspace's store, and refuses what could not work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jupyter_deploy.bundle.contents import SealedFile, SealedModel, SealedScript
from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.config.environment import Environment
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.options import Options
from jupyter_deploy.config.texts import check_texts
from jupyter_deploy.engine.fetched import modules_for, needed_to_fetch
from jupyter_deploy.engine.locking import Sealing
from jupyter_deploy.engine.recipes import conda_only_packages_of, for_record, recipe_of, with_conda
from jupyter_deploy.engine.requests import DeployRequest, SealedEnvironment
from jupyter_deploy.engine.sources import imports_of, modules_of, python_text, source_files
from jupyter_deploy.errors import ConfigError, ScriptError
from jupyter_deploy.script import Finding, ScriptDescription, describe, require, undeployed_models
from jupyter_deploy.targets.base import Target
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ModelRecord

Keep = Callable[[Path], tuple[str, int]]
"""Keeps the content of a file; returns its SHA-256 and its size."""


def seal(
    folder: WorkspaceFolder,
    service: str,
    models: Sequence[ModelRecord],
    inference: InferenceConfig,
    target: Target,
    options: Options,
    notebook_names: Collection[str] = (),
    say: Callable[[str], None] = lambda _: None,
    keep: Keep | None = None,
) -> tuple[DeployRequest, tuple[Finding, ...]]:
    """Turn what the user gave into a request that nothing on disk can change any more.

    Parameters
    ----------
    notebook_names : names of the notebook, so that a script that needs one of them is refused.
    say : called with each line of progress, where packages are built.
    keep : what is done with the files of the script; they go into the workspace's store where it is not given.

    Returns
    -------
    DeployRequest, findings : the request, and the warnings and notes about the script.

    Raises
    ------
    ConfigError : a setting that this target cannot honour. ScriptError : the script could not start.
    Untrusted : packages come from elsewhere. EnvironmentFailed : one of them does not build.
    """
    check_supported(inference, target)
    description = described(inference, notebook_names)
    require(description)
    sources = source_files(inference, folder.path)
    script = seal_script(keep or folder.files.put, inference, sources)
    settings = target.server_settings(options)
    kernel = _of_kernel(description, sources, settings, modules_of(*_laid_out(inference, sources)))
    kernel = _with_imports(kernel, needed_to_fetch(folder, service, options, models))
    environment = _environment(_sealing(folder, inference, say), inference, kernel, models)
    request = DeployRequest(
        service=service,
        target=target.name,
        models=tuple(seal_model(model) for model in models),
        script=script,
        environment=environment,
        options=without_secrets(options),
        settings=settings,
        inference=for_record(inference),
        recipe=with_conda(recipe_of(inference), environment),
    )
    return request, findings_of(description, models, [file.path for file in script.files])


def findings_of(
    description: ScriptDescription, models: Sequence[ModelRecord], files: Sequence[str]
) -> tuple[Finding, ...]:
    """What there is to say about a script that is deployed with some models and files."""
    deployed = [(model.name, model.version) for model in models]
    return (*description.findings, *undeployed_models(description, deployed, files))


def environment_alone(
    folder: WorkspaceFolder,
    models: Sequence[ModelRecord],
    inference: InferenceConfig,
    settings: Mapping[str, Any],
    say: Callable[[str], None],
) -> SealedEnvironment:
    """Seal the environment that a request would have, for a look at it; nothing of the script is kept.

    Parameters
    ----------
    settings : the target's part of the server's. say : called with each line of progress, where packages are built.

    Raises
    ------
    ConfigError, ScriptError : a file cannot be read. Untrusted, EnvironmentFailed : as of :func:`seal`.
    """
    sources = source_files(inference, folder.path)
    local = modules_of(*_laid_out(inference, sources))
    kernel = _of_kernel(described(inference), sources, settings, local)
    return _environment(_sealing(folder, inference, say), inference, kernel, models)


def _sealing(folder: WorkspaceFolder, inference: InferenceConfig, say: Callable[[str], None]) -> Sealing:
    return Sealing(folder, inference.trust, say, conda_only_packages_of(inference))


def _of_kernel(
    description: ScriptDescription, sources: Sequence[Path], settings: Mapping[str, Any], local: tuple[str, ...]
) -> SealedEnvironment:
    """What the packages of the kernel are asked for; they are locked when the models are known."""
    own = dict.fromkeys(description.imports, description.filename)
    imports = {**_needed_for_collection(settings), **imports_of(sources), **own}
    return SealedEnvironment("kernel", "", imports=imports, local=local)


def _needed_for_collection(settings: Mapping[str, Any]) -> dict[str, str]:
    """The modules that keeping data needs, with the option that asks for each."""
    needed = {"pyarrow": "collect_format"} if settings.get("collectFormat") == "parquet" else {}
    url = settings.get("collectUrl", "")
    return {**needed, **modules_for(url, "collect_url")} if "://" in url else needed


def _with_imports(environment: SealedEnvironment, imports: Mapping[str, str]) -> SealedEnvironment:
    return replace(environment, imports={**imports, **environment.imports})


def check_supported(inference: InferenceConfig, target: Target) -> None:
    """Refuse the settings of an InferenceConfig that a target cannot honour, naming the target that can."""
    problems = [
        _refusal(name, target, target.unsupported[name]) for name in target.unsupported if name in inference.given()
    ]
    for name in inference.environment.docker.given() if inference.environment else ():
        able = target.unsupported.get(name, target.unsupported.get("base_image"))
        if able is not None:
            problems.append(_refusal(f"environment.docker.{name}", target, able))
    if problems:
        raise ConfigError(problems)


def _refusal(name: str, target: Target, able: str) -> str:
    if not able:
        return f"{name} is not taken by the target '{target.name}' in this release; leave it out"
    return f"{name} has no meaning on the target '{target.name}'; it needs a target that builds images ('{able}')"


def described(inference: InferenceConfig, notebook_names: Collection[str] = ()) -> ScriptDescription:
    """Read the entry script.

    Raises
    ------
    ConfigError : it cannot be read. ScriptError : it is no Python source.
    """
    path = inference.script_path
    try:
        return describe(python_text(path), path.name, notebook_names)
    except OSError as error:
        raise ConfigError([f"entry_script {path} cannot be read: {error.strerror}"]) from None
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path.name} is no Python source: {error}", remedy="save it as UTF-8 text") from None


def seal_model(model: ModelRecord) -> SealedModel:
    """A registered model's files are in the store already."""
    files = tuple(SealedFile(file.path, file.sha256, file.size) for file in model.files)
    return SealedModel(model.name, model.version, files)


def seal_script(keep: Keep, inference: InferenceConfig, sources: Iterable[Path]) -> SealedScript:
    """Keep the script, or every file of its source folder."""
    entry, root, files = _laid_out(inference, sources)
    return SealedScript(entry, root, tuple(SealedFile(name, *keep(path)) for name, path in files.items()))


def _laid_out(inference: InferenceConfig, sources: Iterable[Path]) -> tuple[str, str | None, dict[str, Path]]:
    """The names of the script and of its source folder, and every file by the name that it is sealed under."""
    script, root = inference.script_path, inference.root
    if inference.source_directory is None:
        return script.name, None, {script.name: script}
    files = {f"{root.name}/{path.relative_to(root).as_posix()}": path for path in sources}
    return f"{root.name}/{script.resolve().relative_to(root).as_posix()}", root.name, files


def _environment(
    sealing: Sealing, inference: InferenceConfig, kernel: SealedEnvironment, models: Sequence[ModelRecord]
) -> SealedEnvironment:
    if inference.environment is not None:
        return _sealed_environment(sealing, inference.environment, kernel, models)
    conda, requirements = inference.path_of("conda_file"), inference.path_of("pip_requirements_file")
    if conda is not None:
        return sealing.conda(CondaFile.from_file(conda), conda.name, conda.parent)
    if requirements is not None:
        return sealing.requirements(requirements_text(requirements), requirements.name, requirements.parent)
    return _locked(kernel, models)


def check_packages(inference: InferenceConfig) -> None:
    """Read the file that names the packages, without looking for any of them.

    Raises
    ------
    ConfigError : lines that cannot be had. Untrusted : lines that take packages from elsewhere.
    """
    from jupyter_deploy.environments import plan_conda, read_requirements

    conda, requirements = inference.path_of("conda_file"), inference.path_of("pip_requirements_file")
    if conda is not None:
        plan_conda(CondaFile.from_file(conda), conda.name).require(inference.trust)
    elif requirements is not None:
        read_requirements(requirements_text(requirements), requirements.name, inference.trust)


def requirements_text(path: Path) -> str:
    """The text of a requirements file; ConfigError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"pip_requirements_file {path} cannot be read: {error}"]) from None


def _sealed_environment(
    sealing: Sealing, environment: Environment, kernel: SealedEnvironment, models: Sequence[ModelRecord]
) -> SealedEnvironment:
    if problems := environment.problems():  # it may have been changed since it was configured
        raise ConfigError(problems)
    python = environment.python
    if python.conda_dependencies is not None:
        sealed = sealing.conda(python.conda_dependencies.file, environment.name, Path.cwd())
    elif python.pip_requirements is not None:
        sealed = sealing.requirements(python.pip_requirements, environment.name, Path.cwd())
    else:
        sealed = _locked(kernel, models)
    given = check_texts("environment_variables", environment.environment_variables)
    return replace(sealed, variables={**sealed.variables, **given})


def _locked(environment: SealedEnvironment, models: Sequence[ModelRecord]) -> SealedEnvironment:
    """The kernel's packages for a script and some models."""
    from jupyter_deploy.environments import lock_kernel

    asked = {module: f"model {model.id}" for model in models for module in model.imports}
    return replace(environment, text=lock_kernel({**asked, **environment.imports}, environment.local).text())


def with_models(
    request: DeployRequest, models: Sequence[ModelRecord], imports: Mapping[str, str] = MappingProxyType({})
) -> DeployRequest:
    """The same request with other models; a kernel's environment is locked anew, where this is the kernel it was locked from.

    Parameters
    ----------
    imports : modules that it needs besides, with the option that asks for each.
    """
    from jupyter_deploy.environments import Lock, lacking

    changed = replace(request, models=tuple(seal_model(model) for model in models))
    environment = request.environment
    if environment.kind != "kernel" or lacking(Lock.parse(environment.text)):
        return changed
    return replace(changed, environment=_locked(_with_imports(environment, imports), models))


def without_secrets(options: Options) -> dict[str, object]:
    """The options in their JSON form, without the secret ones."""
    return replace(options, **{row.name: None for row in options.rows() if row.secret}).to_json()
