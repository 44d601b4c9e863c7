from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_deploy import Model, Workspace
from jupyter_deploy.errors import UserError
from jupyter_deploy.models.samples import sample_document
from jupyter_deploy.workspace.folder import open_workspace

TABLE = pd.DataFrame(
    {
        "age": [31.5, None, 40.0, 50.0],
        "visits": [1, 2, 3, 4],
        "town": pd.Categorical(["a", "b", "a", "a"]),
        "seen": pd.to_datetime(["2024-01-02"] * 4).as_unit("ns"),
    }
)


def test_the_first_rows_of_an_array_are_kept_with_their_type() -> None:
    rows = np.arange(12, dtype="float32").reshape(4, 3)
    assert sample_document(rows) == {
        "kind": "numpy", "dtype": "float32", "rows": [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]
    }  # fmt: skip
    assert sample_document([[1, 2]]) == {"kind": "numpy", "dtype": "int64", "rows": [[1, 2]]}
    assert sample_document([["a"]])["dtype"] == "<U1"
    assert sample_document(np.array([1.5, np.nan, np.inf]))["rows"] == [1.5, None, None]
    assert sample_document(np.array(["2024-01-02"], dtype="datetime64[D]"))["rows"] == ["2024-01-02"]


def test_the_first_rows_of_a_table_are_kept_with_the_types_of_its_columns() -> None:
    document = sample_document(TABLE)
    assert document["columns"] == {"age": "float64", "visits": "int64", "town": "category", "seen": "datetime64[ns]"}
    assert document["rows"][:2] == [
        [31.5, 1, "a", "2024-01-02T00:00:00.000"],
        [None, 2, "b", "2024-01-02T00:00:00.000"],
    ]
    assert len(document["rows"]) == 3


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "the sample is empty"),
        (TABLE.head(0), "the sample is empty"),
        ([[1], [1, 2]], "the sample is no array"),
        (object(), "a sample of object (object) has no plain form"),
        ({"a": 1}, "a sample of dict (object) has no plain form"),
        (1.0, "a sample of float (float64) has no plain form"),
        (pd.DataFrame([[1, 2]]), "the sample's columns are [0, 1]"),
        (pd.DataFrame({"a": [object()]}), "the sample holds a object, which has no plain form"),
        (np.zeros((3, 1000, 1000)), "3 rows of the sample take more than 1024 kB"),
    ],
)
def test_what_has_no_plain_form_is_refused(value: Any, message: str) -> None:
    with pytest.raises(UserError) as refused:
        sample_document(value)
    assert message in str(refused.value).splitlines()[0]
    assert refused.value.remedy


def test_a_file_is_read_as_a_table_or_a_list(tmp_path: Path) -> None:
    TABLE[["age", "visits"]].to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "rows.json").write_text("[[1.5, 2]]")
    assert sample_document(tmp_path / "rows.csv")["columns"] == {"age": "float64", "visits": "int64"}
    assert sample_document(str(tmp_path / "rows.json"))["rows"] == [[1.5, 2.0]]
    (tmp_path / "broken.json").write_text("[")
    for name, message in (("no.csv", "cannot be read"), ("broken.json", "cannot be read"), ("m.pkl", "neither .csv")):
        with pytest.raises(UserError, match=message):
            sample_document(tmp_path / name)


def test_a_sample_is_kept_with_the_model_and_shown(tmp_path: Path) -> None:
    ws = Workspace(tmp_path / "ws")
    (tmp_path / "m.txt").write_text("one")
    Model.register(ws, tmp_path / "m.txt", "tiny", sample_input=TABLE)
    found = Model(Workspace(ws.path), "tiny")
    assert found.sample_input == sample_document(TABLE)
    assert json.loads(json.dumps(found.serialize()))["sampleInput"]["kind"] == "pandas"
    assert Model.register(ws, tmp_path / "m.txt", "tiny").sample_input is None


def test_a_workspace_from_before_samples_gains_them(tmp_path: Path) -> None:
    import sqlite3

    ws = Workspace(tmp_path / "ws")
    (tmp_path / "m.txt").write_text("one")
    Model.register(ws, tmp_path / "m.txt", "tiny")
    with sqlite3.connect(ws.path / "records.db") as records:
        records.execute("ALTER TABLE models DROP COLUMN sample")
        records.execute("ALTER TABLE services DROP COLUMN home")
        records.execute("ALTER TABLE services DROP COLUMN host")
        records.execute("DROP TABLE about")
        records.execute("DROP TABLE environments")
        records.execute("DROP TABLE computes")
        records.execute("UPDATE alembic_version SET version_num = '0001'")
    records.close()
    again = open_workspace(ws.path)
    assert [(model.id, model.sample) for model in again.models.list()] == [("tiny:1", None)]
