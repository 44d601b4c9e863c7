"""Entry scripts as users of the original have them, unchanged: deployed, asked over HTTP, held against the model's own answers."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import requests
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from PIL import Image

from jupyter_deploy import Model, Webservice, Workspace
from tests.services import serve

SCRIPTS = Path(__file__).parents[1] / "data" / "scripts"
JSON = {"Content-Type": "application/json; charset=utf-8"}
ROWS = np.random.default_rng(0).normal(size=(60, 10)).round(3)


class Client:
    """Asks one service as any program would: with its key, over one connection."""

    def __init__(self, service: Webservice) -> None:
        self.service = service
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {service.get_keys()[0]}"

    def ask(self, method: str, query: str = "", **request: Any) -> requests.Response:
        return self.session.request(method, str(self.service.scoring_uri) + query, timeout=20, **request)

    def post(self, document: Any, query: str = "") -> requests.Response:
        """Send a document as JSON."""
        return self.ask("POST", query, data=json.dumps(document), headers=JSON)

    def answer(self, document: Any) -> Any:
        """What a request that succeeds is answered with."""
        response = self.post(document)
        assert response.status_code == 200, response.text
        return response.json()

    def refusal(self, document: Any) -> str:
        """Why a request is refused as the client's fault, in the form of every error (azureml-v1 6.2)."""
        response = self.post(document)
        assert response.status_code == 400, response.text
        assert response.headers["x-ms-run-function-failed"] == "False"
        assert list(response.json()) == ["message"]
        text: str = response.json()["message"]
        return text

    def swagger(self) -> dict[str, Any]:
        """The document of version 2, after all three were found valid."""
        for version, validator in (
            ("3.1", OpenAPIV31SpecValidator),
            ("3", OpenAPIV30SpecValidator),
            ("2", OpenAPIV2SpecValidator),
        ):
            document = self.session.get(f"{self.service.swagger_uri}?version={version}", timeout=20).json()
            validator(document).validate()
        found: dict[str, Any] = document
        return found


Serve = Callable[..., Client]


@pytest.fixture
def deployed(workspace: Workspace) -> Iterator[Serve]:
    """Deploy a script of tests/data, with keys on, and return a client for it."""
    clients: list[Client] = []

    def deploy(script: str, *models: Model, **inference: Any) -> Client:
        source = inference.get("source_directory")
        path = Path(script) if source else SCRIPTS / script
        clients.append(Client(serve(workspace, path, models, options={"auth_enabled": True}, inference=inference)))
        return clients[-1]

    yield deploy
    for client in clients:
        client.session.close()


def register(workspace: Workspace, name: str, value: Any, file: str = "model.pkl") -> Model:
    """Register what joblib writes of an object, as the original's samples do."""
    path = workspace.path.parent / file
    path.parent.mkdir(parents=True, exist_ok=True)
    joblib.dump(value, path)
    return Model.register(workspace, model_path=path, model_name=name)


def ridge(columns: int = 10) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge().fit(ROWS[:, :columns], ROWS @ np.arange(1, 11))


def codes(client: Client) -> list[str]:
    """The rules that found something in the script."""
    return [finding.code for finding in client.service.findings]


def test_the_documents_first_script(workspace: Workspace, deployed: Serve) -> None:
    model = ridge()
    client = deployed("document_numpy.py", register(workspace, "sklearn_regression_model.pkl", model))
    assert codes(client) == ["sklearn-externals", "integer-sample", "error-returned"]

    rows = [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]]  # those of the document's client
    assert client.answer({"data": rows}) == pytest.approx(model.predict(rows).tolist())
    assert client.service.run(json.dumps({"data": rows})) == client.answer({"data": rows})
    # what the rule about integers warns of
    assert client.answer({"data": [[value + 0.9 for value in rows[0]]]}) == client.answer({"data": rows[:1]})
    assert client.ask("GET", "?data=[[1,2,3,4,5,6,7,8,9,10]]").json() == client.answer({"data": rows[:1]})

    assert "'data' does not fit the sample" in client.refusal({"data": [[1, 2, 3]]})
    assert "at item 1, column 2" in client.refusal({"data": [rows[0], [1, 2, "x", 4, 5, 6, 7, 8, 9, 10]]})
    assert "the input has no 'data'" in client.refusal({"Data": rows})

    swagger = client.swagger()["definitions"]
    assert swagger["ServiceInput"]["example"] == {"data": [[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]]}
    assert swagger["ServiceOutput"]["example"] == [3726.995]
    assert client.answer(swagger["ServiceInput"]["example"]) == pytest.approx(model.predict(rows[1:]).tolist())


