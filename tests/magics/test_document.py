"""The code blocks of the original's page on deployment, typed into a notebook with the names replaced as the README says."""

from __future__ import annotations

import re
import shutil
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import joblib
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy import InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.errors import ComputeNotFound, EnvironmentFailed, ModelNotFound, NotInRelease
from tests.ports import free_port

DATA = Path(__file__).parents[1] / "data"
OPENING = """
from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace
ws = Workspace.from_config()
"""
ROWS = np.random.default_rng(0).normal(size=(30, 10))

Run = Callable[[str], Any]


def block(name: str, **replaced: str) -> str:
    """A code block of the document, with the modules' names and some words replaced."""
    (path,) = (DATA / "document").glob(f"{name}.*")
    text = re.sub(r"azureml\.core\.\w+", "jupyter_deploy", path.read_text(encoding="utf-8"))
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
def files(here: Path) -> list[Any]:
    """What the document's reader has: two trained models, of which the second is newer, an archive, a script and a conda file."""
    from skl2onnx import to_onnx
    from sklearn.linear_model import Ridge

    models = [Ridge(alpha).fit(ROWS, ROWS @ np.arange(10)) for alpha in (1.0, 100.0)]
    for folder in ("outputs", "x/y", "env", "mnist"):
        (here / folder).mkdir(parents=True)
    joblib.dump(models[0], here / "outputs/sklearn_mnist_model.pkl")
    (here / "mnist/model.onnx").write_bytes(to_onnx(models[0], ROWS[:1].astype(np.float32)).SerializeToString())
    with tarfile.open(here / "zoo.tar.gz", "w:gz") as archive:
        archive.add(here / "mnist", "mnist")
    shutil.rmtree(here / "mnist")
    script = (DATA / "scripts/document_numpy.py").read_text(encoding="utf-8")
    (here / "x/y/score.py").write_text(script.replace("sklearn_regression_model.pkl", "sklearn_mnist"))
    shutil.copy(DATA / "conda/document.yml", here / "env/myenv.yml")
    return models


def test_from_registering_to_cleaning_up(
    shell: InteractiveShell, run: Run, files: Sequence[Any], workspace: Workspace, here: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    run(OPENING)

    run(block("register_from_run", **{"run.register_model(": "Model.register(ws, "}))
    assert "sklearn_mnist\tsklearn_mnist:1\t1" in capsys.readouterr().out
    # The address is dead and the block lacks its import; what it downloads lies here.
    downloads = SimpleNamespace(urlretrieve=lambda _, filename: shutil.copy(here / "zoo.tar.gz", filename))
    shell.user_ns["urllib"] = SimpleNamespace(request=downloads)
    trained = shell.user_ns["model"]
    run(block("register_onnx"))
    onnx = Model(workspace, "onnx_mnist")
    assert (onnx.tags, onnx.model_framework, onnx.description[:5]) == ({"onnx": "demo"}, "Onnx", "MNIST")

    with pytest.raises(ModelNotFound, match=r"get_model_path\(name, _workspace=ws\)"):
        run(block("get_model_path"))  # the document means: in the service
    run(block("get_model_path", **{"'sklearn_mnist'": "'sklearn_mnist', _workspace=ws"}))
    assert Path(shell.user_ns["model_path"]).name == "sklearn_mnist_model.pkl"

    run(block("inference_config"))
    config = shell.user_ns["inference_config"]
    assert (config.runtime, config.script_path) == ("python", here / "x/y/score.py")
    shell.user_ns["model"] = trained
    as_processes = {"LocalWebservice": "ProcessWebservice"}
    with pytest.raises(EnvironmentFailed, match=r"^myenv\.yml: python=3\.6\.2 cannot be had"):
        run(block("deploy_local", **as_processes))  # the document's conda file is of 2019
    assert list(Webservice.list(workspace)) == []

    shell.user_ns["inference_config"] = InferenceConfig("x/y/score.py")
    capsys.readouterr()
    run(block("deploy_local", **as_processes, **{"8890": str(free_port())}))
    assert capsys.readouterr().out.splitlines()[-1] == "Healthy"

    def consumed() -> list[float]:
        run(block("consume"))
        headers, status, elapsed, answer = capsys.readouterr().out.splitlines()[-4:]
        assert (headers, status) == ("{'Content-Type': 'application/json'}", "200")
        assert re.fullmatch(r"0:00:0\d\.\d+", elapsed)
        found: list[float] = shell.user_ns["response"].json()
        assert answer == str(found)
        return found

    asked = [[*range(1, 11)], [*range(10, 0, -1)]]
    assert consumed() == pytest.approx(files[0].predict(asked).tolist())

    joblib.dump(files[1], here / "outputs/sklearn_mnist_model.pkl")
    run(block("update"))
    out = capsys.readouterr().out
    assert "Transitioning" in out or "Healthy" in out
    shell.user_ns["service"].wait_for_deployment()
    assert consumed() == pytest.approx(files[1].predict(asked).tolist())
    assert [model.id for model in shell.user_ns["service"].models] == ["sklearn_mnist:2"]

    run("service.delete()")
    run("new_model.delete()")
    assert list(Webservice.list(workspace)) == []
    assert [model.id for model in Model.list(workspace, "sklearn_mnist")] == ["sklearn_mnist:1"]


def test_a_target_that_is_not_there_is_refused_by_name(
    run: Run, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    run(OPENING)
    capsys.readouterr()
    with pytest.raises(NotInRelease) as refused:
        run("from jupyter_deploy import AciWebservice\n" + block("deploy_aci"))
    assert refused.value.what.startswith("'AciWebservice' cannot be imported: this release has no ")
    assert "ProcessWebservice" in refused.value.remedy
    assert isinstance(refused.value, ImportError)
    shown = capsys.readouterr().out
    assert refused.value.what in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("name", "what", "remedy"),
    [
        ("create_aks", "clusters cannot be created", "az aks create"),
        ("attach_aks", "the cluster 'mycluster' cannot be attached by its name in Azure",
         "az aks get-credentials --resource-group myresourcegroup --name mycluster"),
    ],
)  # fmt: skip
def test_what_only_azure_does_is_refused_with_what_to_do_there(
    run: Run, workspace: Workspace, name: str, what: str, remedy: str
) -> None:
    run(OPENING)
    with pytest.raises(NotInRelease) as refused:
        run(block(name))
    assert refused.value.what.startswith(what)
    assert remedy in refused.value.remedy
    assert "KubernetesCompute.attach_configuration(context=" in refused.value.remedy


def test_a_cluster_that_is_not_attached_is_not_found(run: Run, workspace: Workspace) -> None:
    run(OPENING)
    with pytest.raises(ComputeNotFound, match=r"^ComputeTargetNotFound: there is no compute 'myaks'"):
        run("from jupyter_deploy import AksCompute, AksWebservice\n" + block("deploy_aks"))
