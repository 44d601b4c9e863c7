from __future__ import annotations

from pathlib import Path

from jupyter_deploy import Model, Workspace
from jupyter_deploy.sdk.comparison import compare


def registered(workspace: Workspace, folder: Path, text: str, **more: object) -> Model:
    path = folder / "model.txt"
    path.write_text(text)
    return Model.register(workspace, path, "tiny", **more)  # type: ignore[arg-type]


def test_what_two_versions_share_and_where_they_differ(workspace: Workspace, tmp_path: Path) -> None:
    older = registered(workspace, tmp_path, "one", tags={"stage": "test", "old": "yes"}, sample_input=[[1.0, 2.0]])
    newer = registered(
        workspace, tmp_path, "three", tags={"stage": "live"}, properties={"run": "7"}, sample_input=[[1, 2, 3]]
    )
    found = {(row.group, row.name): row for row in compare(older, newer)}
    assert (found["model", "version"].left, found["model", "version"].right) == ("1", "2")
    assert not found["model", "name"].differs
    assert found["files", "model.txt"].left == f"3 B, SHA-256 {older.record.files[0].sha256}"
    assert found["files", "model.txt"].differs
    assert (found["tags", "stage"].left, found["tags", "stage"].right) == ("test", "live")
    assert (found["tags", "old"].left, found["tags", "old"].right) == ("yes", "")
    assert (found["properties", "run"].left, found["properties", "run"].right) == ("", "7")
    assert not found["environment", "Python"].differs
    assert (found["schema", "type"].left, found["schema", "type"].right) == ("float64", "int64")
    assert (found["schema", "columns"].left, found["schema", "columns"].right) == ("2", "3")
    assert not any(row.differs for row in compare(older, older))


def test_the_columns_of_a_table_are_compared_by_name(workspace: Workspace, tmp_path: Path) -> None:
    import pandas

    older = registered(workspace, tmp_path, "one", sample_input=pandas.DataFrame({"age": [1], "bmi": [1.5]}))
    newer = registered(workspace, tmp_path, "one", sample_input=pandas.DataFrame({"age": [1.5]}))
    found = {row.name: (row.left, row.right) for row in compare(older, newer) if row.group == "schema"}
    assert found == {"kind": ("table", "table"), "column age": ("int64", "float64"), "column bmi": ("float64", "")}
