"""What a form says, in the other ways to say it: the magic's line, Python, and configuration files with their command.

What has its default is left out of all three. A secret is in none of them: the line and Python name the variable that holds it, the
command a file.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jupyter_deploy.config.options import Options
from jupyter_deploy.engine.sealing import without_secrets
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.draft import COMPUTE, DEFAULT_TARGET, Draft
from jupyter_deploy.widgets.lines import dashed, option, repeated, word

IC, DC = "inferenceconfig.json", "deploymentconfig.json"
_WIDTH = 88


def line(draft: Draft) -> str:
    """The ``%deploy`` line."""
    texts = draft.texts
    words = ["%deploy", word(texts.name), "--models", *map(word, texts.models)]
    words += [*option("script", texts.script), *option("env", texts.env), *repeated("trust", texts.trust)]
    words += [part for name, text in texts.settings.items() for part in option(name, text)]
    words += option("target", _target(draft))
    words += [part for name, text in _given(draft).items() for part in option(name, text)]
    words += ["--overwrite"] if texts.overwrite else []
    words += [f"--{dashed(name)} ${variable}" for name, variable in draft.secrets.items()]  # last: no quote follows it
    return " ".join(words)


def python(draft: Draft, workspace: str = "") -> str:
    """The cell that does the same.

    Parameters
    ----------
    workspace : the path of its folder; empty for the one that is named nearest.
    """
    texts, imports = draft.texts, {"Model", "Workspace"}
    given = [("", "ws"), ("", repr(texts.name)), ("", repr(list(texts.models)))]
    if draft.inference:
        imports.add("InferenceConfig")
        given.append(("inference_config", _call("InferenceConfig", _spelled(draft.inference.given()).items(), " " * 4)))
    options = {**_spelled(_own(draft.options).given()), **draft.secrets}
    if options or (_target(draft) and not texts.compute):
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


def files(draft: Draft) -> dict[str, str]:
    """The configuration files, by name: the script's and its environment's, unless the script is written, and the target's."""
    found = {}
    if draft.inference:
        found[IC] = _json(draft.document)
    return {**found, DC: _json(without_secrets(_own(draft.options)))}


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=4, ensure_ascii=False) + "\n"


def command(draft: Draft, workspace: str = "") -> str:
    """The command that takes the files; a secret is read from a file of the option's name.

    Parameters
    ----------
    workspace : as of :func:`python`.
    """
    texts = draft.texts
    words = ["jupyter", "ml", "model", "deploy", "-n", texts.name]
    words += [part for model in texts.models for part in ("-m", model)]
    words += ["--ic", IC] if draft.inference else []
    words += ["--dc", DC]
    words += ["--ct", texts.compute] if texts.compute else []
    words += [part for source in texts.trust for part in ("--trust", source)]
    words += ["--overwrite"] if texts.overwrite else []
    words += [part for name in draft.secrets for part in (f"--{dashed(name)}", f"@{name}")]
    words += ["--workspace", workspace] if workspace else []
    return shlex.join(words)


def _target(draft: Draft) -> str:
    texts = draft.texts
    return texts.compute or ("" if texts.target == DEFAULT_TARGET else texts.target)


def _own(options: Options) -> Options:
    """The options without the compute, which is named beside them."""
    return options.replaced({COMPUTE: None}) if hasattr(options, COMPUTE) else options


def _given(draft: Draft) -> dict[str, str]:
    """The options that differ from their defaults, as they were typed."""
    changed: Sequence[str] = list(_own(draft.options).given())
    return {name: draft.texts.options[name] for name in changed if name not in draft.secrets}
