"""What is typed into the form of a deployment, read as the same things that a magic's line and Python would give."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_deploy.config.credentials import from_variable
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.inference_options import OTHER_SETTINGS
from jupyter_deploy.config.names import check_service_name, default_service_name
from jupyter_deploy.config.options import Option, Options, set_path
from jupyter_deploy.engine.computes import find_compute
from jupyter_deploy.engine.models import find_model
from jupyter_deploy.engine.recipes import recipe_of
from jupyter_deploy.engine.requesting import refuse_twins
from jupyter_deploy.engine.sealing import check_packages, check_supported, described, findings_of
from jupyter_deploy.errors import ConfigError, DeployError
from jupyter_deploy.models.entry_script import write_script
from jupyter_deploy.script import Finding
from jupyter_deploy.sdk.deploying import default_options
from jupyter_deploy.sdk.reading import environment_keys
from jupyter_deploy.targets import find_target, is_target, plain_name
from jupyter_deploy.widgets import fields
from jupyter_deploy.widgets.fields import Problem
from jupyter_deploy.widgets.notebook import plain_names
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ModelRecord

DEFAULT_TARGET = default_options().compute_type
_PLACES = {
    **{row.name: row.name for row in OTHER_SETTINGS}, **{row.json.partition(".")[0]: row.name for row in OTHER_SETTINGS[::-1]},
    "entry_script": "script", "entryScript": "script", "conda_file": "env", "pip_requirements_file": "env", "trust": "trust",
}  # fmt: skip
"""Which field a setting of an InferenceConfig is typed into."""
_BY_NAME = "VARIABLE"
"""How help shows the value of an option that is the name of an environment variable, whose content is a secret."""


COMPUTE = "compute_target_name"
"""The option, by its Python name, that names a compute; in the form the target's field does."""
_ATTACHED = "kubernetes"
"""The target of a compute that is not attached any more."""


def needs_compute(target: str) -> bool:
    """Whether services on a target need a compute that is attached."""
    return any(row.name == COMPUTE for row in find_target(target).options.rows())


def chosen_target(name: str, folder: WorkspaceFolder) -> tuple[str, str]:
    """A target and a compute, by what is chosen in the target's field: one word for both."""
    if is_target(name):
        return plain_name(name), ""
    record = folder.computes.get(name)
    return plain_name(record.kind) if record else _ATTACHED, name


def rows_of(target: str) -> list[Option]:
    """The options of a target that have fields of their own."""
    return [row for row in find_target(target).options.rows() if row.name != COMPUTE]


@dataclass(frozen=True)
class Texts:
    """What stands in the fields.

    Parameters
    ----------
    name : of the service. models : ids or names. script, env : paths; empty for what is written, and for the kernel's packages.
    trust : sources of packages. target : its name. compute : on which, where that target needs one; empty where none is chosen.
    overwrite : update where the name is taken.
    options : of the target, settings : of the script's folder and of the image, each as on a line, by its name.
    """

    name: str = ""
    models: tuple[str, ...] = ()
    script: str = ""
    env: str = ""
    trust: tuple[str, ...] = ()
    target: str = DEFAULT_TARGET
    compute: str = ""
    overwrite: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, Any], folder: WorkspaceFolder) -> Texts:
        """Take what a page sent; options that are empty are not given, and nobody's options go to another target."""
        target, compute = chosen_target(str(values.get("target") or DEFAULT_TARGET), folder)
        options = _known(rows_of(target), values.get("options", {}))
        settings = _known(OTHER_SETTINGS, values.get("settings", {}))
        name, script, env, trust = (str(values.get(key, "")).strip() for key in ("name", "script", "env", "trust"))
        sources = tuple(part.strip() for part in trust.split(",") if part.strip())
        models = tuple(map(str, values.get("models", ())))
        return cls(
            name, models, script, env, sources, target, compute, bool(values.get("overwrite")), options, settings
        )

    @classmethod
    def first(cls, folder: WorkspaceFolder, given: Mapping[str, Any] | None = None) -> Texts:
        """What a form begins with: what is given, and where that names no model, the newest one, if there is one."""
        values = dict(given or {})
        models = values.get("models") or [model.name for model in folder.models.list(limit=1)]
        name = values.get("name") or (default_service_name(str(models[0]).partition(":")[0]) if models else "")
        return cls.of({**values, "models": models, "name": name}, folder)

    def values(self, secrets: Mapping[str, Any]) -> dict[str, Any]:
        """What a page is sent.

        Parameters
        ----------
        secrets : the variables that secrets may be taken from; another text in a secret's field could be a secret and is not kept,
            nor is one where the name of an environment variable is wanted.
        """
        by_name = {row.name for row in OTHER_SETTINGS if row.shown == _BY_NAME}
        settings = {name: text for name, text in self.settings.items() if name not in by_name or text in os.environ}
        hidden = fields.secrets_of(find_target(self.target).options)
        options = {name: text for name, text in self.options.items() if name not in hidden or text in secrets}
        return {
            "name": self.name, "models": list(self.models), "script": self.script, "env": self.env,
            "trust": ", ".join(self.trust), "target": self.compute or self.target, "overwrite": self.overwrite,
            "options": options, "settings": settings,
        }  # fmt: skip


def _known(rows: Iterable[Option], texts: Mapping[str, Any]) -> dict[str, str]:
    names = {row.name for row in rows}
    return {name: str(text).strip() for name, text in texts.items() if name in names and str(text).strip()}


