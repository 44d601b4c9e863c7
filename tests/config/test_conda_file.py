"""Conda files: the form of their entries, and what is not taken for one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.errors import ConfigError


def test_entries_are_read_as_written_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text(
        """
        name: diabetes  # mine
        channels: [conda-forge]
        dependencies:
          - python=3.11
          - pip:
              - joblib>=1.3
          - numpy >=1.26, <3
          - pip:
        variables: {THREADS: 4, MODE: fast}
        prefix: /home/ana/env
        """
    )
    file = CondaFile.from_file(tmp_path / "env.yml")
    assert file == CondaFile(
        conda=("python=3.11", "numpy >=1.26, <3"), pip=("joblib>=1.3",), channels=("conda-forge",),
        variables={"THREADS": "4", "MODE": "fast"}, name="diabetes", prefix="/home/ana/env",
    )  # fmt: skip
    assert CondaFile.from_document(file.to_document(), "") == file


def test_an_empty_environment_is_one() -> None:
    assert CondaFile.from_document({"name": "x", "dependencies": None}, "env.yml") == CondaFile(name="x")


def test_credentials_of_channels_are_not_kept() -> None:
    document = {"channels": ["https://ana:pw@example.org/x", "https://example.org/t/ab-12/y", "conda-forge"]}
    channels = CondaFile.from_document(document, "env.yml").channels
    assert channels == ("https://***@example.org/x", "https://example.org/t/***/y", "conda-forge")


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"dependancies": []}, "a conda file has no key 'dependancies'; did you mean 'dependencies'?"),
        ({"dependencies": "numpy"}, "dependencies is 'numpy'; it takes a list, each entry on a line that begins with '-'"),
        ({"dependencies": [3.11]}, "dependencies: 3.11 is no text"),
        ({"dependencies": [{"python": 3.11}]}, "dependencies: {'python': 3.11} is neither an entry ('name=1.2') nor a list 'pip:'"),
        ({"dependencies": [{"pip": "numpy"}]}, "pip is 'numpy'; it takes a list, each entry on a line that begins with '-'"),
        ({"channels": [None]}, "channels: None is no text"),
        ({"variables": {"DEBUG": True}}, "variables: DEBUG is True; write it as a text, in quotes"),
        ({"variables": ["DEBUG=1"]}, "variables is ['DEBUG=1']; it takes names and their values"),
    ],
)  # fmt: skip
def test_what_has_another_form_is_refused_naming_the_file(document: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        CondaFile.from_document(document, "env.yml")
    assert refused.value.what == f"env.yml: {problem}"


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        CondaFile.from_document({"packages": [], "dependencies": [1, "numpy", 2]}, "env.yml")
    assert len(refused.value.problems) == 3
