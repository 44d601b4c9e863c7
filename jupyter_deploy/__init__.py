"""The shortest, safest way from a trained model in a notebook to a live web service.

>>> from jupyter_deploy import Workspace, Model, InferenceConfig, ProcessWebservice
>>> ws = Workspace.from_config()  # doctest: +SKIP
>>> model = Model.register(ws, model_path="model.pkl", model_name="diabetes")  # doctest: +SKIP
>>> service = Model.deploy(ws, "diabetes-service", [model], InferenceConfig("score.py"))  # doctest: +SKIP

In a notebook: ``%load_ext jupyter_deploy``, then ``%deploy?``. On the command line: ``jupyter ml --help``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_deploy.config.conda_dependencies import CondaDependencies as CondaDependencies
    from jupyter_deploy.config.environment import Environment as Environment
    from jupyter_deploy.config.inference import InferenceConfig as InferenceConfig
    from jupyter_deploy.sdk.aks_webservice import AksWebservice as AksWebservice
    from jupyter_deploy.sdk.clusters import AksCompute as AksCompute
    from jupyter_deploy.sdk.clusters import KubernetesCompute as KubernetesCompute
    from jupyter_deploy.sdk.compute_target import ComputeTarget as ComputeTarget
    from jupyter_deploy.sdk.local_webservice import LocalWebservice as LocalWebservice
    from jupyter_deploy.sdk.model import Model as Model
    from jupyter_deploy.sdk.operation import Operation as Operation
    from jupyter_deploy.sdk.package import ModelPackage as ModelPackage
    from jupyter_deploy.sdk.process_webservice import ProcessWebservice as ProcessWebservice
    from jupyter_deploy.sdk.webservice import Webservice as Webservice
    from jupyter_deploy.sdk.workspace import Workspace as Workspace

    __version__: str

_HOMES = {
    "AksCompute": "jupyter_deploy.sdk.clusters",
    "AksWebservice": "jupyter_deploy.sdk.aks_webservice",
    "ComputeTarget": "jupyter_deploy.sdk.compute_target",
    "CondaDependencies": "jupyter_deploy.config.conda_dependencies",
    "Environment": "jupyter_deploy.config.environment",
    "InferenceConfig": "jupyter_deploy.config.inference",
    "KubernetesCompute": "jupyter_deploy.sdk.clusters",
    "LocalWebservice": "jupyter_deploy.sdk.local_webservice",
    "Model": "jupyter_deploy.sdk.model",
    "ModelPackage": "jupyter_deploy.sdk.package",
    "Operation": "jupyter_deploy.sdk.operation",
    "ProcessWebservice": "jupyter_deploy.sdk.process_webservice",
    "Webservice": "jupyter_deploy.sdk.webservice",
    "Workspace": "jupyter_deploy.sdk.workspace",
}
__all__ = sorted(_HOMES)

_ORIGINAL = {
    "AciWebservice": "no services in Azure Container Instances",
}
"""Names that code of the original imports, and what this release does not have of them."""


def __getattr__(name: str) -> Any:
    """Load a public name on its first use, so that importing the package costs next to nothing."""
    if name == "__version__":
        from importlib.metadata import version

        return version("jupyter-deploy-models")
    if name in _ORIGINAL and name not in _HOMES:
        from jupyter_deploy.errors import NotInRelease

        remedy = "deploy to this machine instead: ProcessWebservice, without a compute target"
        raise NotInRelease(f"'{name}' cannot be imported: this release has {_ORIGINAL[name]}", remedy=remedy)
    if name not in _HOMES:
        raise AttributeError(f"module 'jupyter_deploy' has no attribute '{name}'; it has {', '.join(__all__)}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, for completion."""
    return [*__all__, "__version__"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%load_ext jupyter_deploy`` calls: registers the magics, their completion and the richer displays."""
    from jupyter_deploy.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%unload_ext jupyter_deploy`` calls."""
    from jupyter_deploy.magics import unload

    unload(shell)


def _refuse_namesake() -> None:
    """Refuse to share an environment with the other distribution that brings a package of this name: files of both would mix."""
    beside = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120  (pathlib costs time)
    found = [name for name in os.listdir(beside) if name.startswith("jupyter_deploy-") and name.endswith(".dist-info")]  # noqa: PTH208
    if found:
        raise ImportError(
            "the distribution 'jupyter-deploy' is installed in the same environment; it brings another package with the name"
            " 'jupyter_deploy', and the files of both are mixed now.\n"
            "Run: pip uninstall jupyter-deploy jupyter-deploy-models, then: pip install jupyter-deploy-models"
        )


_refuse_namesake()
