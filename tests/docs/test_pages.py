"""What the pages show is what happens: their code runs, their commands are read, and what they print is what is printed."""

from __future__ import annotations

import ast
import doctest
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from docs.generated import SECTIONS
from jupyter_deploy.cli.main import parsers
from jupyter_deploy.magics import MAGICS
from jupyter_deploy.magics.arguments import parse, words_of
from tests.docs.blocks import PAGES, ROOT, blocks
from tests.magics.conftest import here, shell

__all__ = ["here", "shell"]  # fixtures

CODE = [block.text for page in [*PAGES, ROOT / "README.md"] for block in blocks(page) if block.language == "python"]
COMMANDS = [
    pytest.param(line, id=f"{page.stem}: {line}")
    for page in [*PAGES, ROOT / "README.md"]
    for block in blocks(page)
    if block.language == "bash"
    for line in block.text.splitlines()
    if line.startswith("jupyter ml ")
]


def test_there_are_pages_and_each_generated_section_is_in_one() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    assert {name for name in SECTIONS if any(f"<!-- generated: {name} -->" in text for text in texts)} == set(SECTIONS)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_in_the_pages_is_read_by_its_parser(line: str) -> None:
    words = shlex.split(line)
    parser = {parser.prog: parser for _, parser in parsers()}[" ".join(words[:4])]
    parser.read(words[4:])


def test_every_magic_in_the_pages_is_read_by_its_parser() -> None:
    known = {magic.typed: magic for magic in MAGICS}
    read = set()
    for line in "".join(CODE).splitlines():
        typed, _, rest = line.strip().partition(" ")
        if typed in known:
            parse(typed, known[typed].all_arguments(), words_of(rest))
            read.add(typed)
    assert read == set(known)


def test_all_python_in_the_pages_is_python(shell: InteractiveShell) -> None:
    for text in CODE:
        ast.parse(shell.transform_cell(text))


def test_the_quickstart_runs_and_prints_what_it_says(shell: InteractiveShell, capsys: Any) -> None:
    _run(ROOT / "docs" / "quickstart.md", shell, capsys)


def test_code_of_azure_ml_runs_as_the_migration_page_says(here: Path, shell: InteractiveShell, capsys: Any) -> None:
    import joblib
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge

    joblib.dump(Ridge().fit(*load_diabetes(return_X_y=True)), here / "sklearn_regression_model.pkl")
    shutil.copy(ROOT / "tests" / "data" / "scripts" / "document_numpy.py", here / "score.py")
    _run(ROOT / "docs" / "migration.md", shell, capsys)


def _run(page: Path, shell: InteractiveShell, capsys: Any) -> None:
    """Run a page's Python from top to bottom; ``…`` in what it shows stands for anything."""
    checker, flags = doctest.OutputChecker(), doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for block in blocks(page):
        if block.language != "python":
            continue
        capsys.readouterr()
        shell.run_cell(block.text).raise_error()
        printed = re.sub(r"^Out\[\d+\]: ", "", capsys.readouterr().out, flags=re.MULTILINE)
        wanted = block.output.replace("…", "...")
        assert not wanted or checker.check_output(wanted, printed, flags), f"{block.text}\n{wanted}\n{printed}"


def test_every_environment_variable_of_the_package_is_explained() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "jupyter_deploy").rglob("*.py"))
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert {name for name in re.findall(r"\bJUPYTER_DEPLOY_[A-Z_]+", source) if f"`{name}`" not in text} == set()
