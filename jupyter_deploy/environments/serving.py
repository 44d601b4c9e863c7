"""What every service needs for its scoring server, and which packages of the original that server stands in for."""

from __future__ import annotations

SCORING_SERVER = "the scoring server"
"""Who asked for the packages below, in the words of a lock."""

SERVER_PACKAGES = ("httptools", "orjson", "uvloop")
"""The packages that the scoring server imports; the names of distributions and modules are the same."""

FASTER_PACKAGE, FASTER_MODULE = "pysimdjson", "simdjson"
"""What it reads large tables with where it is there, by its names as a distribution and as a module."""

FASTER_WHERE = "sys_platform != 'emscripten' and python_version < '3.15'"
"""Where the index has wheels of it."""

REPLACED_PACKAGES = frozenset(
    {
        "azureml-contrib-services",
        "azureml-core",
        "azureml-defaults",
        "azureml-inference-server-http",
        "azureml-model-management-sdk",
        "azureml-monitoring",
        "azureml-sdk",
        "jupyter-deploy-models",
    }
)
"""Distributions that are never installed in a service: the scoring server answers their names."""

REPLACED_MODULES = frozenset({"azureml", "azureml_inference_server_http", "jupyter_deploy"})
"""Modules that the scoring server answers."""

OLDEST_PYTHON = "3.10"
"""The oldest Python that the scoring server runs with."""
