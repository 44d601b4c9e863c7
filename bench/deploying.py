"""From %deploy to the first answer with status 200, against a script that imports the same, loads the model and predicts once."""

from __future__ import annotations

import json
import os
import tempfile
import urllib.request
from pathlib import Path

from bench.report import Figure, alternate, process_seconds, seconds

ROUNDS = 5

SCRIPT = """\
import json

import joblib
import numpy as np
from sklearn.linear_model import Ridge

from azureml.core.model import Model


def init():
    global model
    model = joblib.load(Model.get_model_path("ridge"))


def run(data):
    return model.predict(np.array(json.loads(data)["data"])).tolist()
"""

PLAIN = """\
import json

import joblib
import numpy as np
from sklearn.linear_model import Ridge

model = joblib.load("ridge.pkl")
print(model.predict(np.array(json.loads('{"data": [[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]]}')["data"])).tolist())
"""


def measure() -> list[Figure]:
    """A new service in each round, from a shell that has trained and registered the model, as a notebook would."""
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-bench-") as name:
        folder = Path(name)
        before = Path.cwd()
        os.chdir(folder)
        os.environ["JUPYTER_DEPLOY_WORKSPACE"] = str(folder / "workspace")
        try:
            return _measure(folder)
        finally:
            os.chdir(before)


def _measure(folder: Path) -> list[Figure]:
    import joblib
    from IPython.core.interactiveshell import InteractiveShell
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge

    joblib.dump(Ridge().fit(*load_diabetes(return_X_y=True)), "ridge.pkl")
    (folder / "score.py").write_text(SCRIPT, encoding="utf-8")
    (folder / "plain.py").write_text(PLAIN, encoding="utf-8")
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "jupyter_deploy")
    shell.run_line_magic("register_model", "ridge.pkl --name ridge")
    numbers = iter(range(100, 200))

    def deploy() -> float:
        name, port = f"bench-{next(numbers)}", _free_port()
        services = []

        def until_answer() -> None:
            line = f"{name} --models ridge --script score.py --port {port}"
            services.append(shell.run_line_magic("deploy", line))
            _first_answer(port)

        taken = seconds(until_answer)
        services[0].delete()
        return taken

    ours, plain = alternate(ROUNDS, deploy, lambda: process_seconds(["plain.py"]))
    added = tuple(our - script for our, script in zip(ours, plain, strict=True))
    return [
        Figure("`%deploy` to first 200", ours, "s"),
        Figure("a script that imports the same, loads and predicts once", plain, "s"),
        Figure("`%deploy` to first 200, beyond that script", added, "s", "at most 1.5 s, aim 0.7 s"),
    ]


def _free_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _first_answer(port: int) -> None:
    """Ask until the service answers; it listens before it is ready, so that a connection waits instead of being refused."""
    import time

    body = json.dumps({"data": [[0.1] * 10]}).encode()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/score", body) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.01)
    raise TimeoutError("no answer within a minute")
