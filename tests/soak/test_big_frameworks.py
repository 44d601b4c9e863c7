"""Frameworks too big for the test environment: what they make is registered, deployed without a script and asked.

Each runs in an environment of its own, which is removed at the end, as it takes gigabytes. Where ``UV_FIND_LINKS`` or
``PIP_FIND_LINKS`` name a folder with a wheel of PyTorch for the processor alone, that is taken.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Case:
    """Something that a framework made.

    Attributes
    ----------
    environment : where it is made, loaded and asked. framework : that it is recorded with.
    make : code that sets ``given`` (what is registered), ``body`` (what is sent) and ``expected``.
    packages : among those that the service has to run with. backend : of Keras.
    """

    environment: str
    framework: str
    make: str
    packages: frozenset[str]
    backend: str = ""


PROOF = """
import json, sys
from pathlib import Path
import numpy as np
from jupyter_deploy import Model, Workspace

place = Path(sys.argv[1])
rows = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
body = rows.tolist()
{make}
ws = Workspace(place / "ws")
model = Model.register(ws, model_name="net", **given)
service = Model.deploy(ws, "net-service", [model])
try:
    service.wait_for_deployment(show_output=True)
    answer = service.run({"data": body})
    packages = [package.name for package in service.packages()]
finally:
    service.delete()
print(json.dumps({
    "framework": model.model_framework, "version": model.model_framework_version, "packages": packages,
    "answer": answer, "expected": expected,
}))
"""
TORCH = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.drop = torch.nn.Linear(3, 2), torch.nn.Dropout(0.5)

    def forward(self, rows):
        return torch.relu(self.drop(self.layer(rows)))

net = Net()
expected = net.eval()(torch.as_tensor(rows)).tolist()
net.train()
"""
EMBEDDING = """
import torch

class Words(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = torch.nn.EmbeddingBag(10, 4)

    def forward(self, numbers):
        return {"mean": self.words(numbers), "first": numbers[:, 0]}

net = Words()
numbers = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
body = numbers.tolist()
expected = {name: part.tolist() for name, part in net(torch.as_tensor(numbers)).items()}
given = {"model": net, "sample_input": numbers[:1]}
"""
KERAS = """
import keras

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="relu")])
expected = net.predict(rows, verbose=0).tolist()
"""
TENSORFLOW = """
import tensorflow as tf

class Score(tf.Module):
    def __init__(self):
        self.weights = tf.Variable([[1.0], [2.0], [3.0]])

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="rows")])
    def __call__(self, rows):
        return {"score": rows @ self.weights}

net = Score()
expected = {"score": (rows @ net.weights.numpy()).tolist()}
"""
TWO_INPUTS = """
import tensorflow as tf

class Sum(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="left"), tf.TensorSpec([None], tf.float32, name="right")])
    def __call__(self, left, right):
        return {"sum": left + right}

tf.saved_model.save(Sum(), str(place / "sums" / "1"))
body, expected = {"left": [1, 2], "right": [0.5, 1]}, {"sum": [1.5, 3.0]}
given = {"model_path": place / "sums"}
"""
TRANSFORMERS = """
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, pipeline

words = ["[PAD]", "[UNK]", "good", "bad", "very"]
tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
torch.manual_seed(0)
net = BertForSequenceClassification(BertConfig(
    vocab_size=len(words), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
)).eval()
classify = pipeline("text-classification", model=net, tokenizer=tokenizer)
body = ["very good", "bad"]
expected = classify(body)
"""
CASES = {
    "PyTorch, exported": Case(
        "torch", "PyTorch", TORCH + 'given = {"model": net, "sample_input": rows[:1]}', frozenset({"torch"})
    ),
    "PyTorch, whole numbers and an answer with names": Case("torch", "PyTorch", EMBEDDING, frozenset({"torch"})),
    "PyTorch, TorchScript": Case(
        "torch", "PyTorch",
        TORCH + 'given = {"model": torch.jit.trace(net.eval(), torch.as_tensor(rows))}', frozenset({"torch"}),
    ),
    "PyTorch, a file": Case(
        "torch", "PyTorch",
        TORCH + """
net.eval()
torch.export.save(
    torch.export.export(net, (torch.as_tensor(rows),), dynamic_shapes=({0: torch.export.Dim.AUTO},)), place / "net.pt2"
)
given = {"model_path": place / "net.pt2", "sample_input": rows}
""", frozenset({"torch"}),
    ),
    "Keras on PyTorch": Case(
        "torch", "TfKeras", KERAS + 'given = {"model": net, "sample_input": rows}', frozenset({"keras", "torch"}), "torch"
    ),
    "Keras on TensorFlow": Case(
        "tensorflow", "TfKeras", KERAS + 'given = {"model": net, "sample_input": rows}',
        frozenset({"keras", "tensorflow-cpu"}),
    ),
    "Keras, a file": Case(
        "tensorflow", "TfKeras", KERAS + 'net.save(place / "n.keras"); given = {"model_path": place / "n.keras"}',
        frozenset({"keras", "tensorflow-cpu"}),
    ),
    "TensorFlow": Case(
        "tensorflow", "TensorFlow", TENSORFLOW + 'given = {"model": net, "sample_input": rows}',
        frozenset({"tensorflow-cpu"}),
    ),
    "TensorFlow, a folder that Keras exported": Case(
        "tensorflow", "TensorFlow",
        KERAS + """
net.export(str(place / "exported"), verbose=False)
expected, given = {"output_0": expected}, {"model_path": place / "exported", "sample_input": rows}
""", frozenset({"tensorflow-cpu"}),
    ),
    "TensorFlow, a folder with two inputs": Case(
        "tensorflow", "TensorFlow", TWO_INPUTS, frozenset({"tensorflow-cpu"})
    ),
    "transformers": Case(
        "torch", "Transformers", TRANSFORMERS + 'given = {"model": classify, "sample_input": ["good"]}',
        frozenset({"torch", "transformers"}),
    ),
    "transformers, a folder": Case(
        "torch", "Transformers",
        TRANSFORMERS + """
net.save_pretrained(place / "bert"); tokenizer.save_pretrained(place / "bert")
given = {"model_path": place / "bert"}
""", frozenset({"torch", "transformers"}),
    ),
}  # fmt: skip


