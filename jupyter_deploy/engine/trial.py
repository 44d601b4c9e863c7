"""Tries an entry script before it is deployed: ``init()`` and one ``run()`` in a fresh process, with the models in place."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_deploy.bundle.writer import SERVER, BundleContents, write_bundle
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.engine.locking import lock_of
from jupyter_deploy.engine.proof import Notebook, prove
from jupyter_deploy.engine.requests import SealedEnvironment
from jupyter_deploy.engine.sealing import seal
from jupyter_deploy.errors import ScriptError
from jupyter_deploy.targets import find_target
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ModelRecord

TARGET = "process"
"""Scripts are tried where the embedded target would run them."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class TrialResult:
    """What came of a trial in which nothing was raised.

    Parameters
    ----------
    init_seconds : how long loading the script and ``init()`` took.
    status, answer, run_seconds : what ``run()`` answered, as a service would, and how long it took; None without an input.
    proof : what came of the comparison with the notebook, in one line; None where there was none.
    """

    init_seconds: float
    status: int | None = None
    answer: str | None = None
    run_seconds: float | None = None
    proof: str | None = None


def try_script(
    folder: WorkspaceFolder,
    models: Sequence[ModelRecord],
    inference: InferenceConfig,
    body: bytes | None,
    say: Say,
    notebook: Notebook | None = None,
) -> TrialResult:
    """Run a script's ``init()`` and, where there is a request's body, its ``run()``.

    Parameters
    ----------
    models : are placed as in a service. inference : the script and its environment.
    body : of a JSON request; None runs ``init()`` alone. say : takes what the script prints, line by line.
    notebook : answers the same request in this process, with its living objects; None where the script takes nothing from one.

    Raises
    ------
    ScriptError : it raised, or its process ended, with the traceback on the script's own lines; or its answer differs from the
        notebook's.
    """
    target = find_target(TARGET)
    # A folder of the workspace, so that models are linked, not copied.
    with tempfile.TemporaryDirectory(prefix=".trial-", dir=folder.path) as place:
        bundle = Path(place) / "bundle"
        with folder.files.adding():
            request, _ = seal(folder, "trial", models, inference, target, target.options(), say=say)
            lock, interpreter = _environment(folder, request.environment, say)
            contents = BundleContents(
                "trial", 1, folder.id, request.models, request.script, lock, request.settings, request.environment.variables,
            )  # fmt: skip
            write_bundle(bundle, contents, folder.files)
        result = _outcome(_run(bundle, interpreter, body, say), request.script.entry, bundle)
        if notebook is None or body is None or result.status is None:
            return result
        return replace(result, proof=prove(bundle, notebook, body, result.status, result.answer or ""))


def _environment(folder: WorkspaceFolder, environment: SealedEnvironment, say: Say) -> tuple[str, Path]:
    """The lock, and an interpreter that satisfies it; one made from this interpreter is satisfied by it."""
    if environment.kind == "kernel":
        return environment.text, Path(sys.executable)
    from jupyter_deploy.environments import virtual_environment

    lock = lock_of(folder, environment, say)
    return lock.text(), virtual_environment(lock, say)


def _run(bundle: Path, interpreter: Path, body: bytes | None, say: Say) -> Mapping[str, Any]:
    outcome, given = bundle.parent / "result.json", bundle.parent / "input"
    command: list[str | Path] = [
        interpreter,
        bundle / SERVER,
        "try",
        "--settings",
        bundle / "service.json",
        "--result",
        outcome,
    ]
    if body is not None:
        given.write_bytes(body)
        command += ["--input", given]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=bundle / "app",
        text=True, encoding="utf-8", errors="replace",
    ) as process:  # fmt: skip
        try:
            for line in process.stdout or ():
                say(line.rstrip("\n"))
        except BaseException:
            process.kill()
            process.wait()
            raise
    if not outcome.exists():
        return {"ok": False, "message": f"its process ended with code {process.returncode}", "traceback": []}
    result: Mapping[str, Any] = json.loads(outcome.read_text(encoding="utf-8"))
    return result


def _outcome(result: Mapping[str, Any], entry: str, bundle: Path) -> TrialResult:
    if result["ok"]:
        return TrialResult(
            result["init_seconds"], result.get("status"), result.get("answer"), result.get("run_seconds")
        )
    app = f"{bundle.resolve() / 'app'}/"  # the script's author knows it by its own name
    lines = [frame["line"] for frame in result["traceback"] if str(frame["file"]).removeprefix(app) == entry]
    place = f"{entry}:{lines[-1]}" if lines else entry
    raise ScriptError(
        f"{place}: {result['message'].replace(app, '')}",
        result.get("traceback_text", "").replace(app, "").rstrip(),
        "mend the script and try it again; nothing was deployed",
    )
