from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import UserError
from jupyter_deploy.models import frameworks
from jupyter_deploy.models.allowlist import outside
from jupyter_deploy.models.frameworks.base import Detected
from jupyter_deploy.models.pickles import inspect
from jupyter_deploy.models.selection import select

DATA = Path(__file__).parents[1] / "data" / "models"


def detect(path: Path) -> Detected:
    selection = select(path)
    (first, *_) = selection.files
    return frameworks.detect(selection, inspect(first.source))


def archive(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def test_scikit_learn_is_known_with_its_version(tmp_path: Path) -> None:
    import sklearn
    from sklearn.linear_model import Ridge

    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"model": Ridge()}))
    assert detect(tmp_path / "m.pkl") == Detected("ScikitLearn", sklearn.__version__)


LENGTH = b"L\0\0\0\0\0\0\0"
UBJSON = b"".join([
    b"{", LENGTH, b"\x07learner{", LENGTH, b"\x13learner_model_param{}}", LENGTH, b"\x07version[#", LENGTH, b"\x03i\x02i\x01i\x04}",
])  # fmt: skip
SAVED_MODEL = b"\x08\x01\x12\x30\x0a\x2e\x12\x04ops!\x22\x05serve\x2a\x062.15.0\x32\x07v2.15.0"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("m.json", b'{"learner":{"learner_model_param":{}},"version":[2,0,3]}', Detected("XGBoost", "2.0.3")),
        ("m.ubj", UBJSON, Detected("XGBoost", "2.1.4")),
        ("m.pkl", b"\x80\x04cxgboost.sklearn\nXGBClassifier\n)\x81.", Detected("XGBoost")),
        ("m.txt", b"tree\nversion=v4\nnum_class=1\n", Detected("LightGBM")),
        ("m.pkl", b"\x80\x04clightgbm.sklearn\nLGBMClassifier\n)\x81.", Detected("LightGBM")),
        ("m.pt", b"\x80\x02ctorch.nn\nLinear\n)\x81.", Detected("PyTorch", facts={"form": "module"})),
        ("m.onnx", b"\x08\x08\x12\x07pytorch", Detected("Onnx")),
        ("m.json", b'{"learner": 1}', Detected(None)),
        ("m.bin", b"anything", Detected(None)),
        ("m.bin", b"", Detected(None)),
    ],
)
def test_files_are_known_by_their_content(tmp_path: Path, name: str, content: bytes, expected: Detected) -> None:
    (tmp_path / name).write_bytes(content)
    assert detect(tmp_path / name) == expected


def test_archives_are_known_by_their_members(tmp_path: Path) -> None:
    keras = {"metadata.json": json.dumps({"keras_version": "3.1.1"}), "config.json": "{}", "model.weights.h5": ""}
    found = detect(archive(tmp_path / "m.keras", keras))
    assert (found.framework, found.version) == ("TfKeras", "3.1.1")
    assert detect(archive(tmp_path / "m.zip", {"metadata.json": "[]"})) == Detected(None)


@pytest.mark.parametrize(
    ("file", "form", "names"),
    [
        ("exported.pt2", "exported program", set()),
        ("scripted.pt", "TorchScript", set()),
        ("weights.pt", "weights", set()),
        ("module.pt", "module", {"__main__.Net", "torch.nn.modules.linear.Linear"}),
    ],
)
def test_what_pytorch_wrote_is_known_by_its_form(file: str, form: str, names: set[str]) -> None:
    assert detect(DATA / file) == Detected("PyTorch", facts={"form": form})
    assert set(outside(inspect(DATA / file).names, ())) == names


def test_an_exported_program_of_earlier_releases_and_a_compiled_one(tmp_path: Path) -> None:
    earlier = archive(tmp_path / "m.pt2", {"serialized_exported_program.json": "{}", "version": "8.8"})
    assert detect(earlier) == Detected("PyTorch", facts={"form": "exported program"})
    compiled = archive(tmp_path / "c.pt2", {"c/archive_format": "pt2", "c/data/aotinductor/model/x.so": ""})
    assert detect(compiled) == Detected(None)


