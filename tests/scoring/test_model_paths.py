from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.scoring.model_paths import ModelPathError, get_model_path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "azureml-models"
    for place in ("ridge/2/ridge.pkl", "ridge/10/ridge.pkl", "net/1/layers/first.bin", "net/1/layers/second.bin"):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder / "ridge" / "notes").mkdir()
    (folder / "two" / "1").mkdir(parents=True)
    (folder / "two" / "1" / "a").touch()
    (folder / "two" / "1" / "b").touch()
    (folder / "empty" / "1").mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("name", "version", "place"),
    [("ridge", None, "ridge/10/ridge.pkl"), ("ridge", 2, "ridge/2/ridge.pkl"), ("net", None, "net/1/layers")],
)
def test_placed_models(models: Path, name: str, version: int | None, place: str) -> None:
    assert get_model_path(name, version, models, models.parent) == str(models / place)


def test_a_file_called_like_the_model(models: Path) -> None:
    (models.parent / "local.pkl").touch()
    assert get_model_path("local.pkl", None, models, models.parent) == str(models.parent / "local.pkl")
    (models.parent / "ridge").touch()
    assert get_model_path("ridge", None, models, models.parent) == str(models / "ridge/10/ridge.pkl")
    assert get_model_path("ridge", 7, models, models.parent) == str(models.parent / "ridge")


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("nothing", None, "ModelNotFound: 'nothing' is not among the models placed here"),
        ("ridge", 3, "ModelNotFound: 'ridge:3' is not among"),
        ("two", None, "exactly one file or folder, but holds a, b"),
        ("empty", 1, "but holds nothing"),
        ("ridge", "2", "version is '2'"),
        (None, None, "model_name is None"),
    ],
)
def test_refusals(models: Path, name: str, version: int | None, words: str) -> None:
    with pytest.raises(ModelPathError, match="^" + words if words.startswith("ModelNotFound") else words):
        get_model_path(name, version, models, models.parent)
