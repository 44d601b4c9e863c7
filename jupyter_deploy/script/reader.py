"""Puts the description of an entry script together; the rules live in the modules beside this one."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from jupyter_deploy.script import entry
from jupyter_deploy.script.answers import misleading_answers
from jupyter_deploy.script.description import Finding, Refusal, ScriptDescription
from jupyter_deploy.script.imports import import_problems, imported_modules
from jupyter_deploy.script.models import model_calls
from jupyter_deploy.script.names import unbound_names
from jupyter_deploy.script.samples import integer_samples
from jupyter_deploy.script.source import Source, parse


def describe(
    source: str,
    filename: str = "score.py",
    notebook_names: Collection[str] = (),
    refusals: Mapping[str, Refusal] = MappingProxyType({}),
) -> ScriptDescription:
    """Read an entry script by its syntax tree; nothing of it is run.

    Parameters
    ----------
    source : the script's text.
    filename : its name, for messages.
    notebook_names : the names that the notebook has and the script might lean on by mistake.
    refusals : why a name of the notebook could not be taken into the script, where that was tried.

    Returns
    -------
    The description. A text that is not Python gives a description with that one error.

    Example
    -------
    >>> describe("def init(): ...\\ndef run(rows): return rows").input_name
    'rows'
    """
    # Python's remarks about the script's text (an invalid escape, `is` with a literal) belong to who wrote it, not here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _describe(Source(filename, parse(source)), notebook_names, refusals)
        except SyntaxError as error:
            finding = _syntax_error(error, source, filename)
        except (ValueError, RecursionError, MemoryError) as error:
            finding = Finding(
                "error",
                "syntax",
                0,
                f"Python cannot read it: {error or type(error).__name__}",
                "Mend the file.",
                filename,
            )
    return ScriptDescription(filename, findings=(finding,))


def _describe(source: Source, notebook_names: Collection[str], refusals: Mapping[str, Refusal]) -> ScriptDescription:
    findings = [
        *entry.entry_problems(source),
        *unbound_names(source, notebook_names, refusals),
        *import_problems(source),
    ]
    description = ScriptDescription(
        filename=source.filename,
        imports=imported_modules(source),
        model_calls=tuple(model_calls(source)),
    )
    run = entry.run_function(source)
    if run is not None:
        findings += [*misleading_answers(source, run), *integer_samples(source, run)]
        description = replace(
            description,
            input_name=entry.input_name(run),
            takes_headers=entry.takes_headers(run),
            kind=entry.run_kind(source, run),
            parameters=entry.run_parameters(run),
        )
    return replace(description, findings=tuple(sorted(findings, key=lambda finding: (finding.line, finding.code))))


def _syntax_error(error: SyntaxError, source: str, filename: str) -> Finding:
    line = error.lineno or 0
    text = "".join(source.splitlines()[line - 1 : line]).strip()
    of_notebook = text.startswith(("%", "!"))
    remedy = "Lines with % or ! run in a notebook only; take the line out." if of_notebook else "Mend the line."
    message = f"{error.msg}: {text}" if text else error.msg
    return Finding("error", "syntax", line, message, remedy, filename)
