"""What a form says, in the other ways to say it: the magic's line, Python, and configuration files with their command.

What has its default is left out of all three. A secret is in none of them: the line and Python name the variable that holds it, the
command a file.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jupyter_deploy.engine.sealing import without_secrets
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.draft import DEFAULT_TARGET, Draft

IC, DC = "inferenceconfig.json", "deploymentconfig.json"
_PLAIN = re.compile(r"[\w@%+:,./-]+", re.ASCII)


def line(draft: Draft) -> str:
    """The ``%deploy`` line."""
    texts = draft.texts
    named = {"script": texts.script, "env": texts.env, "target": _target(draft)}
    words = ["%deploy", word(texts.name), "--models", *map(word, texts.models)]
    words += flags(named)
    words += flags({"trust": source} for source in texts.trust)
    words += flags(_given(draft))
    words += ["--overwrite"] if texts.overwrite else []
    words += [f"--{_dashed(name)} ${variable}" for name, variable in draft.secrets.items()]
    return " ".join(words)


def flags(given: Mapping[str, str] | Iterable[Mapping[str, str]]) -> list[str]:
    """Options of a magic's line with their values; those without one are left out."""
    pairs = given.items() if isinstance(given, Mapping) else (pair for one in given for pair in one.items())
    return [_option(f"--{_dashed(name)}", text) for name, text in pairs if text]


def _option(flag: str, text: str) -> str:
    return f"{flag}={word(text)}" if text.startswith("-") else f"{flag} {word(text)}"


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def word(text: str) -> str:
    r"""A word of a magic's line: IPython would fill in ``$name`` and ``{expression}``, and a shell's rules hold for the rest.

    >>> print(word("score.py"), word('a "b" $c {d}'))
    score.py "a \"b\" $""c {{d}}"
    """
    if _PLAIN.fullmatch(text):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"\$(?=[\w.$])", '$""', quoted).replace("{", "{{").replace("}", "}}") + '"'


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
        given.append(("inference_config", call("InferenceConfig", draft.inference.given(), " " * 4)))
    options = {name: repr(_listed(value)) for name, value in draft.options.given().items() if name not in draft.secrets}
    if options or draft.secrets or _target(draft):
        kind = Webservice.kind_of(texts.target).__name__
        imports.add(kind)
        made = _call(f"{kind}.deploy_configuration", {**options, **draft.secrets}.items(), " " * 4)
        given.append(("deployment_config", made))
    if texts.overwrite:
        given.append(("overwrite", "True"))
    opened = f"Workspace({workspace!r})" if workspace else "Workspace.from_config()"
    begin = f"from jupyter_deploy import {', '.join(sorted(imports))}\n\nws = {opened}\n"
    return f"{begin}service = {_call('Model.deploy', given)}\nservice"


def call(function: str, arguments: Mapping[str, Any], indent: str = "") -> str:
    """A call with arguments by name, in one line where it fits."""
    return _call(function, [(name, repr(_listed(value))) for name, value in arguments.items()], indent)


_WIDTH = 88


def _call(function: str, arguments: Iterable[tuple[str, str]], indent: str = "") -> str:
    parts = [f"{name}={value}" if name else value for name, value in arguments]
    flat = f"{function}({', '.join(parts)})"
    if len(flat) + len(indent) <= _WIDTH and "\n" not in flat:
        return flat
    lines = "".join(f"{indent}    {part},\n" for part in parts)
    return f"{function}(\n{lines}{indent})"


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def files(draft: Draft) -> dict[str, str]:
    """The configuration files, by name: the script's and its environment's, unless the script is written, and the target's."""
    found = {}
    if draft.inference:
        config = draft.inference
        paths = {"condaFile": config.conda_file, "pipRequirementsFile": config.pip_requirements_file}
        document = {"entryScript": config.entry_script, **{key: path for key, path in paths.items() if path}}
        found[IC] = _json(document)
    return {**found, DC: _json(without_secrets(draft.options))}


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
    words += [part for source in texts.trust for part in ("--trust", source)]
    words += ["--overwrite"] if texts.overwrite else []
    words += [part for name in draft.secrets for part in (f"--{_dashed(name)}", f"@{name}")]
    words += ["--workspace", workspace] if workspace else []
    return shlex.join(words)


def _target(draft: Draft) -> str:
    return "" if draft.texts.target == DEFAULT_TARGET else draft.texts.target


def _given(draft: Draft) -> dict[str, str]:
    """The options that differ from their defaults, as they were typed."""
    changed: Sequence[str] = list(draft.options.given())
    return {name: draft.texts.options[name] for name in changed if name not in draft.secrets}
