"""Answers imports of Azure ML's packages in services where they are not installed.

The finder stands last on ``sys.meta_path``, so it is asked only for what nobody else has: installed packages win.
A submodule that has no stand-in imports too, because scripts import much that they never use; what they then take from
it raises, with the remedy, when it is used.
"""

# ruff: noqa: ARG002 - the signatures are those of what is stood in for
from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

from ..model_paths import ModelPathError
from . import telemetry
from .aml_request import AMLRequest, rawhttp
from .aml_response import AMLResponse
from .log_config import AMLLogFormatter, RootAccessFilter
from .model import Model
from .monitoring import ModelDataCollector

_PACKAGES = ("azureml", "azureml_inference_server_http")
# What the original raises where a model is not found, so that a script can catch it.
_EXCEPTIONS = ("AzureMLException", "WebserviceException", "ModelNotFoundException", "ModelPathNotFoundException")
_NAMES: dict[str, dict[str, Any]] = {
    "azureml.core": {"Model": Model},
    "azureml.core.model": {"Model": Model},
    "azureml.contrib.services.aml_request": {"AMLRequest": AMLRequest, "rawhttp": rawhttp},
    "azureml.contrib.services.aml_response": {"AMLResponse": AMLResponse},
    "azureml_inference_server_http.api.aml_request": {"AMLRequest": AMLRequest, "rawhttp": rawhttp},
    "azureml_inference_server_http.api.aml_response": {"AMLResponse": AMLResponse},
    "azureml_inference_server_http.log_config": {
        "AMLLogFormatter": AMLLogFormatter,
        "RootAccessFilter": RootAccessFilter,
    },
    "azureml.monitoring": {"ModelDataCollector": ModelDataCollector},
    "azureml.exceptions": dict.fromkeys(_EXCEPTIONS, ModelPathError),
    "azureml.telemetry": {"INSTRUMENTATION_KEY": ""},
    "azureml.automl.core.shared.log_server": {
        "enable_telemetry": telemetry.enable_telemetry,
        "set_verbosity": telemetry.set_verbosity,
    },
    "azureml.automl.core.shared.logging_utilities": {"log_traceback": telemetry.log_traceback},
    "jupyter_deploy": {"Model": Model},
}
_ALIASES = {"sklearn.externals.joblib": "joblib"}


class NotInService(ImportError):
    """A script used something of a package that its service does not have."""


class Absent:
    """Stands for a name of a package that is not installed: may be imported, cannot be used."""

    def __init__(self, name: str) -> None:
        self.__name = name

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise NotInService."""
        raise NotInService(self.__why())

    def __mro_entries__(self, bases: tuple[type, ...]) -> NoReturn:
        raise NotInService(self.__why())

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(self.__why())  # what hasattr() expects

    def __repr__(self) -> str:
        return f"<{self.__name}, not available in this service>"

    def __why(self) -> str:
        return (
            f"{self.__name} is not available in this service, because no installed package has it; add the package to the "
            "environment, or remove the line if run() does not need it"
        )


class StandIn(ModuleType):
    """A module of a package that is not installed."""

    def __getattr__(self, name: str) -> Absent | ModuleType:
        if name.startswith("__"):
            raise AttributeError(name)
        full = f"{self.__name__}.{name}"
        if any(known == full or known.startswith(full + ".") for known in _NAMES):
            return importlib.import_module(full)  # as `from azureml.core import model`
        return Absent(full)


class Finder(MetaPathFinder, Loader):
    """Finds and makes the stand-ins."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Claim the modules that have a stand-in."""
        if fullname.partition(".")[0] in _PACKAGES or fullname in _NAMES or fullname in _ALIASES:
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make an empty stand-in."""
        return ModuleType(spec.name) if spec.name in _ALIASES else StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Put the names into it."""
        alias = _ALIASES.get(module.__name__)
        if alias is None:
            vars(module).update(_NAMES.get(module.__name__, {}))
        else:
            real = vars(importlib.import_module(alias))
            vars(module).update({name: value for name, value in real.items() if not name.startswith("__")})


def install() -> Callable[[], None]:
    """Begin to answer imports; returns what takes the finder away again."""
    finder = Finder()
    sys.meta_path.append(finder)
    return lambda: sys.meta_path.remove(finder)
