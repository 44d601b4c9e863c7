"""Asks the notebook's own objects what the script was asked, so that the two answers can be held against each other.

The cell is run here, in the kernel, in a module of its own that is thrown away; what it takes from the notebook are the living objects.
The bundle's scoring server reads the request and writes the answer, as it does in a service, and finds the models in the same places.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from jupyter_deploy.bundle.writer import SERVER
from jupyter_deploy.engine.differences import first_difference
from jupyter_deploy.errors import ScriptError
from jupyter_deploy.script import schemas

_OURS = Path(SERVER).name


@dataclass(frozen=True)
class Notebook:
    """What the notebook has for a script.

    Parameters
    ----------
    cell : the script's cell, without what it took in. variables : what it needs of the notebook, by name.
    """

    cell: str
    variables: Mapping[str, Any]


class _Unanswered(Exception):
    """The notebook could not answer; the text says why."""


def prove(bundle: Path, notebook: Notebook, body: bytes, status: int, answer: str) -> str:
    """Compare a script's answer with the notebook's.

    Parameters
    ----------
    bundle : in which the script was tried. body : of the request it was given.
    status, answer : what it answered.

    Returns
    -------
    One line: that both answer the same, or why the notebook could not answer.

    Raises
    ------
    ScriptError : they differ; with the place, and both values.
    """
    try:
        in_kernel = _answer(bundle, notebook, body)
    except _Unanswered as error:
        return f"not compared with the notebook, which could not answer: {error}"
    here, there = ({"status": code, "answer": _read(text)} for code, text in ((status, answer), in_kernel))
    difference = first_difference(here["status"], there["status"], "status") or first_difference(
        here["answer"], there["answer"]
    )
    if difference is None:
        return "the notebook answers the same"
    raise ScriptError(
        f"{difference.path} is {difference.left} from the script, and {difference.right} in the notebook",
        "What the script loads or takes in is not what the notebook has now.",
        "register the model again, or run the cells again that have changed, then try the script again; nothing was deployed",
    )


def _read(answer: str) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        return answer  # a response of the script's own


def _answer(bundle: Path, notebook: Notebook, body: bytes) -> tuple[int, str]:
    with _as_in_service(bundle) as server, contextlib.redirect_stdout(io.StringIO()):
        try:
            service = server.settings.load(bundle / "service.json")
            server.prepare(service)
            module = _module(service.entry_script, notebook)
            loaded = server.script.of_module(module, service.entry_script.name)
            loaded.call_init()
            answered = server.ask(loaded, body)
        except (Exception, SystemExit) as error:  # whatever the cell raises is the reason that is shown
            raise _Unanswered(server.script.one_line(error)) from None
        if answered.error is not None:
            raise _Unanswered(f"run() raised {server.script.one_line(answered.error)}")
        return answered.status, answered.body.decode("utf-8", "replace")


def _module(script: Path, notebook: Notebook) -> ModuleType:
    """A module with the cell's own code in it, and the notebook's objects for the rest."""
    module = ModuleType(script.stem)
    vars(module).update(notebook.variables, __file__=str(script))
    sys.modules[module.__name__] = module  # dataclasses and pickles look for it
    schemas.forget(script.stem, notebook.cell)
    exec(compile(notebook.cell, script.name, "exec", dont_inherit=True), vars(module))  # noqa: S102  (asked for by --try)
    return module


@contextlib.contextmanager
def _as_in_service(bundle: Path) -> Iterator[Any]:
    """The bundle's own server for as long as the block runs; afterwards the kernel is as before."""
    variables, folder, path, finders = dict(os.environ), Path.cwd(), sys.path[:], sys.meta_path[:]
    modules = dict(sys.modules)
    sys.path.insert(0, str((bundle / SERVER).resolve().parent))
    try:
        yield importlib.import_module(f"{_OURS}.trial")
    finally:
        os.chdir(folder)
        sys.path[:], sys.meta_path[:] = path, finders
        _restore_variables(variables)
        _restore_modules(modules, bundle)


def _restore_variables(before: Mapping[str, str]) -> None:
    for name in [name for name in os.environ if name not in before]:
        del os.environ[name]
    os.environ.update(before)


def _restore_modules(before: Mapping[str, ModuleType], bundle: Path) -> None:
    """Forget what came out of the bundle; what else was imported stays, as many packages do not bear a second import."""
    for name, module in list(sys.modules.items()):
        if before.get(name) is module:
            continue
        if name in before:
            sys.modules[name] = before[name]
        elif _is_of(module, bundle.resolve()):
            del sys.modules[name]


def _is_of(module: ModuleType, bundle: Path) -> bool:
    loader = getattr(getattr(module, "__spec__", None), "loader", None)
    file = getattr(module, "__file__", None)
    return type(loader).__module__.startswith(f"{_OURS}.") or (file is not None and bundle in Path(file).parents)