def _torch() -> str:
    """PyTorch without what a graphics card needs, where a wheel of that lies at hand."""
    folders = [
        Path(folder) for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS") for folder in os.environ.get(name, "").split()
    ]
    wheels = [wheel for folder in folders for wheel in folder.glob("torch-*+cpu*.whl")]
    return str(max(wheels)) if wheels else "torch"


PACKAGES = {"torch": [_torch(), "transformers", "keras"], "tensorflow": ["tensorflow-cpu"]}


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """The interpreters of the environments that were made so far; each is gone before the next is made."""
    made: dict[str, Path] = {}
    yield made
    for python in made.values():
        shutil.rmtree(python.parents[1])


def _python(name: str, made: dict[str, Path], place: Path) -> Path:
    if name not in made:
        for other in list(made):
            shutil.rmtree(made.pop(other).parents[1])
        environment = place / name
        _uv("venv", "--python", sys.executable, str(environment))
        python = environment / "bin" / "python"
        _uv("pip", "install", "--no-cache", "--python", str(python), str(ROOT), *PACKAGES[name])
        made[name] = python
    return made[name]


@pytest.mark.parametrize("name", sorted(CASES, key=lambda name: CASES[name].environment))
def test_what_a_framework_made_is_served_without_a_script(
    environments: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    python = _python(case.environment, environments, tmp_path_factory.getbasetemp())
    result = _told_by(python, PROOF.replace("{make}", case.make), tmp_path, case.backend)
    assert result["framework"] == case.framework
    assert result["version"] or "a file" in name  # an archive of PyTorch's does not state it
    assert case.packages <= set(result["packages"])
    _assert_same(result["answer"], result["expected"])


def _assert_same(answer: Any, expected: Any) -> None:
    """The same names and texts, and numbers within what another order of adding them makes."""
    if isinstance(expected, dict):
        assert answer.keys() == expected.keys()
        for key, value in expected.items():
            _assert_same(answer[key], value)
    elif isinstance(expected, list) and not isinstance(expected[0], (int, float, list)):
        assert len(answer) == len(expected)
        for one, other in zip(answer, expected, strict=True):
            _assert_same(one, other)
    elif isinstance(expected, str):
        assert answer == expected
    else:
        np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-6)


def _uv(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", *words, "--quiet"], check=True)


def _told_by(python: Path, code: str, place: Path, backend: str) -> Any:
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    if backend:
        environment["KERAS_BACKEND"] = backend
    done = subprocess.run(
        [python, "-c", code, place], capture_output=True, text=True, env=environment, check=False, cwd=place
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])