def classifier(table: pd.DataFrame, kind: str, target: Any) -> Any:
    """A classifier fitted on a table of which one column holds texts."""
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    encoded = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), [kind]), remainder="passthrough")
    return make_pipeline(encoded, LogisticRegression()).fit(table, target)


def test_the_documents_second_script_as_power_bi_asks_it(workspace: Workspace, deployed: Serve) -> None:
    table = pd.DataFrame(
        {"input_name_1": ROWS[:, 0], "input_name_2": ["value1", "value2"] * 30, "input_name_3": range(60)}
    )
    model = classifier(table, "input_name_2", (ROWS[:, 0] > 0).astype(int))
    client = deployed("document_pandas.py", register(workspace, "model_name", model))
    assert codes(client) == ["unneeded-import", "sklearn-externals", "error-returned"]

    # Power BI reads version 2 of the document, offers its columns, and sends the rows of a table as records.
    schema = client.swagger()["definitions"]["ServiceInput"]
    columns = schema["properties"]["data"]["items"]["properties"]
    assert {name: column["type"] for name, column in columns.items()} == {
        "input_name_1": "number", "input_name_2": "string", "input_name_3": "integer",
    }  # fmt: skip
    records = table.to_dict(orient="records")
    assert client.answer({"data": records}) == model.predict(table).tolist()
    assert client.answer(schema["example"]) == model.predict(pd.DataFrame(schema["example"]["data"])).tolist()
    marked = client.ask("POST", data=b"\xef\xbb\xbf" + json.dumps({"data": records[:1]}).encode(), headers=JSON)
    assert marked.json() == model.predict(table[:1]).tolist()

    good = records[0]
    assert "without column 'input_name_2'" in client.refusal({"data": [{"input_name_1": 1.5, "input_name_3": 1}]})
    assert "at item 1" in client.refusal({"data": [good, {**good, "input_name_1": "high"}]})
    assert "'data' does not fit the sample" in client.refusal({"data": []})
    assert "'data' does not fit the sample" in client.refusal({"data": "text"})
    assert "the input has no 'data'" in client.refusal({"input_name_1": 5.1, "input_name_2": "a", "input_name_3": 3})
    assert "must be a JSON object" in client.refusal(records)
    assert client.ask("POST", data="{", headers=JSON).status_code == 400
    assert client.ask("POST", data="{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert client.ask("POST", data="{}", headers={**JSON, "Authorization": "Bearer wrong"}).status_code == 401
    assert client.ask("PUT", data="{}", headers=JSON).status_code == 405


def test_inputs_and_global_parameters_of_power_bi(workspace: Workspace, deployed: Serve) -> None:
    table = pd.DataFrame({"age": ROWS[:, 0] * 10 + 40, "town": ["a", "b"] * 30})
    model = classifier(table, "town", (ROWS[:, 0] > 0).astype(int))
    client = deployed("power_bi_inputs_score.py", register(workspace, "towns", model))

    records = table.to_dict(orient="records")
    request: dict[str, Any] = {"Inputs": {"data": records}}
    assert client.answer(request) == {"Results": model.predict(table).tolist()}
    assert client.answer({**request, "GlobalParameters": {"method": "predict"}}) == client.answer(request)
    likely = client.answer({**request, "GlobalParameters": {"method": "predict_proba"}})["Results"]
    np.testing.assert_allclose(likely, model.predict_proba(table))

    schema = client.swagger()["definitions"]["ServiceInput"]
    assert schema["example"] == {
        "Inputs": {"data": [{"age": 31.5, "town": "a"}]},
        "GlobalParameters": {"method": "predict"},
    }
    rows = pd.DataFrame(schema["example"]["Inputs"]["data"])
    assert client.answer(schema["example"]) == {"Results": model.predict(rows).tolist()}

    assert "the input has no 'Inputs'" in client.refusal({"inputs": {"data": records}})
    assert "'Inputs' does not fit the sample" in client.refusal({"Inputs": records})
    refused = client.refusal({"Inputs": {"data": [{"age": 40.5, "town": "a"}, {"age": "old", "town": "a"}]}})
    assert refused.startswith("'data' does not fit the sample at item 1: ")
    assert "column 'age'" in refused
    failed = client.post({**request, "GlobalParameters": {"method": "fly"}})
    assert (failed.status_code, failed.headers["x-ms-run-function-failed"]) == (500, "True")
    assert "Invalid predict method argument received" in client.service.get_logs()


def test_onnx(workspace: Workspace, deployed: Serve) -> None:
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit(ROWS[:, :3], np.digitize(ROWS[:, 0], [-0.5, 0.5]))
    file = workspace.path.parent / "iris.onnx"
    network = to_onnx(fitted, ROWS[:1, :3].astype(np.float32), options={"zipmap": False})
    file.write_bytes(network.SerializeToString())
    model = Model.register(workspace, model_path=file, model_name="iris-network")
    client = deployed("onnx_score.py", model)
    assert codes(client) == ["error-returned", "json-dumps-returned"]

    answer = json.loads(client.answer({"data": ROWS[:9, :3].tolist()}))  # encoded twice, as the rule says
    assert answer["result"] == fitted.predict(ROWS[:9, :3]).tolist()
    np.testing.assert_allclose(answer["scores"], fitted.predict_proba(ROWS[:9, :3]), rtol=1e-4)
    failed = json.loads(client.answer({"data": [[1.0, 2.0]]}))  # with status 200, as the other rule says
    assert "INVALID_ARGUMENT" in failed["error"]
    assert client.ask("POST", data=b"\xff\xfe").status_code == 400


def test_an_image_as_the_bytes_of_the_request(workspace: Workspace, deployed: Serve) -> None:
    from sklearn.datasets import load_digits
    from sklearn.neighbors import KNeighborsClassifier

    digits = load_digits()
    model = KNeighborsClassifier(1).fit(digits.data[:200], digits.target[:200])
    client = deployed("image_score.py", register(workspace, "digits", model))

    def png(number: int, scale: int = 1) -> bytes:
        pixels = np.kron(digits.images[number] / 16 * 255, np.ones((scale, scale))).round().astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        return file.getvalue()

    for number in range(10):
        response = client.ask("POST", data=png(number), headers={"Content-Type": "image/png"})
        assert response.json() == {"digit": int(model.predict(digits.data[number : number + 1])[0]), "size": [8, 8]}
        assert response.headers["X-Model"] == "digits"
    assert client.service.run(png(5))["digit"] == 5
    uploaded = client.ask("POST", files={"image": ("seven.png", png(7, scale=4), "image/png")})
    assert uploaded.json() == {"digit": 7, "size": [32, 32]}

    thumbnail = client.ask("POST", "?return=thumbnail", data=png(3))
    assert thumbnail.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(thumbnail.content)).size == (2, 2)

    assert client.ask("GET", "?a=1").text == "/score?a=1"
    assert client.ask("OPTIONS").headers["Allow"] == "OPTIONS, GET, POST"
    refused = client.ask("POST", data=b"no image")
    assert (refused.status_code, refused.text) == (400, "not an image")
    failed = client.ask("POST", data=png(3)[:100])
    assert (failed.status_code, failed.headers["x-ms-run-function-failed"]) == (500, "True")
    assert "truncated" in client.service.get_logs()
    client.swagger()


