"""A script with ``SparkParameterType`` in a container: pyspark from PyPI, Java from Debian."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy import InferenceConfig, LocalWebservice, Model, Workspace
from tests.engines import BASE_IMAGE
from tests.helpers import write_script

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800), pytest.mark.usefixtures("docker_engine")]
SCRIPT = """
from inference_schema.parameter_types.spark_parameter_type import SparkParameterType
from inference_schema.schema_decorators import input_schema
from pyspark.sql import SparkSession

session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
sample = session.createDataFrame([(1, 2.5)], ["count", "price"])

def init():
    pass

@input_schema("data", SparkParameterType(sample))
def run(data):
    return [row.asDict() for row in data.selectExpr("count * price AS cost").collect()]
"""


def test_a_spark_script_answers_in_a_container(workspace: Workspace, tmp_path: Path) -> None:
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:", "pyspark>=3.5,<4.1"]
    subprocess.run(fetch, check=True, cwd=tmp_path)  # it has no wheel on PyPI: one is built of its source in the call
    (archive,) = tmp_path.glob("pyspark-*.tar.gz")
    source = f"./{archive.name}"
    (tmp_path / "requirements.txt").write_text(f"{source}\ninference-schema\nsetuptools<81\n")
    inference = InferenceConfig(
        str(write_script(tmp_path, SCRIPT)), runtime="spark-py", base_image=BASE_IMAGE, trust=[source],
        pip_requirements_file=str(tmp_path / "requirements.txt"),
    )  # fmt: skip
    service = Model.deploy(workspace, "spark-service", [], inference, LocalWebservice.deploy_configuration(memory_gb=2))
    service.wait_for_deployment(show_output=True)
    assert service.run({"data": [{"count": 3, "price": 1.5}]}) == [{"cost": 4.5}]
