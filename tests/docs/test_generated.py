"""The generated parts of the pages hold everything that there is."""

from __future__ import annotations

import argparse
import re

import pytest

import jupyter_deploy
from docs.generated import SECTIONS, fill
from docs.generated.classes import as_lists
from docs.generated.markdown import code, plain, table
from jupyter_deploy import widgets
from jupyter_deploy.cli.main import parsers
from jupyter_deploy.config.inference import JSON_KEYS
from jupyter_deploy.magics import MAGICS
from jupyter_deploy.sdk.process_webservice import ProcessWebservice
from jupyter_deploy.targets import find_target, target_names
from tests.docs.blocks import ROOT


def test_every_magic_is_there_with_every_argument() -> None:
    text = SECTIONS["magics"]()
    for magic in MAGICS:
        section = text.partition(f"## `{magic.typed}`\n")[2].partition("\n## ")[0]
        assert plain(magic.summary) in section
        for argument in magic.arguments:
            assert plain(argument.help) in section
            assert all(code(flag) in section for flag in argument.flags)
        assert ("options.md" in section) == magic.has_options


def test_every_command_is_there_with_every_option() -> None:
    text = SECTIONS["commands"]() + "\n## "
    for command, parser in parsers():
        section = text.partition(f"## `{parser.prog}`\n")[2].partition("\n## ")[0] + SECTIONS["common options"]()
        assert plain(command.help) in section
        for action in parser._actions:
            is_of_target = action.dest.startswith("option:")  # those are explained with their targets
            flags = action.option_strings[:1] if is_of_target else action.option_strings
            is_hidden = action.dest == "help" or action.help is argparse.SUPPRESS
            assert is_hidden or all(code(flag) in section for flag in flags), f"{parser.prog} {flags}"


@pytest.mark.parametrize("target", target_names())
def test_every_option_of_every_target_is_there_by_all_its_names(target: str) -> None:
    section = SECTIONS["options"]().partition(f"## The target `{target}`\n")[2].partition("\n## ")[0]
    rows = find_target(target).options.rows()
    assert re.findall(r"^### (.*)", section, re.MULTILINE) == list(dict.fromkeys(row.group for row in rows))
    for row in rows:
        entry = section.partition(f"\n`{row.name}`\n")[2].partition("\n\n")[0]
        assert plain(row.help) in entry
        assert f"JSON `{row.json}`" in entry
        assert f"`{row.flag}`" in entry
        assert not row.alias or f"`--{row.alias}`" in entry
        assert ("fixed for the service's life" in entry) != row.updatable
        assert ("a secret" in entry) == row.secret


def test_an_option_says_what_it_takes() -> None:
    entry = SECTIONS["options"]().partition("\n`max_request_wait_time`\n")[2].partition("\n\n")[0]
    assert entry.splitlines()[1] == (
        ": JSON `maxQueueWaitMs`; magics and command line `--max-request-wait-time`, `--mr`;"
        " a whole number, ms, default 500, at least 1; can change while it serves"
    )


def test_every_key_of_an_inference_configuration_is_there() -> None:
    text = SECTIONS["inference keys"]()
    assert all(f"| `{key}` | `{name}` |" in text for key, name in JSON_KEYS.items())
    assert "| `condaFile` | `conda_file` | `--conda-file`, `--cf` |" in text


def test_every_public_class_is_there() -> None:
    named = re.findall(r"autoclass:: jupyter_deploy\.(\w+)", SECTIONS["classes"]())
    assert sorted(named) == jupyter_deploy.__all__
    assert named[:2] == ["Workspace", "Model"]


def test_every_widget_is_there() -> None:
    assert re.findall(r"autoclass:: jupyter_deploy\.widgets\.(\w+)", SECTIONS["widgets"]()) == widgets.__all__
    page = (ROOT / "docs" / "widgets.md").read_text(encoding="utf-8")
    assert {name for name in widgets.__all__ if f"`{name}(" not in page} == {"ServicePanel"}  # the lower part of a card


def test_what_is_not_there_yet_is_asked_of_the_package() -> None:
    assert "`AciWebservice`" in SECTIONS["absent names"]()
    assert "`Model`" not in SECTIONS["absent names"]()
    there = {row.name for row in find_target("process").options.rows()}
    assert not {f"`{name}`" for name in there} & set(SECTIONS["absent options"]().split(", "))
    with pytest.raises(Exception, match="has no key 'location'"):
        ProcessWebservice.deploy_configuration(location="westeurope")
    assert "`location`" in SECTIONS["absent options"]()


def test_a_page_that_asks_for_what_nobody_makes_is_an_error() -> None:
    assert fill("before <!-- a comment --> after") == "before <!-- a comment --> after"
    with pytest.raises(KeyError, match="riddles"):
        fill("<!-- generated: riddles -->")


def test_texts_of_the_package_are_no_markup() -> None:
    assert plain("by default <model>-service, a*b, ``x``\n  and [::1]") == (
        r"by default \<model\>-service, a\*b, `x` and \[::1\]"
    )
    assert table(("a", "b"), [(code("K|V"), "c")]).splitlines()[2] == "| `K\\|V` | c |"
    assert table(("a", "b"), []) == ""


def test_sections_of_docstrings_become_lists() -> None:
    lines = [
        "Look (azureml-v1 1.3, 2).",
        "",
        "Parameters",
        "----------",
        "a : one. b, c : two",
        "    lines.",
        "",
        "Examples",
        "--------",
        ">>> 1",
    ]
    assert as_lists(lines) == [
        "Look.", "", "**Parameters**", "", "- ``a``: one.", "- ``b``, ``c``: two lines.", "", "**Examples**", "", ">>> 1", "",
    ]  # fmt: skip
