"""What a form says, in the other ways to say it: the magic's line, Python, and configuration files with their command.

What has its default is left out of all three. A secret is in none of them: the line and Python name the variable that holds it, the
command a file.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from jupyter_deploy.config.options import Options
from jupyter_deploy.engine.sealing import without_secrets
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.draft import COMPUTE, DEFAULT_TARGET, Texts
from jupyter_deploy.widgets.lines import dashed, option, repeated, word

IC, DC = "inferenceconfig", "deploymentconfig"
SUFFIXES = {"json": ".json", "yaml": ".yml"}
_WIDTH = 88


class Settings(Protocol):
    """The settings of an InferenceConfig."""

    def given(self) -> dict[str, Any]:
        """Those that are given, by Python name."""
        ...


class Said(Protocol):
    """What can be said in other ways: a form that is filled in, or what was recorded of a service."""

    @property
    def texts(self) -> Texts:
        """As they stand in the form."""
        ...

    @property
    def options(self) -> Options:
        """Of the target."""
        ...

    @property
    def inference(self) -> Settings | None:
        """None where the script is written."""
        ...

    @property
    def document(self) -> Mapping[str, Any]:
        """Of the file with these settings."""
        ...

    @property
    def secrets(self) -> Mapping[str, str]:
        """The variables of the secret options, by the options' names."""
        ...


def shown(said: Said, workspace: str = "") -> dict[str, Any]:
    """All the other ways to say it, as a page shows them.

    Parameters
    ----------
    workspace : the path of its folder; empty for the one that is named nearest.
    """
    before = f"%env JUPYTER_DEPLOY_WORKSPACE={workspace}\n" if workspace else ""
    return {
        "line": before + line(said),
        "python": python(said, workspace),
        **{
            name: {"files": files(said, suffix), "command": command(said, workspace, suffix)}
            for name, suffix in SUFFIXES.items()
        },
    }


def line(said: Said) -> str:
    """The ``%deploy`` line."""
    texts = said.texts
    words = ["%deploy", word(texts.name), "--models", *map(word, texts.models)]
    words += [*option("script", texts.script), *option("env", texts.env), *repeated("trust", texts.trust)]
    words += [part for name, text in texts.settings.items() for part in option(name, text)]
    words += option("target", _target(said))
    words += [part for name, text in _given(said).items() for part in option(name, text)]
    words += ["--overwrite"] if texts.overwrite else []
    words += [f"--{dashed(name)} ${variable}" for name, variable in said.secrets.items()]  # last: no quote follows it
    return " ".join(words)


def python(said: Said, workspace: str = "") -> str:
    """The cell that does the same.

    Parameters
    ----------
    workspace : the path of its folder; empty for the one that is named nearest.
    """
    texts, imports = said.texts, {"Model", "Workspace"}
    given = [("", "ws"), ("", repr(texts.name)), ("", repr(list(texts.models)))]
    if said.inference:
        imports.add("InferenceConfig")
        given.append(("inference_config", _call("InferenceConfig", _spelled(said.inference.given()).items(), " " * 4)))
    options = {**_spelled(_own(said.options).given()), **said.secrets}
    if options or (_target(said) and not texts.compute):
        kind = Webservice.kind_of(texts.target).__name__
        imports.add(kind)
        given.append(("deployment_config", _call(f"{kind}.deploy_configuration", options.items(), " " * 4)))
    if texts.compute:
        given.append(("deployment_target", repr(texts.compute)))
    if texts.overwrite:
        given.append(("overwrite", "True"))
    opened = f"Workspace({workspace!r})" if workspace else "Workspace.from_config()"
    begin = f"from jupyter_deploy import {', '.join(sorted(imports))}\n\nws = {opened}\n"
    return f"{begin}service = {_call('Model.deploy', given)}\nservice"


def _call(function: str, arguments: Iterable[tuple[str, str]], indent: str = "") -> str:
    parts = [f"{name}={value}" if name else value for name, value in arguments]
    flat = f"{function}({', '.join(parts)})"
    if len(flat) + len(indent) <= _WIDTH and "\n" not in flat:
        return flat
    lines = "".join(f"{indent}    {part},\n" for part in parts)
    return f"{function}(\n{lines}{indent})"


def _spelled(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as Python spells them."""
    return {name: repr(list(value) if isinstance(value, tuple) else value) for name, value in values.items()}


def files(said: Said, suffix: str) -> dict[str, str]:
    """The configuration files, by name: the script's and its environment's, unless the script is written, and the target's.

    Parameters
    ----------
    suffix : of their names, which says how they are written.
    """
    found = {IC: said.document} if said.inference else {}
    documents = {**found, DC: without_secrets(_own(said.options))}
    return {name + suffix: _written(document, suffix) for name, document in documents.items()}


def _written(document: Mapping[str, Any], suffix: str) -> str:
    if suffix == SUFFIXES["json"]:
        return json.dumps(document, indent=4, ensure_ascii=False) + "\n"
    import yaml

    return yaml.safe_dump(json.loads(json.dumps(document)), allow_unicode=True, sort_keys=False)


def command(said: Said, workspace: str = "", suffix: str = SUFFIXES["json"]) -> str:
    """The command that takes the files; a secret is read from a file of the option's name.

    Parameters
    ----------
    workspace : as of :func:`python`. suffix : as of :func:`files`.
    """
    texts = said.texts
    words = ["jupyter", "ml", "model", "deploy", "-n", texts.name]
    words += [part for model in texts.models for part in ("-m", model)]
    words += ["--ic", IC + suffix] if said.inference else []
    words += ["--dc", DC + suffix]
    words += ["--ct", texts.compute] if texts.compute else []
    words += [part for source in texts.trust for part in ("--trust", source)]
    words += ["--overwrite"] if texts.overwrite else []
    words += [part for name in said.secrets for part in (f"--{dashed(name)}", f"@{name}")]
    words += ["--workspace", workspace] if workspace else []
    return shlex.join(words)


def _target(said: Said) -> str:
    texts = said.texts
    return texts.compute or ("" if texts.target == DEFAULT_TARGET else texts.target)


def _own(options: Options) -> Options:
    """The options without the compute, which is named beside them."""
    return options.replaced({COMPUTE: None}) if hasattr(options, COMPUTE) else options


def _given(said: Said) -> dict[str, str]:
    """The options that differ from their defaults, as they were typed."""
    changed: Sequence[str] = list(_own(said.options).given())
    return {name: said.texts.options[name] for name in changed if name not in said.secrets}
