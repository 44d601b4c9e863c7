from __future__ import annotations

from typing import Any

import pytest
from IPython.core.error import UsageError

from jupyter_deploy.magics.arguments import Argument, key_value, parse, words_of

ARGUMENTS = (
    Argument("name", "", shown="NAME", required=True),
    Argument("models", "", ("--models",), "N", count="several"),
    Argument("tags", "", ("--tag",), "K=V", count="repeated", parse=key_value),
    Argument("port", "", ("--port", "--po"), "N"),
    Argument("wait", "", ("--wait",)),
)


def parsed(line: str) -> dict[str, Any]:
    return vars(parse("%deploy", ARGUMENTS, words_of(line)))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("one  two", ["one", "two"]),
        ('svc --description "two words"', ["svc", "--description", "two words"]),
        ("svc 'it''s' a\\ b", ["svc", "its", "a b"]),
        ('svc {"a": [1, "x y"]} --wait', ["svc", '{"a": [1, "x y"]}', "--wait"]),
        ('svc [[1, 2], {"a": "}"}]', ["svc", '[[1, 2], {"a": "}"}]']),
        ("""svc '{"a": 1}'""", ["svc", '{"a": 1}']),
        ("svc # no comment", ["svc", "#", "no", "comment"]),
        ("svc --wait;", ["svc", "--wait"]),
        ("svc --wait ; ", ["svc", "--wait"]),
    ],
)
def test_a_line_is_split_as_a_shell_would_with_json_whole(line: str, words: list[str]) -> None:
    assert words_of(line) == words


@pytest.mark.parametrize(("line", "cause"), [("svc {'a': 1}", "double quotes"), ('svc "open', "quotation mark")])
def test_a_line_that_cannot_be_split_says_why(line: str, cause: str) -> None:
    with pytest.raises(UsageError, match=cause):
        words_of(line)


def test_every_kind_of_argument() -> None:
    found = parsed("svc --models a:1 b --tag k=v --tag q=x=y --po 80 --wait")
    assert found == {
        "name": "svc", "models": ["a:1", "b"], "tags": [("k", "v"), ("q", "x=y")], "port": "80", "wait": True,
    }  # fmt: skip
    assert parsed("svc --port=-1 --models a --models b")["models"] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("", "%deploy: the following arguments are required: NAME; see %deploy?"),
        ("svc --prot 80", "%deploy: there is no option --prot; did you mean --port?; see %deploy?"),
        ("--modles a", "there is no option --modles; did you mean --models?"),
        ("svc --xyz", "there is no option --xyz; there are --models, --po, --port, --tag, --wait"),
        ("svc --por 80", "there is no option --por; did you mean --port?"),
        ("svc --tag k", "'k' is no KEY=VALUE"),
        ("svc --port", "argument --port/--po: expected one argument"),
        ("svc other", "unrecognized arguments: other"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(line: str, cause: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed(line)
    assert type(caught.value) is UsageError  # IPython shows a traceback for a subclass
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)