@dataclass(frozen=True)
class Draft:
    """A deployment that is being filled in.

    Parameters
    ----------
    texts : as they stand. models : those that were found. options : those that could be read.
    inference : None where the script is written, or cannot be read. document : of its file.
    script : the text that is written for the model.
    findings : about the script. problems : all that is in the way.
    """

    texts: Texts
    models: tuple[ModelRecord, ...]
    options: Options
    inference: InferenceConfig | None
    document: Mapping[str, Any]
    script: str
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]

    @property
    def secrets(self) -> dict[str, str]:
        """The variables of the secret options that are given, by the options' names."""
        hidden = fields.secrets_of(type(self.options))
        return {name: text for name, text in self.texts.options.items() if name in hidden}

    def require(self) -> None:
        """Refuse what cannot be deployed.

        Raises
        ------
        ConfigError : with everything that is in the way.
        """
        if self.problems:
            raise ConfigError([problem.text for problem in self.problems])


def read(texts: Texts, folder: WorkspaceFolder, variables: Mapping[str, Any]) -> Draft:
    """Read a form: everything is looked up, nothing is changed."""
    problems: list[Problem] = []
    _tried(lambda: check_service_name(texts.name), "name", problems)
    models = _models(texts, folder, problems)
    inference, document, script = None, {}, ""
    findings: tuple[Finding, ...] = ()
    if texts.script:
        document = _document(texts, problems)
        inference = _tried(partial(InferenceConfig.from_json, document, "", texts.trust), "script", problems)
        findings = _findings(inference, models, plain_names(variables), problems) if inference else ()
        if inference:
            _of_packages_and_image(inference, texts, problems)
    else:
        script = _written(texts, models, problems)
    options, wrong = fields.read(find_target(texts.target).options, texts.options, variables)
    if needs_compute(texts.target):
        options = _on_compute(texts, folder, options, problems)
    return Draft(texts, models, options, inference, document, script, findings, (*problems, *wrong))


def _on_compute(texts: Texts, folder: WorkspaceFolder, options: Options, problems: list[Problem]) -> Options:
    if not texts.compute:
        problems.append(Problem(("target",), "no cluster is chosen; attach one, or choose one that is attached"))
        return options
    _tried(partial(find_compute, folder, texts.compute), "target", problems)
    return options.replaced({COMPUTE: texts.compute})


def _tried(work: Callable[[], Any], name: str, problems: list[Problem]) -> Any:
    """What the work gives; None where it is refused, which is then a problem at a field."""
    try:
        return work()
    except ConfigError as error:
        problems += [fields.at(_PLACES, _joined(text, error.remedy), name) for text in error.problems]
    except OSError as error:  # of a path that no system takes
        problems.append(Problem((name,), str(error.strerror)))
    except DeployError as error:
        problems.append(fields.at(_PLACES, _joined(error.what, error.why, error.remedy), name))
    return None


def _joined(*parts: str) -> str:
    return "\n".join(filter(None, parts))


def _models(texts: Texts, folder: WorkspaceFolder, problems: list[Problem]) -> tuple[ModelRecord, ...]:
    if not texts.models:
        problems.append(Problem(("models",), "no model is chosen"))
    found = [_tried(partial(find_model, folder, wanted), "models", problems) for wanted in texts.models]
    models = tuple(model for model in found if model)
    _tried(lambda: refuse_twins(models), "models", problems)
    return models


def _document(texts: Texts, problems: list[Problem]) -> dict[str, Any]:
    """What a file says of script, packages and image; a relative path of packages belongs to the current folder."""
    root = Path.cwd() if texts.settings.get("source_directory") else None
    document: dict[str, Any] = {"entryScript": texts.script}
    document.update({key: path for key, path in environment_keys(texts.env or None, root).items() if path})
    found = fields.values(OTHER_SETTINGS, texts.settings, {}, problems)
    for row in OTHER_SETTINGS:
        if row.name in found:
            set_path(document, row.json, found[row.name])
    return document


def _of_packages_and_image(inference: InferenceConfig, texts: Texts, problems: list[Problem]) -> None:
    _tried(partial(check_packages, inference), "env", problems)
    _tried(partial(check_supported, inference, find_target(texts.target)), "target", problems)
    _tried(partial(recipe_of, inference), "script", problems)
    for row in OTHER_SETTINGS:
        if row.shown == _BY_NAME and row.name in texts.settings:
            _tried(partial(from_variable, texts.settings[row.name]), row.name, problems)


def _findings(
    inference: InferenceConfig, models: Sequence[ModelRecord], names: Sequence[str], problems: list[Problem]
) -> tuple[Finding, ...]:
    description = _tried(lambda: described(inference, names), "script", problems)
    if description is None:
        return ()
    problems += [Problem(("script",), str(finding)) for finding in description.errors]
    return findings_of(description, models, [inference.script_path.name])


def _written(texts: Texts, models: Sequence[ModelRecord], problems: list[Problem]) -> str:
    for name in ("env", "trust", *texts.settings):
        if texts.settings.get(name) or getattr(texts, name, ""):
            text = "this is for a script of your own; without one the packages of this kernel are taken"
            problems.append(Problem((name,), text))
    if len(texts.models) > 1:
        problems.append(Problem(("script",), "a script is written for one model; give the entry script for more"))
    if len(models) != 1 or len(texts.models) > 1:
        return ""
    return _tried(lambda: write_script(models[0]), "script", problems) or ""
