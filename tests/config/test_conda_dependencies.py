"""CondaDependencies: packages put together in Python, as a conda file names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_deploy import CondaDependencies
from jupyter_deploy.errors import ConfigError


def test_packages_are_added_and_written_as_a_conda_file() -> None:
    needs = CondaDependencies.create(conda_packages=["numpy=1.26"], pip_packages=["joblib>=1.3"], python_version="3.10")
    needs.add_conda_package("scipy")
    needs.add_pip_package("shap")
    needs.set_python_version("3.11")
    assert needs.conda_packages == ("python=3.11", "numpy=1.26", "scipy")
    assert needs.pip_packages == ("joblib>=1.3", "shap")
    assert yaml.safe_load(needs.serialize_to_string()) == {
        "dependencies": ["python=3.11", "numpy=1.26", "scipy", {"pip": ["joblib>=1.3", "shap"]}]
    }


def test_a_file_is_read_and_read_back(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text("channels: [conda-forge]\ndependencies: [python>=3.10, python-dateutil]\n")
    needs = CondaDependencies(tmp_path / "env.yml")
    assert needs.conda_channels == ("conda-forge",)
    needs.set_python_version("3.12")
    assert needs.conda_packages == ("python=3.12", "python-dateutil")
    (tmp_path / "again.yml").write_text(needs.serialize_to_string())
    assert CondaDependencies(tmp_path / "again.yml").file == needs.file


@pytest.mark.parametrize("given", [{"conda_packages": "numpy"}, {"pip_packages": ["numpy", None]}])
def test_what_is_no_list_of_texts_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="it takes a list of texts"):
        CondaDependencies.create(**given)
