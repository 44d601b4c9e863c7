"""The first 50 of 10,000 models: in Python, by the magic and on the command line, each until the text is there."""

from __future__ import annotations

import os
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bench.report import Figure, alternate, process_seconds, seconds
from jupyter_deploy import Model, Workspace
from jupyter_deploy.workspace.records import ModelRecord, StoredFile

ROUNDS = 15
MODELS = 10_000
NAMES = 100
MAIN = "import sys; from jupyter_deploy.cli.main import main; sys.exit(main())"


def measure() -> list[Figure]:
    """The command line as a whole process, in a workspace with all models and in one with fifty."""
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-bench-") as name:
        return _measure(Path(name))


def _measure(place: Path) -> list[Figure]:
    from IPython.core.interactiveshell import InteractiveShell

    many, few = Workspace(place / "many"), Workspace(place / "few")
    _fill(many, MODELS)
    _fill(few, 50)
    os.environ["JUPYTER_DEPLOY_WORKSPACE"] = str(many.path)
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "jupyter_deploy")
    command = ["-c", MAIN, "model", "list", "-o", "table"]

    def listed(workspace: Workspace) -> float:
        environment = {**os.environ, "JUPYTER_DEPLOY_WORKSPACE": str(workspace.path)}
        return process_seconds(command, env=environment, stderr=subprocess.DEVNULL)

    python, magic, of_many, of_few = alternate(
        ROUNDS,
        lambda: seconds(lambda: repr(Model.list(many, limit=50))),
        lambda: seconds(lambda: shell.run_line_magic("models", "")._repr_html_()),
        lambda: listed(many),
        lambda: listed(few),
    )
    beyond = tuple(one - other for one, other in zip(of_many, of_few, strict=True))
    return [
        Figure("first 50 of 10,000 models, `Model.list(ws, limit=50)` as text", python, "s", "under 0.1 s"),
        Figure("the same, `%models` as HTML", magic, "s", "under 0.1 s"),
        Figure("the same, `jupyter ml model list`, beyond listing 50 of 50", beyond, "s", "under 0.1 s"),
    ]


def _fill(workspace: Workspace, count: int) -> None:
    """Record models as a team leaves them: many versions of many names, with tags, packages and files."""
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for number in range(count):
        files = (
            StoredFile("model.pkl", f"{number:064x}", 1000),
            StoredFile("labels.txt", f"{number + count:064x}", 10),
        )
        workspace.folder.models.add(
            ModelRecord(
                f"model-{number % NAMES}", 0, start + timedelta(minutes=number), "bench", "net", True, files,
                tags={"area": "bench", "number": str(number)}, framework="ScikitLearn", framework_version="1.9.0",
                packages={"scikit-learn": "1.9.0", "numpy": "2.4.6"}, imports=("numpy", "sklearn"),
            )
        )  # fmt: skip
