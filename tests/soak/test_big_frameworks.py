"""Frameworks too big for the test environment, each in an environment of its own, which is removed at the end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
ROOT = Path(__file__).parents[2]

PROOF = """
import json, sys
import numpy as np
from jupyter_deploy import Model, Workspace
from jupyter_deploy.engine.trial import try_script
from jupyter_deploy.sdk.deploying import written_script

rows = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
{make}
ws = Workspace(sys.argv[1])
model = Model.register(ws, model=net, model_name="net", sample_input=rows)
with written_script([model.record]) as inference:
    body = json.dumps({{"data": rows.tolist()}}).encode()
    result = try_script(ws.folder, [model.record], inference, body, lambda line: print(line, file=sys.stderr))
print(json.dumps({{
    "framework": model.model_framework, "version": model.model_framework_version, "status": result.status,
    "answer": json.loads(result.answer), "expected": np.asarray(expected).tolist(),
}}))
"""
MAKE = {
    "PyTorch": """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.drop = torch.nn.Linear(3, 2), torch.nn.Dropout(0.5)

    def forward(self, rows):
        return torch.relu(self.drop(self.layer(rows)))

net = Net()
expected = net.eval()(torch.as_tensor(rows)).detach().numpy()
net.train()
""",
    "TfKeras": """
import keras

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="relu")])
expected = net.predict(rows, verbose=0)
""",
}
ENTRY_SCRIPT = """
import json, sys
import torch
from jupyter_deploy import InferenceConfig, Model, Workspace

sys.path.insert(0, sys.argv[2])
import pytorch_score

net = pytorch_score.build().eval()
rows = torch.linspace(-1, 1, 12).reshape(4, 3)
torch.save(net.state_dict(), "model.pt")
ws = Workspace(sys.argv[1])
traced = Model.register(ws, model_name="birds-traced", model=net, sample_input=rows.numpy())
models = [Model.register(ws, "model.pt", "birds"), traced]
service = Model.deploy(ws, "birds-service", models, InferenceConfig(pytorch_score.__file__))
try:
    service.wait_for_deployment()
    answer = service.run({"data": rows.tolist()})
finally:
    service.delete()
with torch.no_grad():
    scores = net(rows)
labels = [pytorch_score.CLASSES[i] for i in scores.argmax(1)]
print(json.dumps({"answer": answer, "scores": scores.tolist(), "labels": labels}))
"""
PACKAGES = {"PyTorch": ["torch"], "TfKeras": ["keras", "jax"]}


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Path]:
    """An empty virtual environment; gone afterwards, as it takes gigabytes."""
    place = tmp_path / "environment"
    _uv("venv", "--python", sys.executable, str(place))
    yield place
    shutil.rmtree(place)


@pytest.mark.parametrize("framework", MAKE)
def test_a_live_object_answers_the_same_through_the_script_that_is_written_for_it(
    environment: Path, tmp_path: Path, framework: str
) -> None:
    python = environment / "bin" / "python"
    _uv("pip", "install", "--no-cache", "--python", str(python), str(ROOT), *PACKAGES[framework])
    result = _told_by(python, PROOF.format(make=MAKE[framework]), tmp_path / "ws")
    assert (result["framework"], result["status"]) == (framework, 200)
    assert result["version"]
    np.testing.assert_allclose(result["answer"], result["expected"], rtol=1e-5, atol=1e-6)


def test_an_entry_script_for_pytorch_answers_as_its_models(environment: Path, tmp_path: Path) -> None:
    python = environment / "bin" / "python"
    _uv("pip", "install", "--no-cache", "--python", str(python), str(ROOT), "numpy", "torch")
    result = _told_by(python, ENTRY_SCRIPT, tmp_path / "ws", ROOT / "tests" / "data" / "scripts")
    answer = result["answer"]
    np.testing.assert_allclose(answer["scores"], result["scores"], rtol=1e-5, atol=1e-6)
    assert (answer["label"], answer["traced"]) == (result["labels"], True)


def _uv(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", *words, "--quiet"], check=True)


def _told_by(python: Path, code: str, *arguments: object) -> Any:
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [python, "-c", code, *map(str, arguments)], capture_output=True, text=True, env=environment, check=False,
        cwd=python.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
