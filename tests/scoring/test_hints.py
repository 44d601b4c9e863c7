"""Type hints of run(): what becomes of a request, what is refused, what the documents say."""

# ruff: noqa: UP007, UP045 - hints as people write them
from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, TypedDict, Union
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pandas as pd
import pydantic
import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from jupyter_deploy.scoring import hints, inputs, script
from jupyter_deploy.scoring.dialects import lowered
from jupyter_deploy.scoring.inputs import BadInput
from jupyter_deploy.scoring.request import Request

from .fronts import Front, make_bundle


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Patient:
    age: int
    name: str = "nobody"
    tags: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        if self.age < 0:
            raise ValueError("age is below 0")


class Options(TypedDict, total=False):
    method: Literal["predict", "predict_proba"]
    threshold: float


class House(pydantic.BaseModel):
    rooms: int = pydantic.Field(gt=0)
    owner: Optional[str] = None
    colours: list[Colour] = []


class Node:
    """Means nothing to a service."""


FLOATS = Annotated[np.ndarray, np.array([[1.5, 2.5]])]
INTS = Annotated[np.ndarray, np.array([[1, 2]])]
TABLE = Annotated[pd.DataFrame, pd.DataFrame({"a": [1], "b": ["x"]})]


def typed(annotation: Any) -> Callable[[Any], Any]:
    def run(data: Any) -> Any:
        return data

    run.__annotations__["data"] = annotation
    return run


