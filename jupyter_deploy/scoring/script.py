"""The entry script: loaded once, and its ``run()`` described so that requests can be given to it."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from . import parameters
from .parameters import ArrayParameter, TableParameter

if TYPE_CHECKING:
    from .hints import Hints

Stage = Literal["start", "import", "signature", "init"]
HEADERS_PARAMETER = "request_headers"
_RAWHTTP_MODULES = ("azureml.contrib.services.aml_request", "azureml_inference_server_http.api.aml_request")
_REFUSED = {
    inspect.Parameter.POSITIONAL_ONLY: "positional-only",
    inspect.Parameter.VAR_POSITIONAL: "*args",
    inspect.Parameter.VAR_KEYWORD: "**kwargs",
}


class ScriptFailed(Exception):
    """The entry script could not be made ready; ``stage`` says where and ``__cause__`` why."""

    def __init__(self, stage: Stage, message: str) -> None:
        super().__init__(message)
        self.stage = stage


@dataclass(frozen=True)
class RunFunction:
    """A script's ``run`` and how it wants its input.

    Attributes
    ----------
    call : what is called.
    kind : "plain" takes the body as text, "schema" takes decorated or typed parameters, "raw" takes the request.
    input_name : the parameter that takes the input (of a "schema" run: the first).
    defaults : the parameters without ``request_headers`` and their defaults (``inspect.Parameter.empty`` for none).
    wants_headers : whether ``request_headers`` is a parameter.
    sampled : the parameters that take arrays or tables, described by a sample.
    body : the code of the innermost function, which tells an error in it from one before it.
    hints : what the type hints of an undecorated run say; None where it takes the body as text.
    most_body_bytes : what a compressed body may hold.
    """

    call: Callable[..., Any]
    kind: Literal["plain", "schema", "raw"]
    input_name: str
    defaults: Mapping[str, Any]
    wants_headers: bool
    sampled: Mapping[str, ArrayParameter | TableParameter]
    body: object
    hints: Hints | None = None
    most_body_bytes: int = 100 * 1024 * 1024

    @property
    def rows(self) -> str | None:
        """The one parameter whose rows are answered row by row; None where that is not plain."""
        return next(iter(self.sampled)) if len(self.sampled) == 1 else None


@dataclass(frozen=True)
class Script:
    """A loaded entry script."""

    init: Callable[[], Any]
    run: RunFunction

    def call_init(self) -> None:
        """Call ``init``; what it raises becomes a ScriptFailed of stage "init"."""
        try:
            self.init()
        except BaseException as error:  # also SystemExit and CancelledError
            raise ScriptFailed("init", f"init() raised {one_line(error)}") from error


def load(path: Path) -> Script:
    """Import an entry script and describe its ``run``; does not call ``init``.

    Raises
    ------
    ScriptFailed : stage "import" (with the script's own exception as cause) or "signature".
    """
    return of_module(_import(path), path.name)


def of_module(module: ModuleType, filename: str) -> Script:
    """Find ``init`` and ``run`` in an imported entry script; ScriptFailed of stage "signature" where one is missing."""
    init = getattr(module, "init", None)
    if not callable(init):
        raise ScriptFailed("signature", f"{filename} has no init(); define init(), called once before serving")
    owner = getattr(module, "driver_module", module)
    run = getattr(owner if hasattr(owner, "run") else module, "run", None)
    if not callable(run):
        raise ScriptFailed("signature", f"{filename} has no run(); define run(data), called for every request")
    return Script(init, describe(run))


def _import(path: Path) -> ModuleType:
    name = path.stem
    if name in sys.modules:
        raise ScriptFailed("import", f"{path.name} has the name of a module that is in use; rename the entry script")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ScriptFailed("import", f"the entry script {path} is not a Python file in the bundle; deploy it again")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pickles find the script's classes under this name
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # as above
        raise ScriptFailed("import", f"importing {path.name} raised {one_line(error)}") from error
    return module


def describe(run: Callable[..., Any]) -> RunFunction:
    """Read how a ``run`` function wants its input.

    Raises
    ------
    ScriptFailed : stage "signature", naming the parameter that is refused.
    """
    try:
        signature = inspect.signature(run).parameters
    except (TypeError, ValueError) as error:
        raise ScriptFailed(
            "signature", f"run() has no signature that can be read: {error}; write def run(data)"
        ) from error
    for name, parameter in signature.items():
        if parameter.kind in _REFUSED:
            raise ScriptFailed(
                "signature", f"run() has the {_REFUSED[parameter.kind]} parameter {name!r}; use named parameters"
            )
    inputs = {name: item.default for name, item in signature.items() if name != HEADERS_PARAMETER}
    if not inputs:
        raise ScriptFailed("signature", "run() has no parameter for the input; write run(data)")
    decorated = is_decorated(run)
    raw = _is_raw(run)
    if raw and decorated:
        raise ScriptFailed("signature", "run() has both @rawhttp and @input_schema or @output_schema; keep one of them")
    typed, sampled = (None, {}) if raw or decorated else _hints(run, signature)
    return RunFunction(
        call=run,
        kind="raw" if raw else "schema" if decorated or typed else "plain",
        input_name=next(iter(inputs)),
        defaults=inputs,
        wants_headers=HEADERS_PARAMETER in signature,
        sampled=parameters.find(run) if decorated else sampled,
        body=getattr(inspect.unwrap(run), "__code__", None),
        hints=typed,
    )


def _hints(
    run: Callable[..., Any], signature: Mapping[str, inspect.Parameter]
) -> tuple[Hints | None, Mapping[str, ArrayParameter | TableParameter]]:
    if all(item.annotation in (inspect.Parameter.empty, str, "str") for item in signature.values()):
        return None, {}  # as most scripts are, which need not wait for the module
    from . import hints

    found = hints.find(run)
    return found, hints.sampled(found) if found else {}


def _is_raw(run: Callable[..., Any]) -> bool:
    # Where the original's packages are installed, their @rawhttp leaves its mark on its module, not on the function.
    modules = (sys.modules.get(name) for name in _RAWHTTP_MODULES)
    return getattr(run, "rawhttp", False) or any(getattr(module, "_rawHttpRequested", False) for module in modules)


def is_decorated(run: Callable[..., Any]) -> bool:
    """Whether ``run`` has a decorator of ``inference_schema``; one for the output makes it take JSON too."""
    schemas = sys.modules.get("inference_schema.schema_util")
    return bool(schemas and schemas.is_schema_decorated(run))


def input_schema(run: Callable[..., Any]) -> dict[str, Any]:
    """Return the schema that ``inference_schema``'s decorators made of the input; without them any object."""
    return _schema("get_input_schema", run)


def output_schema(run: Callable[..., Any]) -> dict[str, Any]:
    """Return the same of the output."""
    return _schema("get_output_schema", run)


def swagger_versions(run: Callable[..., Any]) -> list[str]:
    """Return the versions of the swagger document that can describe this function."""
    schemas = sys.modules.get("inference_schema.schema_util")
    return list(schemas.get_supported_versions(run)) if schemas else ["2.0", "3.0", "3.1"]


def _schema(getter: str, run: Callable[..., Any]) -> dict[str, Any]:
    # A script that uses the decorators has imported their module; for the others it need not be installed.
    schemas = sys.modules.get("inference_schema.schema_util")
    return dict(getattr(schemas, getter)(run)) if schemas else {"type": "object"}


def one_line(error: BaseException) -> str:
    """Return an exception's type and the first line of its text."""
    text = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
