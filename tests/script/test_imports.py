from __future__ import annotations

import pytest

from jupyter_deploy.script import describe

FRAME = "\ndef init(): pass\ndef run(data): return data\n"


def found(source: str) -> list[tuple[str, int]]:
    return [(finding.code, finding.line) for finding in describe(source + FRAME).findings]


def test_imports_are_top_level_names_of_modules_that_need_a_package() -> None:
    source = (
        "from __future__ import annotations\nimport os, json, numpy as np, xgboost.sklearn\n"
        "from . import sibling\nfrom .other import thing\nfrom PIL import Image\n"
        "def load():\n    import torch\n"
        "try:\n    import orjson\nexcept ImportError:\n    orjson = None\n"
    )
    assert describe(source + FRAME).imports == ("PIL", "numpy", "orjson", "torch", "xgboost")


def test_imports_that_a_service_never_runs_are_not_asked_for() -> None:
    source = (
        "import typing\nif typing.TYPE_CHECKING:\n    import pandas\nelse:\n    import polars\n"
        "if __name__ == '__main__':\n    import requests\n"
    )
    assert describe(source + FRAME).imports == ("polars",)


@pytest.mark.parametrize(
    "statement",
    [
        "from sklearn.externals import joblib",
        "import sklearn.externals.joblib as joblib",
        "from sklearn.externals.joblib import load as joblib",
    ],
)
def test_sklearn_externals_is_found_with_what_to_write_instead(statement: str) -> None:
    (finding,) = describe(f"import os\n{statement}{FRAME}").findings
    assert (finding.level, finding.code, finding.line) == ("warning", "sklearn-externals", 2)
    assert "`import joblib`" in finding.remedy


def test_sklearn_externals_inside_a_function_is_found_too() -> None:
    assert found("def load():\n    from sklearn.externals import joblib") == [("sklearn-externals", 2)]


@pytest.mark.parametrize(
    "statement",
    ["import azureml.train.automl", "from azureml.train.automl import runtime", "from azureml.train import automl"],
)
def test_training_packages_of_the_original_are_unneeded(statement: str) -> None:
    assert found(statement) == [("unneeded-import", 1)]


@pytest.mark.parametrize(
    "source",
    [
        "import joblib",
        "from azureml.core.model import Model",
        "from azureml.contrib.services.aml_response import AMLResponse",
        "from azureml.monitoring import ModelDataCollector",
        "try:\n    import joblib\nexcept ImportError:\n    from sklearn.externals import joblib",
        "try:\n    from sklearn.externals import joblib\nexcept (ImportError, AttributeError):\n    import joblib",
        "try:\n    from sklearn.externals import joblib\nexcept:\n    import joblib",
        "import sklearn\nif sklearn.__version__ < '0.21':\n    from sklearn.externals import joblib\nelse:\n    import joblib",
        "from .sklearn.externals import joblib",
    ],
)
def test_imports_that_work_or_say_what_else_to_do_are_no_false_alarm(source: str) -> None:
    assert found(source) == []