def given(run: Callable[..., Any], **values: Any) -> dict[str, Any]:
    head = (("content-type", "application/json"),)
    return inputs.arguments(
        script.describe(run), Request("id", "POST", "/score", "", head, json.dumps(values).encode())
    )


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (int, 3.0, 3),
        (float, 3, 3.0),
        (bool, True, True),
        (list, [1, "a"], [1, "a"]),
        (list[int], [1, 2], [1, 2]),
        (list[list[float]], [[1, 2.5]], [[1.0, 2.5]]),
        (dict, {"a": [1]}, {"a": [1]}),
        (dict[str, float], {"a": 1}, {"a": 1.0}),
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[int, ...], [1, 2, 3], (1, 2, 3)),
        (set[int], [1, 1], {1}),
        (Optional[int], None, None),
        (int | None, 4, 4),
        (Union[int, str], "a", "a"),
        (Literal["a", 1], 1, 1),
        (Colour, "red", Colour.RED),
        (datetime.datetime, "2026-01-02T03:04:05Z", datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)),
        (datetime.date, "2026-01-02", datetime.date(2026, 1, 2)),
        (list[UUID], ["12345678-1234-5678-1234-567812345678"], [UUID("12345678-1234-5678-1234-567812345678")]),
        (Patient, {"age": 3, "unknown": 1}, Patient(3)),
        (list[Patient], [{"age": 3, "name": "x", "tags": ["a"]}], [Patient(3, "x", ["a"])]),
        (Options, {"threshold": 1}, {"threshold": 1.0}),
        (House, {"rooms": 2, "colours": ["blue"]}, House(rooms=2, colours=[Colour.BLUE])),
        (dict[str, House], {"a": {"rooms": 1}}, {"a": House(rooms=1)}),
    ],
)  # fmt: skip
def test_values_become_what_the_hint_says(annotation: Any, value: Any, expected: Any) -> None:
    found = given(typed(annotation), data=value)["data"]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "value", "problem"),
    [
        (int, "3", "'data' is '3', but must be a whole number"),
        (int, 1.5, "'data' is 1.5, but must be a whole number"),
        (int, True, "'data' is true, but must be a whole number"),
        (float, None, "'data' is null, but must be a number"),
        (list[float], {"a": 1}, "'data' is an object, but must be an array"),
        (list[list[float]], [[1], [2, "x"]], "'data'[1][1] is 'x', but must be a number"),
        (dict[str, int], {"a": {}}, "'data'['a'] is an object, but must be a whole number"),
        (tuple[int, str], [1], "'data' is an array of 1, but must be an array of 2"),
        (Optional[int], "x", "'data' fits none of its types: 'data' is 'x', but must be a whole number"),
        (Literal["a", "b"], "c", "'data' is 'c', but must be one of 'a', 'b'"),
        (Colour, 1, "'data' is 1, but must be one of 'red', 'blue'"),
        (datetime.date, "soon", "'data' is 'soon', but must be a date (ISO 8601)"),
        (Patient, {"name": "x"}, "'data' has no 'age' (case matters)"),
        (list[Patient], [{"age": 1}, {"age": -1}], "'data'[1] does not fit: age is below 0"),
        (Options, {"method": "fit"}, "'data'['method'] is 'fit', but must be one of 'predict', 'predict_proba'"),
        (House, {"rooms": 0}, "'data'['rooms']: Input should be greater than 0"),
        (House, {"rooms": "x", "colours": 1}, "'data'['colours']: Input should be a valid list"),
        (set[list], [[1]], "'data' cannot be a set"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(annotation: Any, value: Any, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        given(typed(annotation), data=value)
    assert caught.value.status == 400
    assert problem in str(caught.value)


def test_arrays_have_the_type_and_shape_of_their_sample() -> None:
    array = given(typed(FLOATS), data=[[1, 2], [3, 4]])["data"]
    assert (array.dtype, array.tolist()) == (np.float64, [[1.0, 2.0], [3.0, 4.0]])
    assert given(typed(INTS), data=[[1.0, 2]])["data"].dtype == np.int64
    assert given(typed(np.ndarray), data=[[1, 2]])["data"].tolist() == [[1, 2]]
    assert given(typed(npt.NDArray[np.float32]), data=[1])["data"].dtype == np.float32
    assert given(typed(Annotated[np.ndarray, [[0.5]]]), data=[[1]])["data"].dtype == np.float64


@pytest.mark.parametrize(
    ("annotation", "value", "problem"),
    [
        (FLOATS, [[1, 2], [3, "x"]], "'data'[1][1] is 'x', but must be float64"),
        (FLOATS, [[1, 2], [3]], "'data'[1] has 1 items, but the ones before have 2 items"),
        (FLOATS, [[1, 2, 3]], "'data' has 2 dimensions with any x 3 items, but must have 2 dimensions with any x 2 items"),
        (FLOATS, 5, "'data' is 5, but must be an array"),
        (INTS, [[1, 2], [3, 4.5]], "'data'[1][1] is 4.5, but must be int64"),
        (np.ndarray, [1, {}], "'data' has items of several types"),
        (TABLE, [{"a": 1, "b": "x"}, {"a": 2}], "'data'[1] has no column 'b' (case matters)"),
        (TABLE, [{"a": 1, "b": "x"}, {"a": "y", "b": "x"}], "'data'[1]['a'] is 'y', but must be int64"),
        (TABLE, [{"a": 1, "b": "x", "c": 1}], "'data' has the column 'c', which the sample has not"),
        (TABLE, {"a": [1]}, "'data' has no column 'b'"),
        (TABLE, "x", "'data' is 'x', but must be a table: an array of objects"),
        (TABLE, [[1]], "'data' is not a table"),
    ],
)  # fmt: skip
def test_arrays_and_tables_that_do_not_fit(annotation: Any, value: Any, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        given(typed(annotation), data=value)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        [{"b": "x", "a": "1"}, {"a": 2, "b": "y"}],
        {"a": [1, 2], "b": ["x", "y"]},
        {"columns": ["b", "a"], "data": [["x", 1], ["y", 2]]},
        [[1, "x"], [2, "y"]],
    ],
)
def test_tables_have_the_columns_of_their_sample(value: Any) -> None:
    table = given(typed(TABLE), data=value)["data"]
    assert table.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert list(map(str, table.dtypes)) == list(map(str, TABLE.__metadata__[0].dtypes))


def test_a_table_without_a_sample_and_one_without_rows() -> None:
    assert given(typed(pd.DataFrame), data=[{"z": 1}])["data"].to_dict("list") == {"z": [1]}
    empty = given(typed(TABLE), data=[])["data"]
    assert (list(empty.columns), len(empty)) == (["a", "b"], 0)


@pytest.mark.parametrize("annotation", [str, bytes, Any, object, Optional[str], "str", Union[str, bytes]])
def test_texts_stay_texts(annotation: Any) -> None:
    run = typed(annotation)
    head = (("content-type", "text/plain"),)
    described = script.describe(run)
    assert described.kind == "plain"
    assert inputs.arguments(described, Request("id", "POST", "/score", "", head, b"[1]")) == {"data": "[1]"}


@pytest.mark.parametrize("annotation", [Node, "NotThere", dict[int, str], list[Node]])
def test_a_hint_that_means_nothing_leaves_the_script_as_it_was(
    annotation: Any, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("azmlinfsrv").propagate = True
    assert script.describe(typed(annotation)).kind == "plain"
    assert "takes the body as text, because a type hint" in caplog.text


def test_defaults_are_left_alone_and_unannotated_parameters_take_anything() -> None:
    def run(data: float, more: Any = None, options: Options = {"method": "predict"}) -> float:  # noqa: B006
        return data

    assert given(run, data=1, more={"a": 1}) == {"data": 1.0, "more": {"a": 1}, "options": {"method": "predict"}}
    with pytest.raises(BadInput, match="the input has no 'data'"):
        given(run, more=1)


SCRIPT = """
from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Optional

import numpy as np
import pandas as pd
from pydantic import BaseModel

input_sample = pd.DataFrame({"age": [30], "bmi": [22.5]})
output_sample = np.array([0.5])

class Options(BaseModel):
    method: Literal["predict", "predict_proba"] = "predict"
    limit: Optional[float] = None
    children: list[Options] = []

@dataclass
class Note:
    text: str
    weight: float | None = None

def init():
    pass

def run(data: pd.DataFrame, matrix: Annotated[np.ndarray, [[0.5, 1.5]]], options: Options = Options(), note: Note | None = None,
        pair: tuple[int, str] = (1, "a")) -> np.ndarray:
    assert isinstance(options, Options)
    return data["age"] + matrix.sum() + (note.weight or 0 if note else 0)
"""


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Front(make_bundle(tmp_path_factory.mktemp("hints"), SCRIPT)).serve() as serving:
        yield serving


def test_a_service_of_a_typed_script(front: Front) -> None:
    body = {
        "data": [{"age": 40, "bmi": 20}, {"bmi": 1, "age": 2}],
        "matrix": [[1, 2]],
        "note": {"text": "x", "weight": 10},
    }
    assert front.post({**body, "options": {"method": "predict_proba"}}).json == [53.0, 15.0]
    refused = front.post({**body, "data": [{"age": 40}]})
    assert (refused.status, refused.headers["x-ms-run-function-failed"]) == (400, "False")
    assert refused.json["message"] == "the input does not fit run(): 'data'[0] has no column 'bmi' (case matters)"
    assert front.post("text", {"Content-Type": "text/plain"}).status == 415
    answered = front.ask("GET", "/score?data=%5B%7B%22age%22%3A1%2C%22bmi%22%3A2%7D%5D&matrix=%5B%5B1%2C2%5D%5D")
    assert answered.json == [4.0]


@pytest.mark.parametrize(
    ("version", "validator"),
    [("2", OpenAPIV2SpecValidator), ("3", OpenAPIV30SpecValidator), ("3.1", OpenAPIV31SpecValidator)],
)
def test_the_documents_of_a_typed_script(front: Front, version: str, validator: Any) -> None:
    document = front.ask("GET", f"/swagger.json?version={version}").json
    validator(document).validate()
    schemas = document["definitions"] if version == "2" else document["components"]["schemas"]
    taken = schemas["ServiceInput"]
    assert taken["required"] == ["data", "matrix"]
    assert taken["properties"]["data"]["items"]["required"] == ["age", "bmi"]
    assert taken["example"]["data"] == [{"age": 30, "bmi": 22.5}]
    assert taken["example"]["matrix"] == [[0.5, 1.5]]
    assert schemas["ServiceOutput"]["example"] == [0.5]
    if version != "2":  # which has no word for it
        assert "predict_proba" in json.dumps(taken["properties"]["options"])


def test_the_example_of_a_schema_fits_it() -> None:
    def run(a: int, b: list[Patient], c: Literal["x"], d: Any, e: tuple[int, str], f: bytes, g: House) -> None: ...

    run.__annotations__.update(
        a=int, b=list[Patient], c=Literal["x"], d=Optional[datetime.date], e=tuple[int, str], f=bytes, g=House
    )
    found = hints.find(run)
    assert found is not None
    arguments = given(run, **found.input_schema()["example"])
    assert arguments["b"] == [Patient(1, "text", ["text"])]
    assert arguments["e"] == (1, "text")


def test_what_a_version_has_no_word_for_is_left_open() -> None:
    schema = {"type": "object", "properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
                                               "b": {"const": 1}, "c": {"exclusiveMinimum": 0, "type": "number"}}}  # fmt: skip
    assert lowered(schema, "3.1") == schema
    assert lowered(schema, "3.0")["properties"] == {
        "a": {"anyOf": [{"type": "integer"}, {"type": "string"}], "nullable": True},
        "b": {"enum": [1]},
        "c": {"minimum": 0, "exclusiveMinimum": True, "type": "number"},
    }
    assert lowered(schema, "2.0")["properties"]["a"] == {"x-nullable": True}


class Inputs(TypedDict):
    WebServiceInput0: TABLE  # type: ignore[valid-type]


def test_the_form_that_power_bi_sends() -> None:
    def run(Inputs: Inputs, GlobalParameters: Options = {"method": "predict"}) -> Any:  # noqa: B006, N803
        return Inputs

    run.__annotations__.update(Inputs=Inputs, GlobalParameters=Options)
    found = given(run, Inputs={"WebServiceInput0": [{"a": 1, "b": "x"}]}, GlobalParameters={"method": "predict_proba"})
    assert found["Inputs"]["WebServiceInput0"].to_dict("list") == {"a": [1], "b": ["x"]}
    assert found["GlobalParameters"] == {"method": "predict_proba"}
    with pytest.raises(BadInput, match=r"'Inputs'\['WebServiceInput0'\]\[0\] has no column 'b'"):
        given(run, Inputs={"WebServiceInput0": [{"a": 1}]})


def test_waiting_requests_of_a_typed_run_go_through_it_together(tmp_path: Path) -> None:
    text = """
    import time
    from typing import Annotated
    import numpy as np

    calls = []

    def init():
        pass

    def run(data: Annotated[np.ndarray, [[0.5, 1.5]]]):
        calls.append(len(data))
        time.sleep(0.05)
        return [[float(row.sum()), max(calls)] for row in data]
    """
    with (
        Front(make_bundle(tmp_path, text, maxBatchRows=64, maxQueueWaitMs=20_000)).serve() as front,
        ThreadPoolExecutor(8) as pool,
    ):
        replies = list(pool.map(lambda number: front.post({"data": [[number, 1]]}), range(24)))
        assert [reply.json[0][0] for reply in replies] == [number + 1 for number in range(24)]
        assert max(reply.json[0][1] for reply in replies) > 1
        assert front.post({"data": [[1, "x"]]}).json["message"].endswith("'data'[0][1] is 'x', but must be float64")
