"""The servers that are compared: how each is installed and started, and what it is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_deploy.environments import serving

APPS = Path(__file__).parent / "apps"
COMMON = ("joblib", "numpy", "scikit-learn=={sklearn}")


def _data(rows: list[list[float]]) -> Any:
    return {"data": rows}


def _mlflow(rows: list[list[float]]) -> Any:
    return {"inputs": rows}


def _v2(rows: list[list[float]]) -> Any:
    shape = [len(rows), len(rows[0])]
    return {"inputs": [{"name": "data", "shape": shape, "datatype": "FP64", "data": rows}]}


@dataclass(frozen=True)
class Peer:
    """One server.

    Attributes
    ----------
    requirements : of its environment, beside scikit-learn and numpy.
    command : how it is started; ``{bin}`` is its environment's folder of programs, ``{port}`` the port.
    path, body : where it is asked, and what for some rows.
    ready : a path that answers 200 when it serves.
    prepare : a program of ``apps`` to run once before.
    files : to be written into its folder, by name.
    """

    name: str
    requirements: Sequence[str]
    command: Sequence[str]
    path: str = "/score"
    body: Callable[[list[list[float]]], Any] = _data
    ready: str = "/live"
    prepare: str = ""
    files: dict[str, Any] = field(default_factory=dict)


_MLSERVER = {
    "settings.json": {"parallel_workers": 0, "http_port": "{port}", "host": "127.0.0.1", "grpc_port": "{other}", "metrics_port": "{third}"},
    "model-settings.json": {
        "name": "ridge",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./ridge.joblib"},
    },
}  # fmt: skip
PEERS = (
    Peer(
        "azureml-inference-server-http",
        ("azureml-inference-server-http", "inference-schema[numpy-support]"),
        ("{bin}/azmlinfsrv", "--entry_script", "score.py", "--port", "{port}"),
        ready="/",
    ),
    Peer(
        "FastAPI on uvicorn",
        ("fastapi", "uvicorn[standard]"),
        ("{bin}/uvicorn", "fastapi_app:app", "--port", "{port}", "--no-access-log"),
    ),
    Peer(
        "MLServer", ("mlserver", "mlserver-sklearn"), ("{bin}/mlserver", "start", "."),
        "/v2/models/ridge/infer", _v2, "/v2/health/ready", files=_MLSERVER,
    ),
    Peer(
        "MLflow", ("mlflow", "uvicorn", "fastapi"),
        ("{bin}/mlflow", "models", "serve", "-m", "mlflow-model", "--port", "{port}", "--env-manager", "local"),
        "/invocations", _mlflow, "/ping", "mlflow_save.py",
    ),
    Peer("LitServe", ("litserve",), ("{bin}/python", "litserve_app.py", "{port}")),
    Peer(
        "BentoML", ("bentoml",), ("{bin}/bentoml", "serve", "bento_service:Ridge", "--port", "{port}", "--host", "127.0.0.1"),
        ready="/livez",
    ),
)  # fmt: skip
BARE = Peer(
    "bare",
    ("granian", "orjson"),
    ("{bin}/granian", "--interface", "rsgi", "--port", "{port}", "--workers", "1", "--no-ws", "--log-level", "error", "bare:application"),
)  # fmt: skip
OURS = Peer(
    "jupyter_deploy",
    (*serving.SERVER_PACKAGES, serving.FASTER_PACKAGE, "inference-schema[numpy-support]", "pyarrow"),
    (),
)
"""What a service with the same script has in its environment, and pyarrow."""


def install(peer: Peer) -> Path:
    """Make a peer's environment where it is missing; returns its folder of programs.

    Raises
    ------
    subprocess.CalledProcessError : it cannot be had.
    """
    import sklearn

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "jupyter-deploy", "bench")
    folder = cache / peer.name.replace(" ", "-").lower()
    done = folder / ".complete"
    requirements = [text.format(sklearn=sklearn.__version__) for text in (*COMMON, *peer.requirements)]
    if not done.exists() or json.loads(done.read_text()) != requirements:
        print(f"installing {peer.name} …", flush=True)
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "--quiet", "--clear", str(folder)], check=True)
        python = f"--python={folder / 'bin' / 'python'}"
        loose = requirements if peer.name != "MLServer" else [*COMMON[:2], "scikit-learn", *peer.requirements]
        subprocess.run([uv, "pip", "install", "--quiet", "--compile-bytecode", python, *loose], check=True)
        done.write_text(json.dumps(requirements))
    return folder / "bin"
