"""The target ``local``: deployments against ``docker run`` of the finished image, what an image has beside its parts, a container against
processes.

Needs a Docker Engine; the base image is taken from LAB_BASE_IMAGE, else Python's own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.report import Figure, seconds
from bench.serving.load import body, load, require_wrk
from jupyter_deploy import InferenceConfig, LocalWebservice, Model, ProcessWebservice, Webservice, Workspace
from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.engine import connected
from jupyter_deploy.targets.docker.options import LocalOptions

if TYPE_CHECKING:
    from docker import DockerClient

ROUNDS = 5
NAME = "bench-containers"
WEIGHTS = 200 * 1024 * 1024
BASE_IMAGE = os.environ.get("LAB_BASE_IMAGE")
_MB = 1_000_000


class Bench:
    """A workspace with a model of a scikit-learn Ridge and some weights, and services made of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = Workspace(folder / "workspace")
        self.script = folder / "score.py"
        self.model = self.registered()
        self._written = 0

    def registered(self) -> Model:
        """The next version of the model: the same Ridge, other weights."""
        import joblib
        import numpy as np
        from sklearn.linear_model import Ridge

        numbers = np.random.default_rng()
        files = self.folder / "ridge"
        files.mkdir(exist_ok=True)
        features = numbers.normal(size=(500, 10))
        joblib.dump(Ridge().fit(features, features @ np.arange(10)), files / "ridge.pkl")
        (files / "weights.bin").write_bytes(numbers.bytes(WEIGHTS))
        return Model.register(self.workspace, model_path=str(files), model_name="ridge")

    def config(self, base_image: str | None, *, changed: bool) -> InferenceConfig:
        """The entry script, of which a comment is another each time where it is to be changed."""
        self._written += changed
        text = (Path(__file__).parent / "serving" / "apps" / "score.py").read_text(encoding="utf-8")
        text = text.replace('"ridge.pkl"', 'Model.get_model_path("ridge") + "/ridge.pkl"')
        self.script.write_text(f"from azureml.core.model import Model\n{text}\n# {self._written}\n", encoding="utf-8")
        return InferenceConfig(str(self.script), base_image=base_image)

    def deploy(self, options: Any, name: str = NAME, *, changed: bool = False) -> Webservice:
        """Deploy and wait."""
        config = self.config(BASE_IMAGE if isinstance(options, LocalOptions) else None, changed=changed)
        service = Model.deploy(self.workspace, name, [self.model], config, options, overwrite=True)
        service.wait_for_deployment()
        return service


def measure() -> list[Figure]:
    """Deploy, change, and take away; nothing is measured where there is no engine."""
    require_wrk()  # here, not after minutes of deployments
    try:
        with connected("nothing is measured of containers") as engine:
            return _measured(engine)
    except TargetError as error:
        print(f"containers are left out: {error}")
        return []


def _measured(engine: DockerClient) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-bench-") as place:
        bench = Bench(Path(place))
        local = bench.deploy(LocalWebservice.deploy_configuration())
        try:
            return [*_deploying(bench, engine), _size(bench, engine), *_serving(bench, local)]
        finally:
            local.delete()


def _deploying(bench: Bench, engine: DockerClient) -> list[Figure]:
    options = LocalWebservice.deploy_configuration()
    runs, scripts, models, copies, unchanged, gaps = [], [], [], [], [], []
    for _ in range(ROUNDS):
        scripts.append(seconds(lambda: gaps.append(_gap(bench.deploy(options, changed=True)))))
        runs.append(_run(engine, _image(bench, engine)))
        unchanged.append(seconds(lambda: bench.deploy(options)))
        bench.model = bench.registered()
        models.append(seconds(lambda: bench.deploy(options)))
        copies.append(_copied_and_hashed(bench.folder))
    beyond = tuple(script - run for script, run in zip(scripts, runs, strict=True))
    allowed = tuple(model - run - 3 * copied for model, run, copied in zip(models, runs, copies, strict=True))
    return [
        Figure("`docker run` of a finished image to its first 200", tuple(runs), "s"),
        Figure("a deployment with the script changed, beyond that", beyond, "s", "at most 3 s"),
        Figure(
            "with a model of 200 MB changed, beyond that and 3 × (`cp` and `sha256sum`)", allowed, "s", "at most 4 s"
        ),
        Figure("with nothing changed", tuple(unchanged), "s", "under 1 s"),
        Figure("the gap while the port changes hands", tuple(gaps), "s"),
    ]


def _gap(service: Webservice) -> float:
    assert service.operation is not None
    return next(
        float(event.facts["gap_seconds"]) for event in service.operation.events() if "gap_seconds" in event.facts
    )


def _image(bench: Bench, engine: DockerClient) -> str:
    container = engine.containers.get(f"jupyter-deploy-{bench.workspace.folder.id}-{NAME}")
    return str(container.attrs["Config"]["Image"])


def _run(engine: DockerClient, image: str) -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.perf_counter()
    container = engine.containers.run(image, detach=True, ports={"5001/tcp": ("127.0.0.1", port)})
    try:
        while not _answers(port):
            time.sleep(0.02)
        return time.perf_counter() - began
    finally:
        container.remove(force=True)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:  # the program's own address
            return bool(answer.status == 200)
    except OSError:
        return False


def _copied_and_hashed(folder: Path) -> float:
    def run(*command: str) -> None:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    taken = seconds(lambda: [run("cp", "-r", "ridge", "copy"), run("sha256sum", "copy/weights.bin")])
    shutil.rmtree(folder / "copy")
    return taken


def _size(bench: Bench, engine: DockerClient) -> Figure:
    """What an image has beside its base, the installed packages and the models."""
    image = engine.images.get(_image(bench, engine))
    base = engine.images.get(str(image.labels["org.opencontainers.image.base.name"]))
    parts = sum(
        layer["Size"]
        for layer in image.history()
        if "requirements.lock" in layer["CreatedBy"]
        or "azureml-models" in layer["CreatedBy"]
        or "pip" in layer["CreatedBy"]
    )
    beside = image.attrs["Size"] - base.attrs["Size"] - parts
    return Figure("an image beside base, installed packages and models", (beside / _MB,), "MB", "at most 15 MB")


def _serving(bench: Bench, local: Webservice) -> list[Figure]:
    import numpy as np

    process = bench.deploy(ProcessWebservice.deploy_configuration(), f"{NAME}-process")
    rows = np.round(np.random.default_rng(0).normal(size=(2, 10)), 6).tolist()
    sent = body(bench.folder, "rows", {"data": rows})
    try:
        ratios = []
        for number in range(ROUNDS + 1):
            rates = [load(str(service.scoring_uri), sent, 16, 3).rate for service in (local, process)]
            if number:  # the first warms up
                ratios.append(rates[0] / rates[1])
    finally:
        process.delete()
    return [Figure("requests/s through a container / of processes", tuple(ratios), "×", "at least 0.75 ×")]
