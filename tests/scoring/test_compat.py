"""Names that scripts import although their packages are not in the service."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy.scoring.compat.aml_request import AMLRequest
from jupyter_deploy.scoring.compat.finder import Finder

from .fronts import Front, make_bundle

SCRIPT = """
import azureml.train.automl
from azureml.core import Workspace
from azureml.core.model import Model
from azureml.monitoring import ModelDataCollector
from azureml_inference_server_http.api.aml_response import AMLResponse
from sklearn.externals import joblib

class Doubler:
    def predict(self, x):
        return 2 * x

def init():
    global model, collector
    joblib.dump(Doubler(), "model.pkl")
    model = joblib.load("model.pkl")
    collector = ModelDataCollector("ridge", designation="inputs", feature_names=["a"])

def run(text):
    collector.collect([text])
    if text == "workspace":
        Workspace.from_config()
    if text == "automl":
        azureml.train.automl.AutoMLConfig(task="regression")
    with open(Model.get_model_path("ridge")) as file:
        return [file.read(), model.predict(21), Model.get_model_path(model_name="ridge", version=3)]
"""


def test_a_script_written_for_azure_ml_runs(tmp_path: Path) -> None:
    files = {"azureml-models/ridge/3/ridge.txt": "weights"}
    with Front(make_bundle(tmp_path, SCRIPT, files)).serve() as front:
        for _ in range(2):
            place = str(tmp_path / "app/azureml-models/ridge/3/ridge.txt")
            assert front.post("x").json == ["weights", 42, place]
        assert front.log.count("data collection is off") == 1
        assert front.post("workspace").status == 500
        assert front.post("automl").status == 500
        assert "azureml.core.Workspace.from_config" not in front.log
        assert "azureml.core.Workspace is not available in this service" in front.log
        assert "azureml.train.automl.AutoMLConfig is not available in this service" in front.log


def test_installed_packages_win(tmp_path: Path) -> None:
    script = "import azureml\ndef init():\n    pass\ndef run(text):\n    return azureml.mine\n"
    with Front(make_bundle(tmp_path, script, {"azureml/__init__.py": "mine = 'installed'\n"})).serve() as front:
        assert front.post("x").json == "installed"


def test_the_originals_rawhttp_is_recognised(tmp_path: Path) -> None:
    script = """
        from azureml_inference_server_http.api.aml_request import rawhttp
        def init():
            pass
        @rawhttp
        def run(request):
            return request.method
    """
    installed = """
        _rawHttpRequested = False
        def rawhttp(func):
            global _rawHttpRequested
            _rawHttpRequested = True
            return func
    """
    files = {"azureml_inference_server_http/api/aml_request.py": installed}
    with Front(make_bundle(tmp_path, script, files)).serve() as front:
        assert front.post("x").json == "POST"


def test_the_models_of_this_project_are_found_without_it(tmp_path: Path) -> None:
    make_bundle(tmp_path, files={"azureml-models/ridge/1/ridge.txt": "weights"})
    code = (
        "import os\n"
        "from jupyter_deploy_scoring.compat import finder\n"
        "finder.install()\n"
        f"os.environ['AML_APP_ROOT'] = {str(tmp_path / 'app')!r}\n"
        "from jupyter_deploy import Model\n"
        "print(Model.get_model_path('ridge'))\n"
    )
    # -S: nothing that is installed is seen
    found = subprocess.run([sys.executable, "-S", "-c", code], cwd=tmp_path / "server", capture_output=True, text=True)
    assert found.stdout.strip() == str(tmp_path / "app/azureml-models/ridge/1/ridge.txt"), found.stderr


@pytest.mark.parametrize("name", ["numpy", "azure", "sklearn.externals", "jupyter_deploy.sdk"])
def test_other_names_are_left_alone(name: str) -> None:
    assert Finder().find_spec(name, None) is None


def test_request_like_flasks() -> None:
    headers = (("host", "localhost:5001"), ("content-type", "application/x-www-form-urlencoded"))
    request = AMLRequest("POST", "/score", "a=1&a=2", headers, b"name=Ada&name=Grace&empty=")
    assert (request.url, request.full_path) == ("http://localhost:5001/score?a=1&a=2", "/score?a=1&a=2")
    assert (request.args["a"], request.args.getlist("a")) == ("1", ["1", "2"])
    assert request.headers["Content-Type"] == request.content_type
    assert (request.form["name"], request.form.getlist("name"), request.form["empty"]) == ("Ada", ["Ada", "Grace"], "")
    assert dict(request.files) == {}
    assert request.get_data(as_text=True).startswith("name=Ada")
    assert request.headers.get("x-missing") is None
    with pytest.raises(ValueError, match="not application/json"):
        request.get_json()
    with pytest.raises(ValueError, match="Expecting value"):
        request.get_json(force=True)
    assert request.get_json(silent=True) is None
    assert AMLRequest("POST", "/score", "", (("content-type", "application/json"),), b"[1]").json == [1]
