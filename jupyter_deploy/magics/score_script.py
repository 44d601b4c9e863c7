"""``%%score_script``: the cell becomes the entry script, is read for problems, and is tried on request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from IPython.core.error import UsageError

from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.errors import ScriptError, UserError
from jupyter_deploy.magics.arguments import Argument
from jupyter_deploy.magics.configuration import ENV, TRUST, models_argument
from jupyter_deploy.magics.history import cells
from jupyter_deploy.magics.inputs import INPUT_HELP
from jupyter_deploy.magics.magic import Call, Magic, show_lines, user_names
from jupyter_deploy.script import Finding, describe
from jupyter_deploy.script.merge import diff, merge
from jupyter_deploy.script.slice import Slice, take_in
from jupyter_deploy.sdk.inputs import body_of
from jupyter_deploy.widgets.notebook import user_variables


def run(call: Call) -> None:
    """Write the cell with what it needs of the notebook, show what is wrong with it, and try it where that was asked for."""
    from jupyter_deploy.sdk.reading import environment_keys

    given = call.given
    path = Path(given.script)
    taken = take_in(call.cell, cells(call.shell), user_variables(call.shell))
    merged = merge(call.cell, taken)
    _write(path, merged.text)
    if taken.pieces:
        show_lines(diff(call.cell, merged, path.name), f"{path.name}: {merged.places()}")
    _show(path, describe(merged.text, path.name, user_names(call.shell), taken.refusals).findings)
    inference = InferenceConfig.from_json(
        {"entryScript": given.script, **environment_keys(given.env)}, "", given.trust or ()
    )
    if given.input or given.models or given.env:
        _try(call, inference, taken)


def _write(path: Path, text: str) -> None:
    if path.suffix != ".py":
        raise UsageError(f"%%score_script: {path} is no .py file; name one, as score.py")
    verb = "Overwriting" if path.exists() else "Writing"
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}", remedy="name another file") from None
    show_lines(f"{verb} {path}")


def _show(path: Path, findings: Sequence[Finding]) -> None:
    errors = [str(finding) for finding in findings if finding.level == "error"]
    show_lines(*(str(finding) for finding in findings if finding.level != "error"))
    if errors:
        raise ScriptError(
            errors[0], "\n".join(errors[1:]), f"{path} was written all the same; mend the cell and run it again."
        )


def _try(call: Call, inference: InferenceConfig, taken: Slice) -> None:
    from jupyter_deploy.engine.proof import Notebook
    from jupyter_deploy.engine.trial import try_script
    from jupyter_deploy.sdk.deploying import records_of

    given, workspace, variables = call.given, call.workspace, call.shell.user_ns
    body = None if given.input is None else body_of(given.input, variables)
    result = try_script(
        workspace.folder,
        records_of(workspace, given.models or ()),
        inference,
        body.encode() if isinstance(body, str) else body,
        show_lines,
        Notebook(call.cell, {name: variables[name] for name in taken.names}) if taken.pieces else None,
    )
    show_lines(f"init() took {result.init_seconds:.2f} s")
    if result.status is not None:
        show_lines(
            f"run() took {result.run_seconds:.3f} s and answered {result.status}:", _readable(result.answer or "")
        )
    if result.proof is not None:
        show_lines(result.proof)


def _readable(answer: str) -> str:
    """The answer as it is, its text outside of ASCII legible."""
    try:
        return json.dumps(json.loads(answer), ensure_ascii=False)
    except ValueError:
        return answer


MAGIC = Magic(
    name="score_script",
    summary=(
        "Write the cell to a file, as the entry script of a service, and show what is wrong with it."
        " Functions, classes, constants and imports of other cells that it needs are written above it and shown as a diff;"
        " what cannot be taken over is named, with what to do. The cell is not run in the kernel;"
        " with --try it is run in a fresh process, with the models in place: init() once, run() once."
        " If it takes something from other cells, it is then run in the kernel too, aside from the notebook's names"
        " but with the notebook's own objects, and a difference between the two answers is an error."
        " With --models or --env alone only init() is run."
    ),
    run=run,
    example="""
        %%score_script score.py --models diabetes --try {"data": [[0.03, 0.05, 0.06]]}
        import joblib
        from jupyter_deploy import Model

        def init():
            global model
            model = joblib.load(Model.get_model_path("diabetes"))

        def run(raw_data):
            ...
    """,
    arguments=(
        Argument(
            "script", "The file, in the current folder; score.py when it is not given.",
            shown="score.py", takes="file", default="score.py",
        ),
        models_argument("Models to place for the trial.", required=False),
        ENV,
        TRUST,
        Argument("input", f"Try it with this input: {INPUT_HELP}", ("--try",), "JSON|VARIABLE", "input"),
    ),
    kind="cell",
    expands=False,
)  # fmt: skip
