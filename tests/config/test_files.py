"""Configuration files: JSON, then YAML; every refusal names the file and the place in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_deploy.config.files import ConfigFileWarning, read_document
from jupyter_deploy.errors import ConfigError

DOCUMENT_SAMPLE = """{
    "entryScript": "x/y/score.py",
    "runtime": "python",
    "condaFile": "env/myenv.yml",
    "sourceDirectory":"C:/abc",
}
"""


def write(folder: Path, text: str | bytes, name: str = "config.json") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(path: str | Path) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        read_document(path, "inference configuration")
    return refused.value


def test_json_is_read_with_null_as_none(tmp_path: Path) -> None:
    assert read_document(write(tmp_path, '{"a": null, "b": {"c": 1}}'), "x") == {"a": None, "b": {"c": 1}}


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    assert read_document(write(tmp_path, b'\xef\xbb\xbf{"a": 1}'), "x") == {"a": 1}


def test_yaml_is_read_without_a_warning(tmp_path: Path) -> None:
    text = "computeType: process\nkeys:\n  primaryKey: p\n"
    assert read_document(write(tmp_path, text, "dc.yml"), "x") == {
        "computeType": "process",
        "keys": {"primaryKey": "p"},
    }


def test_the_comma_too_many_of_the_original_sample_is_accepted_and_its_line_named(tmp_path: Path) -> None:
    path = write(tmp_path, DOCUMENT_SAMPLE, "inferenceconfig.json")
    with pytest.warns(ConfigFileWarning) as warned:
        document = read_document(path, "inference configuration")
    assert document["sourceDirectory"] == "C:/abc"
    expected = "inferenceconfig.json, line 5: not valid JSON (a comma before the closing bracket); read as YAML"
    assert [str(warning.message) for warning in warned] == [expected]


def test_a_comma_too_many_in_a_list_is_found_too(tmp_path: Path) -> None:
    path = write(tmp_path, '{"allowedHosts": [\n "a",\n "b",\n]}')
    with pytest.warns(ConfigFileWarning, match="line 3: .*a comma before the closing bracket"):
        assert read_document(path, "x") == {"allowedHosts": ["a", "b"]}


def test_json_with_another_flaw_names_that_flaw(tmp_path: Path) -> None:
    with pytest.warns(ConfigFileWarning, match=r"line 2: not valid JSON \(Expecting property name"):
        assert read_document(write(tmp_path, "{\n port: 80}"), "x") == {"port": 80}


def test_neither_json_nor_yaml_says_why_and_where_for_both(tmp_path: Path) -> None:
    text = str(refusal(write(tmp_path, '{"a": 1,\n "b": [}')))
    assert "is neither JSON (Expecting value, line 2) nor YAML (" in text
    assert text.count("line 2") == 2


def test_yaml_cannot_make_objects(tmp_path: Path) -> None:
    assert "nor YAML" in str(refusal(write(tmp_path, "a: !!python/object/apply:os.getcwd []")))


@pytest.mark.parametrize(
    ("text", "held"), [("[1, 2]", "holds a list"), ('"text"', "holds a str"), ("", "is empty"), ("# nothing\n", "is empty")]
)  # fmt: skip
def test_what_has_no_keys_is_refused(tmp_path: Path, text: str, held: str) -> None:
    assert f"config.json {held}; it must be an object with keys" in str(refusal(write(tmp_path, text)))


def test_a_missing_relative_path_says_what_it_was_relative_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    error = refusal("ic.json")
    assert error.what == f"cannot read the inference configuration {tmp_path / 'ic.json'}: {os.strerror(2)}"
    assert error.remedy == f"the path was taken relative to {tmp_path}"


def test_a_missing_absolute_path_says_only_that(tmp_path: Path) -> None:
    assert refusal(tmp_path / "ic.json").remedy == ""


def test_a_folder_is_no_configuration_file(tmp_path: Path) -> None:
    assert os.strerror(21) in str(refusal(tmp_path))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    assert "is no UTF-8 text" in str(refusal(write(tmp_path, b'{"a": "\xff"}')))
