"""The parser refuses by name, and values have one form each."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pytest

from jupyter_deploy.cli.arguments import Parser, content, key_or_pair, mapping, pair, positive, secret
from jupyter_deploy.errors import UserError


@pytest.fixture
def parser() -> Parser:
    made = Parser("jupyter ml x y", "Do it.", "jupyter ml x y -d text")
    made.option("-d --description", "free text")
    made.option("--deploy-config-file --dc -dc", "a file", heading="Files")
    made.option("--compute-target --ct", argparse.SUPPRESS)
    made.several("--tag", "100 % of them", type=pair)
    return made


def test_two_letters_behind_one_dash_are_that_option_and_no_other(parser: Parser) -> None:
    args = parser.read(["-dc", "file.json"])
    assert (args.deploy_config_file, args.description) == ("file.json", None)


@pytest.mark.parametrize("word", ["-dx", "-dtext", "-dx=1", "--dx", "--desc", "--description-of"])
def test_nothing_is_abbreviated_or_split(parser: Parser, word: str) -> None:
    with pytest.raises(UserError, match=f"has no option '{word.split('=')[0]}'"):
        parser.read([word, "file.json"])


def test_the_list_of_options_has_one_spelling_of_each_and_no_hidden_one(parser: Parser) -> None:
    with pytest.raises(UserError) as refused:
        parser.read(["--dcc", "x"])
    assert refused.value.what.endswith("did you mean '--dc'?")
    assert refused.value.remedy == "it has: --help, --description, --deploy-config-file, --tag"


@pytest.mark.parametrize("value", ["-", "-5", "-0.5", "- a list", "x"])
def test_values_may_begin_with_a_dash_where_no_option_does(parser: Parser, value: str) -> None:
    assert parser.read(["-d", value]).description == value
    assert parser.read([f"--description={value}"]).description == value


def test_repeated_options_come_as_a_list(parser: Parser) -> None:
    assert parser.read(["--tag", "a=1", "--tag", "b=x=y"]).tag == [("a", "1"), ("b", "x=y")]
    assert "100 % of them; repeatable" in parser.format_help()


@pytest.mark.parametrize("text", ["", "key", "=value"])
def test_what_is_no_pair_is_quoted(parser: Parser, text: str) -> None:
    with pytest.raises(UserError, match=f"takes KEY=VALUE, not '{text}'"):
        parser.read(["--tag", text])


def test_a_pair_may_have_an_empty_value_and_a_filter_none() -> None:
    assert pair("key=") == ("key", "")
    assert (key_or_pair("key"), key_or_pair("key=")) == ("key", ("key", ""))


def test_a_key_given_twice_with_two_values_is_refused() -> None:
    assert mapping(None) is None
    assert mapping([("a", "1"), ("a", "1")]) == {"a": "1"}
    with pytest.raises(UserError, match="'a' is given twice: '1' and '2'"):
        mapping([("a", "1"), ("a", "2")])


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", ""])
def test_counts_begin_with_one(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="whole number from 1 on"):
        positive(text)


def test_content_is_the_text_a_file_or_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "input.json").write_bytes(b'{"a": "\xc3\xa4"}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"from a pipe")))
    assert content('{"data": 1}') == b'{"data": 1}'
    assert content("@input.json") == b'{"a": "\xc3\xa4"}'
    assert content("-") == b"from a pipe"
    with pytest.raises(UserError, match=f"cannot read {tmp_path / 'none.json'}: No such file"):
        content("@none.json")


def test_a_key_from_a_file_loses_its_line_end_and_must_not_be_empty(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "bytes").write_bytes(b"\xff")
    assert secret(f"@{tmp_path / 'key'}") == "secret"
    for name in ("empty", "bytes"):
        with pytest.raises(UserError, match="the key is empty, or is no text"):
            secret(f"@{tmp_path / name}")
