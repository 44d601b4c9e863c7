"""The kernels whose interpreters answer for views: which there are, and whether jupyter_deploy can be imported there."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from jupyter_client.manager import KernelManager
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ensure_async
from tornado.web import authenticated

from jupyter_deploy.errors import DeployError, SystemProblem, UserError
from jupyter_deploy.server.documents import Kernel
from jupyter_deploy.server.interpreters import Interpreter, kill

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpecManager

OWN = "@server"
"""The name of the server's own interpreter, among those of kernels."""
PATIENCE = 20.0
"""Seconds that an interpreter may take to say what it has."""
_LOCAL = "local-provisioner"
_QUESTION = """
import json, sys
found = {"interpreter": sys.executable, "python": sys.version.split()[0], "version": "", "problem": ""}
try:
    import jupyter_deploy
    found["version"] = jupyter_deploy.__version__
except ModuleNotFoundError as error:
    if error.name != "jupyter_deploy":
        found["problem"] = str(error)
except Exception as error:
    found["problem"] = str(error)
print("\\n" + json.dumps(found))
"""


@dataclass(frozen=True)
class _Known:
    """A kernel of Python, as it is installed: how its interpreter is started, or why that is not known here."""

    name: str
    title: str
    interpreter: Interpreter | None
    problem: str = ""


class Kernels:
    """The kernels of a server.

    Parameters
    ----------
    specs : where they are installed. default : the name of the one that is taken first. are_remote : they run on a gateway.
    """

    def __init__(self, specs: KernelSpecManager, default: str, are_remote: bool = False) -> None:
        self._specs, self._default, self._are_remote = specs, default, are_remote
        self._asked: dict[Interpreter, dict[str, str]] = {}

    async def rows(self) -> list[Kernel]:
        """All of Python's, the default one first, and last the server's own interpreter where no kernel has it."""
        known = await self._known()
        found = await asyncio.gather(*map(self._described, known))
        has_own = any(each["version"] and _is_own(each["interpreter"]) for each in found)
        own = [] if has_own else [await self._described(_OWN)]
        return [*sorted(found, key=lambda each: (not each["isDefault"], each["title"])), *own]

    async def interpreter(self, name: str) -> Interpreter:
        """How the interpreter of a kernel is started.

        Parameters
        ----------
        name : of the kernel; empty for the default one.

        Raises
        ------
        UserError : there is no such kernel, or its interpreter is not on this machine.
        """
        wanted = name or self._default
        found = next((each for each in [*await self._known(), _OWN] if each.name == wanted), None)
        if found is None:
            raise UserError(f"there is no kernel of Python named '{wanted}'", remedy="choose another one")
        if found.interpreter is None:
            raise UserError(f"the kernel '{found.title}' cannot answer for views", found.problem, "choose another one")
        return found.interpreter

    async def _known(self) -> list[_Known]:
        specs: Mapping[str, Any] = await ensure_async(self._specs.get_all_specs())
        return [
            _Known(name, found["spec"]["display_name"], *self._started(name, found["spec"]))
            for name, found in specs.items()
            if found["spec"].get("language", "").lower() == "python"
        ]

    def _started(self, name: str, spec: Mapping[str, Any]) -> tuple[Interpreter | None, str]:
        """How a kernel's interpreter is started; None, and why, where that is not known."""
        provisioner = spec.get("metadata", {}).get("kernel_provisioner", {}).get("provisioner_name", _LOCAL)
        if self._are_remote or provisioner != _LOCAL:
            return None, "it does not run on the Jupyter server's machine"
        # The connection file, which the command would name, is for the kernel alone, and is not made.
        words = KernelManager(kernel_name=name, kernel_spec_manager=self._specs).format_kernel_cmd()
        command = _before_the_kernel(words)
        if not command:
            return None, f"it is no ipykernel: '{' '.join(words[:3])} …' does not say which Python it runs with"
        environment = {key: Template(text).safe_substitute(os.environ) for key, text in spec.get("env", {}).items()}
        return Interpreter(command, environment), ""

    async def _described(self, known: _Known) -> Kernel:
        found = dict.fromkeys(("interpreter", "python", "version"), "")
        problem, remedy = known.problem, "choose another kernel, or deploy with a line in its notebook"
        if known.interpreter:
            found, problem, remedy = await self._looked_at(known.interpreter)
        return Kernel(
            name=known.name, title=known.title, isDefault=known.name == self._default,
            interpreter=found["interpreter"], python=found["python"], version=found["version"],
            problem=problem, remedy=remedy if problem else "",
        )  # fmt: skip

    async def _looked_at(self, interpreter: Interpreter) -> tuple[dict[str, str], str, str]:
        """What is known of an interpreter, why it cannot be used, and what to do. It is asked until it has what it should have."""
        try:
            found = self._asked.get(interpreter) or await _ask(interpreter)
        except DeployError as error:
            return {**dict.fromkeys(("python", "version"), ""), "interpreter": interpreter.command[0]}, str(error), ""
        if found["version"]:
            self._asked[interpreter] = found
            return found, "", ""
        return found, found["problem"] or "jupyter_deploy is not installed there", interpreter.remedy


_OWN = _Known(OWN, "Python of the Jupyter server", Interpreter())


def _before_the_kernel(words: list[str]) -> tuple[str, ...]:
    """The words that start Python, and what may stand around it, as ``conda run``; none where they cannot be told."""
    for at, word in enumerate(words[:-1]):
        if word == "-m" and words[at + 1].startswith("ipykernel"):
            return tuple(words[:at])
    return (words[0],) if Path(words[0]).name.startswith("python") else ()


def _is_own(interpreter: str) -> bool:
    return Path(interpreter) == Path(sys.executable)


async def _ask(interpreter: Interpreter) -> dict[str, str]:
    """What an interpreter says of itself.

    Raises
    ------
    SystemProblem : it cannot be started, or says nothing that makes sense.
    """
    process = await interpreter.start("-c", _QUESTION)
    try:
        output, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
        found: dict[str, str] = json.loads(output.splitlines()[-1])
    except asyncio.TimeoutError:
        kill(process)
        await process.communicate()
        raise SystemProblem(f"it does not answer within {PATIENCE:.0f} s") from None
    except (IndexError, ValueError):
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        raise SystemProblem("it does not start", *last) from None
    return found


class KernelsHandler(APIHandler):
    """``GET kernels``: whose interpreters may answer for views."""

    auth_resource = "kernelspecs"

    def initialize(self, kernels: Kernels) -> None:
        """Take what all requests share."""
        self._kernels = kernels

    @authenticated
    @authorized
    async def get(self) -> None:
        """A list of :class:`Kernel`."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(await self._kernels.rows()))
