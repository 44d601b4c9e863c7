"""Computes: attached under a name, looked up, and detached when no service is on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jupyter_deploy.config.names import check_compute_name
from jupyter_deploy.engine.places import COMPUTE
from jupyter_deploy.errors import ComputeNotFound, InUse
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ComputeRecord


def attach(folder: WorkspaceFolder, name: str, kind: str, look: Callable[[str], Mapping[str, Any]]) -> ComputeRecord:
    """Record a compute under a name; one that is there is attached anew.

    Parameters
    ----------
    kind : "kubernetes". look : asks the compute, by its name, and returns what is to be recorded.

    Raises
    ------
    ConfigError : the name is refused. TargetError : the compute is.
    """
    check_compute_name(name)
    return folder.computes.put(name, kind, look(name))


def find_compute(folder: WorkspaceFolder, name: str) -> ComputeRecord:
    """Look a compute up.

    Raises
    ------
    ComputeNotFound : there is none of that name.
    """
    record = folder.computes.get(name)
    if record is None:
        known = ", ".join(each.name for each in folder.computes.list())
        raise ComputeNotFound(
            f"there is no compute '{name}'", f"attached are {known}" if known else "none is attached to this workspace",
            f"attach it: jupyter ml computetarget attach kubernetes -n {name}",
        )  # fmt: skip
    return record


def services_on(folder: WorkspaceFolder, name: str) -> list[str]:
    """The names of the services on a compute."""
    return sorted(record.name for record in folder.services.list() if record.options.get(COMPUTE) == name)


def detach(folder: WorkspaceFolder, name: str) -> None:
    """Forget a compute; nothing on it is touched.

    Raises
    ------
    ComputeNotFound : there is none. InUse : services are on it, which could not be reached any more.
    """
    find_compute(folder, name)
    if names := services_on(folder, name):
        raise InUse(
            f"'{name}' has services of this workspace: {', '.join(names)}",
            "Without it they could neither be seen nor changed.", "delete them first",
        )  # fmt: skip
    folder.computes.remove(name)
