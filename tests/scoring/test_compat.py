"""Names that scripts import although their packages are not in the service."""

from __future__ import annotations

import io
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from jupyter_deploy.scoring.compat.aml_request import AMLRequest
from jupyter_deploy.scoring.compat.aml_response import AMLResponse
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


@pytest.mark.parametrize("name", ["numpy", "azure", "sklearn.externals", "jupyter_deploy.sdk"])
def test_other_names_are_left_alone(name: str) -> None:
    assert Finder().find_spec(name, None) is None


def told_in_a_service(folder: Path, code: str) -> str:
    """What a piece of code prints where the finder answers and nothing is installed."""
    make_bundle(folder, files={"azureml-models/ridge/1/ridge.txt": "weights"})
    opening = (
        "import os\n"
        "from jupyter_deploy_scoring.compat import finder\n"
        "finder.install()\n"
        f"os.environ['AML_APP_ROOT'] = {str(folder / 'app')!r}\n"
    )
    command = [sys.executable, "-S", "-c", opening + textwrap.dedent(code)]
    done = subprocess.run(command, cwd=folder / "server", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return f"{done.stdout}{done.stderr}".strip()


def test_the_models_of_this_project_are_found_without_it(tmp_path: Path) -> None:
    told = told_in_a_service(tmp_path, "from jupyter_deploy import Model\nprint(Model.get_model_path('ridge'))")
    assert told == str(tmp_path / "app/azureml-models/ridge/1/ridge.txt")


def test_modules_are_found_by_every_form_of_import(tmp_path: Path) -> None:
    code = """
        import azureml.core, azureml.monitoring as monitoring
        from azureml.core import model
        from azureml.contrib.services import aml_request, aml_response
        from azureml.train import automl
        assert azureml.core.model is model and azureml.core.Model is model.Model
        print(aml_request.rawhttp.__name__, aml_response.AMLResponse("", 200).status_code)
        print(monitoring.ModelDataCollector("m").collect([1]), automl)
    """
    told = told_in_a_service(tmp_path, code).splitlines()
    assert told[:2] == ["rawhttp 200", "None <azureml.train.automl, not available in this service>"]


@pytest.mark.parametrize("name", ["AzureMLException", "WebserviceException", "ModelNotFoundException"])
def test_a_model_that_is_not_there_is_caught_under_the_originals_names(tmp_path: Path, name: str) -> None:
    code = f"""
        from azureml.core import Model
        from azureml.exceptions import {name}
        try:
            Model.get_model_path("other")
        except {name} as error:
            print(error.message)
    """
    assert told_in_a_service(tmp_path, code).startswith(
        "ModelNotFound: 'other' is not among the models placed here (ridge)"
    )


def test_what_automl_writes_beside_scoring_sends_nothing_and_logs(tmp_path: Path) -> None:
    code = """
        import logging
        from azureml.automl.core.shared import log_server, logging_utilities
        from azureml.telemetry import INSTRUMENTATION_KEY
        log_server.enable_telemetry(INSTRUMENTATION_KEY, verbosity="INFO")
        log_server.set_verbosity("INFO")
        logging.basicConfig(format="%(name)s %(message)s")
        for logger in (logging.getLogger("own"), None):
            logging_utilities.log_traceback(ValueError("no such column"), logger, is_critical=False)
    """
    told = told_in_a_service(tmp_path, code)
    assert "own no such column" in told
    assert "azmlinfsrv no such column" in told


def test_request_like_flasks() -> None:
    headers = (("host", "localhost:5001"), ("content-type", "application/x-www-form-urlencoded"))
    request = AMLRequest("POST", "/score", "a=1&a=2", headers, b"name=Ada&name=Grace&empty=")
    assert (request.url, request.full_path) == ("http://localhost:5001/score?a=1&a=2", "/score?a=1&a=2")
    assert (request.args["a"], request.args.getlist("a")) == ("1", ["1", "2"])
    assert request.headers["content-TYPE"] == request.content_type
    assert dict(request.headers)["Content-Type"] == request.content_type
    assert [name for name, _ in request.headers] == ["Host", "Content-Type"]
    assert (request.mimetype, request.is_json, request.content_length) == (request.content_type, False, 26)
    assert (request.args.get("a", type=int), request.args.get("b", 5, int)) == (1, 5)
    assert request.form.get("name", 5, int) == 5
    assert (request.args.to_dict(), request.args.to_dict(flat=False)) == ({"a": "1"}, {"a": ["1", "2"]})
    assert request.values.getlist("a") + request.values.getlist("empty") == ["1", "2", ""]
    assert request.get_data(False) == request.get_data(True) == request.stream.read() == request.data
    assert str(request) == "<AMLRequest 'http://localhost:5001/score?a=1&a=2' [POST]>"
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


def test_an_upload_is_a_file_that_can_be_kept(tmp_path: Path) -> None:
    headers = (("content-type", "multipart/form-data; boundary=cut"),)
    body = b'--cut\r\nContent-Disposition: form-data; name="image"; filename="c.png"\r\n\r\n\x89PNG\r\n--cut--\r\n'
    upload = AMLRequest("POST", "/score", "", headers, body).files["image"]
    assert upload.stream.read(1) == b"\x89"
    upload.seek(0)
    upload.save(tmp_path / upload.filename)
    assert (tmp_path / "c.png").read_bytes() == b"\x89PNG"
    upload.seek(1)
    upload.save(kept := io.BytesIO())
    assert kept.getvalue() == b"PNG"


def test_headers_of_an_answer_can_be_changed_like_flasks() -> None:
    answer = AMLResponse("x", 200, {"X-Tag": "a, b", "Allow": "GET"})
    answer.headers["allow"] = "GET, POST"
    answer.headers.add("Vary", "Origin")
    answer.headers.add_header("Vary", "Accept")
    answer.headers.set("X-Count", 3)
    answer.headers.update({"Content-Type": "image/png"})
    answer.headers.extend({"X-Count": 4})
    del answer.headers["X-Absent"]
    answer.headers.remove("X-Tag")
    assert answer.headers.items() == [
        ("allow", "GET, POST"), ("Vary", "Origin"), ("Vary", "Accept"), ("X-Count", "3"), ("Content-Type", "image/png"),
        ("X-Count", "4"),
    ]  # fmt: skip
    assert "ALLOW" in answer.headers
    assert (answer.headers.getlist("vary"), answer.headers.get("x-count", type=int)) == (["Origin", "Accept"], 3)
    assert (answer.headers.keys()[0], answer.headers.values()[0], len(answer.headers)) == ("allow", "GET, POST", 6)
    with pytest.raises(KeyError):
        answer.headers["X-Tag"]
