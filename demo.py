"""The main job, headless, on real data: two trained models become live services, are scored, and one is updated under traffic.

Run it with ``make demo``. It works in a temporary folder and leaves nothing behind.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_deploy import InferenceConfig, Model, Webservice, Workspace

RIDGE_SCRIPT = """\
import joblib
import numpy as np
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema, output_schema

from azureml.core.model import Model


def init():
    global model
    model = joblib.load(Model.get_model_path("diabetes"))


@input_schema("data", NumpyParameterType(np.array([[0.1] * 10])))
@output_schema(NumpyParameterType(np.array([150.0])))
def run(data):
    return model.predict(data)
"""

DIGITS_SCRIPT = """\
import json
import os

import joblib
import numpy as np


def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "digits.pkl"))


def run(data):
    images = np.array(json.loads(data)["images"])
    return {"digits": model.predict(images).tolist()}
"""


@contextmanager
def step(text: str) -> Iterator[None]:
    """Print what is done and how long it took."""
    began = time.perf_counter()
    yield
    print(f"{time.perf_counter() - began:6.2f} s  {text}", flush=True)


class Traffic(threading.Thread):
    """Sends requests over one kept-alive connection until it is told to stop, and counts what fails."""

    def __init__(self, uri: str, body: str) -> None:
        super().__init__(daemon=True)
        self.uri, self.body = urlsplit(uri), body
        self.answered, self.failures = 0, []
        self._enough = threading.Event()

    def run(self) -> None:
        """Send every 20 ms."""
        connection = http.client.HTTPConnection(self.uri.hostname, self.uri.port)
        while not self._enough.wait(0.02):
            try:
                connection.request("POST", self.uri.path, self.body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
                if response.status == 200:
                    self.answered += 1
                else:
                    self.failures.append(response.status)
            except OSError as error:
                self.failures.append(repr(error))
                connection.close()
        connection.close()

    def finish(self) -> None:
        """Stop sending."""
        self._enough.set()
        self.join()


def train(folder: Path) -> tuple[list[list[float]], list[list[float]]]:
    """Train both models, write them, and return some rows to score."""
    import joblib
    from sklearn.datasets import load_diabetes, load_digits
    from sklearn.linear_model import LogisticRegression, Ridge

    features, target = load_diabetes(return_X_y=True)
    joblib.dump(Ridge(alpha=1.0).fit(features, target), folder / "ridge.pkl")
    joblib.dump(Ridge(alpha=0.1).fit(features, target), folder / "ridge-better.pkl")
    images, digits = load_digits(return_X_y=True)
    joblib.dump(LogisticRegression(max_iter=200).fit(images[:800] / 16, digits[:800]), folder / "digits.pkl")
    return features[:2].tolist(), (images[1000:1008] / 16).tolist()


def main() -> None:
    """Go the whole way."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-demo-") as name:
        folder = Path(name)
        (folder / "score_diabetes.py").write_text(RIDGE_SCRIPT, encoding="utf-8")
        (folder / "score_digits.py").write_text(DIGITS_SCRIPT, encoding="utf-8")
        with step("train Ridge on the diabetes data and a classifier on the digits images"):
            rows, images = train(folder)
        show(folder, rows, images)
    print(f"done in {time.perf_counter() - began:.1f} s")


def show(folder: Path, rows: list[list[float]], images: list[list[float]]) -> None:
    """Register, deploy, score, update under traffic, and delete."""
    ws = Workspace(folder / "workspace")
    with step("register both"):
        ridge = Model.register(ws, folder / "ridge.pkl", "diabetes")
        digits = Model.register(ws, folder / "digits.pkl", "digits")
    services = []
    try:
        with step("deploy both"):
            scripts = {"diabetes-service": "score_diabetes.py", "digits-service": "score_digits.py"}
            for (name, script), model in zip(scripts.items(), (ridge, digits), strict=True):
                services.append(Model.deploy(ws, name, [model], InferenceConfig(str(folder / script))))
            for service in services:
                service.wait_for_deployment()
        for service in services:
            print(f"          {service.name}: {service.state} at {service.scoring_uri}")
        with step("score"):
            predicted = services[0].run({"data": rows})
            seen = services[1].run({"images": images})
        print(f"          diabetes: {[round(value, 1) for value in predicted]}   digits: {seen['digits']}")
        update_under_traffic(ws, folder, services[0], rows)
    finally:
        with step("delete both"):
            for service in services:
                service.delete()


def update_under_traffic(ws: Workspace, folder: Path, service: Webservice, rows: list[list[float]]) -> None:
    """Register a better model and switch to it while requests come in."""
    traffic = Traffic(service.scoring_uri, json.dumps({"data": rows}))
    traffic.start()
    with step("register a better Ridge and update under traffic"):
        better = Model.register(ws, folder / "ridge-better.pkl", "diabetes")
        service.update(models=[better])
        service.wait_for_deployment()
    predicted = service.run({"data": rows})
    traffic.finish()
    print(f"          version {service.version} answers {[round(value, 1) for value in predicted]}")
    print(
        f"          {traffic.answered} requests meanwhile, {len(traffic.failures)} failed {traffic.failures[:3] or ''}"
    )
    if traffic.failures:
        raise SystemExit("requests failed during the update")


if __name__ == "__main__":
    main()
