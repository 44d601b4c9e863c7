from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from jupyter_deploy.config.options import Options, option
from jupyter_deploy.targets import find_target, target_names
from jupyter_deploy.targets.process.options import ProcessOptions
from jupyter_deploy.widgets.fields import groups, read


def problems(variables: dict[str, Any] | None = None, **texts: str) -> list[tuple[tuple[str, ...], str]]:
    return [(problem.fields, problem.text) for problem in read(ProcessOptions, texts, variables or {})[1]]


@pytest.mark.parametrize("name", target_names())
def test_every_option_of_every_target_is_a_field_under_its_heading(name: str) -> None:
    rows = find_target(name).options.rows()
    found = groups(rows)
    assert {(heading, field.name) for heading, fields in found.items() for field in fields} == {
        (row.group, row.name) for row in rows
    }
    fields = {field.name: field for fields in found.values() for field in fields}
    for row in rows:
        field = fields[row.name]
        assert (field.help, field.unit, field.minimum, field.maximum) == (row.help, row.unit, row.minimum, row.maximum)
        assert row.unit not in field.facts
        assert (field.kind == "secret") == row.secret


def test_a_new_option_needs_no_word_elsewhere() -> None:
    @dataclass(frozen=True)
    class Tall(Options):
        height: float | None = option(None, json="height", unit="m", above=0, maximum=3, group="Body", help="How tall.")
        mood: str = option("good", json="mood", choices=("bad", "good"), help="How it is.")

    found = groups(Tall.rows())
    (height,), (mood,) = found["Body"], found["General"]
    assert (height.kind, height.step, height.facts) == ("number", "any", ("above 0", "at most 3"))
    assert (mood.kind, mood.choices, mood.facts) == ("choice", (("", "good"), ("bad", "bad")), ("default good",))


def test_all_that_is_wrong_is_told_at_once_each_at_its_field() -> None:
    assert problems(port="0", worker_count="many", memory_gb="?", max_body_mb="1.5") == [
        (("port",), "port is 0; it must be at least 1"),
        (("worker_count",), "--worker-count is 'many'; it takes a whole number"),
        (("max_body_mb",), "--max-body-mb is '1.5'; it takes a whole number"),
        (("memory_gb",), "--memory-gb is '?'; it takes a number"),
    ]


def test_a_rule_across_options_is_told_at_all_of_them() -> None:
    (fields, text), *others = problems(auth_enabled="true", token_auth_enabled="true", port="0")[1:]
    assert not others
    assert fields == ("auth_enabled", "token_auth_enabled")
    assert text.startswith("auth_enabled and token_auth_enabled are both true")


def test_an_empty_text_is_not_given_and_the_rest_is_read_as_on_a_line() -> None:
    options, wrong = read(
        ProcessOptions, {"port": "", "allowed_hosts": "a,b", "auth_enabled": "false", "memory_gb": "2"}, {}
    )
    assert not wrong
    assert options == ProcessOptions(allowed_hosts=("a", "b"), auth_enabled=False, memory_gb=2.0)


def test_a_secret_is_the_name_of_a_variable_and_never_shown() -> None:
    options, wrong = read(ProcessOptions, {"primary_key": "KEY"}, {"KEY": "hush"})
    assert (options.given(), wrong) == ({"primary_key": "hush"}, ())
    for variables in ({}, {"KEY": 3}, {"KEY": ""}):
        assert problems(variables, primary_key="KEY") == [
            (("primary_key",), "primary_key is taken from the variable 'KEY', which holds no text")
        ]
    same = problems({"A": "hush", "B": "hush"}, primary_key="A", secondary_key="B")
    assert same[0][0] == ("primary_key", "secondary_key")
    assert "hush" not in same[0][1]
