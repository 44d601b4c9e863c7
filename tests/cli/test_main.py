"""The frame of every command: help, unknown words, exit codes, and what goes to which stream."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import Workspace, __version__
from jupyter_deploy.cli import main as module
from jupyter_deploy.cli.arguments import Parser
from jupyter_deploy.cli.command import Command
from jupyter_deploy.cli.main import main
from tests.cli.conftest import Cli, start
from tests.helpers import register_text

HEAVY = ("sqlalchemy", "alembic", "pandas", "numpy", "requests", "IPython", "yaml")


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    program = f"""
import sys
from jupyter_deploy.cli.main import main
code = main(["--help"])
print("heavy:", [name for name in {HEAVY!r} if name in sys.modules])
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "heavy: []" in done.stdout
    for name in (
        "model register",
        "model deploy",
        "service get-logs",
        "service regen-key",
        "service cancel",
        "computetarget attach",
    ):
        assert f"  {name} " in done.stdout


def test_the_script_is_a_subcommand_of_jupyter() -> None:
    script = Path(sys.executable).parent / "jupyter"
    done = subprocess.run([script, "ml", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == __version__


@pytest.mark.parametrize(("group", "count"), [("model", 7), ("service", 7), ("computetarget", 4)])
def test_every_command_has_help_with_its_example(group: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([group, "--help"]) == 0
    overview = capsys.readouterr().out
    assert overview.startswith(f"usage: jupyter ml {group} COMMAND [options]\n")
    names = [line.split()[1] for line in overview.splitlines() if line.startswith(f"  {group} ")]
    assert len(names) >= count
    for name in names:
        with pytest.raises(SystemExit) as left:
            main([group, name, "--help"])
        assert left.value.code == 0
        shown = capsys.readouterr().out
        assert f"usage: jupyter ml {group} {name}" in shown
        assert f"example: jupyter ml {group} {name}" in shown


@pytest.mark.parametrize(
    ("words", "cause", "remedy"),
    [
        ([], "no command is given", "model register"),
        (["model"], "no command is given behind 'model'", "model register"),
        (["modle", "list"], "jupyter ml has no group 'modle'; did you mean 'model'?", "it has: model, service"),
        (["computetarget", "create"], "jupyter ml computetarget has no command 'create'", "it has: attach, list, show, detach"),
        (["model", "profile"], "jupyter ml model has no command 'profile'", "it has: register, deploy, package, list, "),
        (["service", "get-log"], "jupyter ml service has no command 'get-log'; did you mean 'get-logs'?", "it has: "),
        (["model", "list", "--latst"], "jupyter ml model list has no option '--latst'; did you mean '--latest'?", "--tag"),
        (["model", "list", "--lat"], "jupyter ml model list has no option '--lat'", "--latest"),
        (["model", "list", "extra"], "jupyter ml model list: unrecognized arguments: extra", "see: jupyter ml model list --help"),
        (["model", "delete"], "the following arguments are required: -i/--model-id", "see: jupyter ml model delete --help"),
        (["model", "list", "-o", "xml"], "argument -o/--output: invalid choice: 'xml'", "see: jupyter ml model list --help"),
    ],
)  # fmt: skip
def test_usage_errors_are_the_callers_and_name_what_exists(cli: Cli, words: list[str], cause: str, remedy: str) -> None:
    outcome = cli(*words)
    assert outcome.code == 1
    assert cause in outcome.cause
    assert remedy in outcome.err


def test_the_workspace_is_chosen_on_the_command_line(cli: Cli, tmp_path: Path) -> None:
    register_text(Workspace(tmp_path / "other"), name="elsewhere")
    assert [model["id"] for model in cli("model", "list", "-w", "other").document] == ["elsewhere:1"]
    assert cli("model", "list").document == []


def test_a_workspace_that_cannot_be_opened_is_the_machines_fault(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    outcome = cli("model", "list", "-w", "file")
    assert (outcome.code, str(tmp_path / "file") in outcome.cause) == (2, True)


def failing(error: BaseException) -> Command:
    def fail(workspace: Workspace, args: argparse.Namespace) -> Any:
        raise error

    def declare(parser: Parser) -> None:
        parser.option("-n --name", "a name")

    return Command("fail", "Fail.", "jupyter ml model fail", declare, fail)


def test_what_nobody_expected_is_a_bug_with_its_traceback(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GROUPS", {"model": (failing(RuntimeError("odd")),)})
    outcome = cli("model", "fail")
    assert (outcome.code, outcome.cause) == (2, "RuntimeError: odd")
    assert "this is a bug" in outcome.err
    assert "Traceback" in outcome.err


def test_an_interruption_has_its_own_exit_code(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GROUPS", {"model": (failing(KeyboardInterrupt()),)})
    outcome = cli("model", "fail")
    assert (outcome.code, outcome.cause) == (130, "interrupted")


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    with start(tmp_path, "model", "list") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        complaint = process.stderr.read()
    assert (process.returncode, complaint) == (128 + signal.SIGPIPE, "")


def test_what_is_odd_in_a_file_is_one_warning_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "ic.json").write_text('{\n"entryScript": "missing.py",\n}\n')
    outcome = cli("model", "deploy", "-m", "x", "-ic", "ic.json")
    assert (
        outcome.cause == "warning: ic.json, line 2: not valid JSON (a comma before the closing bracket); read as YAML"
    )
    assert "missing.py does not exist" in outcome.err.splitlines()[1]