def test_several_models_and_versions(workspace: Workspace, deployed: Serve) -> None:
    one, two = register(workspace, "slope", 2.0), register(workspace, "slope", 3.0)
    with_folder = workspace.path.parent / "net"
    with_folder.mkdir()
    (with_folder / "shift.pkl").write_bytes(pickle.dumps(0.5))
    (with_folder / "about.txt").write_text("a second file")
    shift = Model.register(workspace, model_path=with_folder, model_name="shift")
    client = deployed("several_models_score.py", one, two, shift)
    assert client.answer({"x": 4}) == {"first": 8.0, "newest": 12.5, "spare": None}


def test_data_collection_breaks_nothing_and_says_that_nothing_is_kept(workspace: Workspace, deployed: Serve) -> None:
    model = ridge(3)
    client = deployed("collector_score.py", register(workspace, "ridge", model, "ridge.pkl"))
    for _ in range(2):
        assert client.answer({"data": ROWS[:2, :3].tolist()}) == pytest.approx(model.predict(ROWS[:2, :3]).tolist())
    assert client.service.get_logs().count("collect() keeps nothing") == 1


def test_a_script_with_its_folder(workspace: Workspace, deployed: Serve) -> None:
    model = ridge(3)
    register(workspace, "churn", model)
    source = SCRIPTS / "source_directory"
    client = deployed("serving/score.py", Model(workspace, "churn"), source_directory=str(source))
    assert codes(client) == []
    records: list[Mapping[str, float]] = [
        dict(zip(("age", "visits", "spent"), row, strict=True)) for row in ROWS[:9, :3].tolist()
    ]
    expected = model.predict(ROWS[:9, :3] * 0.5).clip(-1, 1)
    np.testing.assert_allclose(client.answer({"data": records}), expected)