@pytest.mark.parametrize(
    ("chosen", "file", "backend"),
    [
        (None, None, "tensorflow"), ("jax", '{"backend": "torch"}', "jax"), (None, '{"backend": "torch"}', "torch"),
        (None, "[]", "tensorflow"), ("unknown", None, "tensorflow"),
    ],
)  # fmt: skip
def test_a_file_of_keras_runs_on_what_keras_would_choose_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str | None, file: str | None, backend: str
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", chosen or "")
    if file:
        (tmp_path / "keras.json").write_text(file)
    found = detect(archive(tmp_path / "m.keras", {"metadata.json": '{"keras_version": "3.9.0"}'}))
    assert (found.imports, found.facts) == ((backend,), {"backend": backend})


def test_a_damaged_archive_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_bytes(b"PK\x03\x04 and nothing more")
    assert detect(tmp_path / "m.pt") == Detected(None)


def test_a_saved_model_is_known_with_its_version(tmp_path: Path) -> None:
    (tmp_path / "net" / "variables").mkdir(parents=True)
    (tmp_path / "net" / "saved_model.pb").write_bytes(SAVED_MODEL)
    assert detect(tmp_path / "net") == Detected("TensorFlow", "2.15.0")
    (tmp_path / "net" / "saved_model.pb").write_bytes(b"")
    assert detect(tmp_path / "net") == Detected("TensorFlow")


def test_a_saved_model_says_whether_it_can_be_served() -> None:
    assert detect(DATA / "signed") == Detected("TensorFlow", "2.21.0", facts={"signature": "serving_default"})
    assert detect(DATA / "unsigned") == Detected("TensorFlow", "2.21.0")


def test_a_folder_of_transformers_is_known_with_its_version(tmp_path: Path) -> None:
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / "config.json").write_text('{"model_type": "bert", "transformers_version": "4.57.1"}')
    archive(tmp_path / "bert" / "pytorch_model.bin", {"net/data.pkl": "N.", "net/version": "3"})
    assert detect(tmp_path / "bert") == Detected("Transformers", "4.57.1", ("torch",), facts={"architecture": ""})
    for other in ("[]", "{", '{"data": 1}'):
        (tmp_path / "bert" / "config.json").write_text(other)
        assert detect(tmp_path / "bert").framework == "PyTorch"


@pytest.mark.parametrize(
    ("config", "facts"),
    [
        ({"architectures": ["BertForSequenceClassification"]}, {"task": "text-classification"}),
        ({"architectures": ["BertForTokenClassification"]}, {"task": "token-classification"}),
        ({"architectures": ["RobertaForMaskedLM"]}, {"task": "fill-mask"}),
        ({"architectures": ["LlamaForCausalLM"]}, {"task": "text-generation"}),
        ({"architectures": ["GPT2LMHeadModel"]}, {"task": "text-generation"}),
        ({"architectures": ["ViTForImageClassification"]}, {}),
        ({"architectures": ["OwnForMaskedLM"], "auto_map": {"AutoModel": "own.Own"}}, {"code": "its own"}),
        ({"architectures": [7], "model_type": "x"}, {}),
    ],
)
def test_the_task_of_a_folder_of_transformers_is_that_of_its_architecture(
    tmp_path: Path, config: dict[str, Any], facts: dict[str, str]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    found = dict(detect(tmp_path).facts)
    assert found.pop("architecture") == (config["architectures"][0] if config["architectures"] != [7] else "")
    assert found == facts


def test_an_archive_of_skops_is_known(tmp_path: Path) -> None:
    schema = {"schema.json": '{"_skops_version": "0.16"}'}
    assert detect(archive(tmp_path / "m.skops", schema)) == Detected("ScikitLearn", imports=("skops",))
    assert detect(archive(tmp_path / "m.zip", {"schema.json": "{}"})) == Detected(None)


def test_a_given_framework_must_be_known() -> None:
    frameworks.check("Custom", "1")
    frameworks.check(None, None)
    with pytest.raises(UserError, match="'Sklearn' is not a known framework") as caught:
        frameworks.check("Sklearn", None)
    assert "ScikitLearn" in caught.value.remedy
    with pytest.raises(UserError, match="needs a framework"):
        frameworks.check(None, "1.0")
