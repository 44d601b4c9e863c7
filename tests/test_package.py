from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import jupyter_deploy
from tests.services import told_by

PACKAGE = Path(jupyter_deploy.__file__).parent
HEAVY = [
    "sqlalchemy",
    "alembic",
    "pandas",
    "numpy",
    "IPython",
    "requests",
    "docker",
    "kubernetes",
    "importlib.metadata",
    "asyncio",
]
LOADED = """
import sys, json
import jupyter_deploy
if len(sys.argv) > 1:
    workspace = jupyter_deploy.Workspace(sys.argv[1])
print(json.dumps(sorted(sys.modules)))
"""
PUBLIC = [
    "AksCompute",
    "AksWebservice",
    "ComputeTarget",
    "CondaDependencies",
    "Environment",
    "InferenceConfig",
    "KubernetesCompute",
    "LocalWebservice",
    "Model",
    "ModelPackage",
    "Operation",
    "ProcessWebservice",
    "Webservice",
    "Workspace",
]


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = told_by(LOADED)
    assert not set(HEAVY) & set(loaded)
    assert [name for name in loaded if name.startswith("jupyter_deploy")] == ["jupyter_deploy"]


def test_opening_a_workspace_loads_no_database(tmp_path: Path) -> None:
    assert not set(HEAVY) & set(told_by(LOADED, tmp_path / "workspace"))


def test_the_public_names_are_there_and_no_others() -> None:
    assert jupyter_deploy.__all__ == PUBLIC == sorted(PUBLIC)
    assert {getattr(jupyter_deploy, name).__name__ for name in PUBLIC} == set(PUBLIC)
    assert {*PUBLIC, "__version__"} <= set(dir(jupyter_deploy))
    assert re.fullmatch(r"\d+\.\d+\.\d+", jupyter_deploy.__version__)
    assert not hasattr(jupyter_deploy, "Dataset")


def test_a_name_that_is_not_there_shows_those_that_are() -> None:
    with pytest.raises(AttributeError) as missing:
        _ = jupyter_deploy.WebService
    assert str(missing.value) == f"module 'jupyter_deploy' has no attribute 'WebService'; it has {', '.join(PUBLIC)}"


@pytest.mark.parametrize(
    ("beside", "is_refused"), [("jupyter_deploy-0.1.dist-info", True), ("jupyter_deploy_models-0.1.0.dist-info", False)]
)
def test_the_distribution_of_the_same_name_is_refused(tmp_path: Path, beside: str, is_refused: bool) -> None:
    shutil.copytree(PACKAGE, tmp_path / "jupyter_deploy", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / beside).mkdir()
    result = subprocess.run(
        [sys.executable, "-c", "import jupyter_deploy; print(jupyter_deploy.__file__)"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if is_refused:
        *_, cause, remedy = result.stderr.splitlines()
        assert cause.startswith("ImportError: the distribution 'jupyter-deploy' is installed in the same environment")
        assert (
            remedy == "Run: pip uninstall jupyter-deploy jupyter-deploy-models, then: pip install jupyter-deploy-models"
        )
    else:
        assert result.stdout.strip() == str(tmp_path / "jupyter_deploy" / "__init__.py"), result.stderr
