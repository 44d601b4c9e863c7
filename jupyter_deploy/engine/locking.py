"""Environments from what users name: sealed when they deploy, locked when the operation runs, and looked at afterwards."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.engine.places import bundle_folder
from jupyter_deploy.engine.requests import SealedEnvironment
from jupyter_deploy.engine.services import ServiceView
from jupyter_deploy.environments import Lock
from jupyter_deploy.errors import IntegrityError
from jupyter_deploy.workspace.folder import WorkspaceFolder


def seal_conda(file: CondaFile, filename: str, trusted: Sequence[str] = ()) -> SealedEnvironment:
    """Seal a conda file.

    Parameters
    ----------
    trusted : addresses and folders beside the package index from which packages may come.

    Raises
    ------
    ConfigError : lines that cannot be had. Untrusted : lines that take packages from elsewhere.
    EnvironmentFailed : no such Python is on this machine.
    """
    from jupyter_deploy.environments import interpreter_for, plan_conda

    plan = plan_conda(file, filename)
    plan.require(trusted)
    interpreter_for(plan)  # what is wrong is told in the call, before anything has begun
    text = json.dumps(file.to_document(), ensure_ascii=False)
    return SealedEnvironment("conda", text, filename, variables=file.variables, trusted=tuple(trusted))


def seal_requirements(text: str, filename: str, trusted: Sequence[str] = ()) -> SealedEnvironment:
    """Seal the text of a requirements file; parameters and errors as in :func:`seal_conda`."""
    from jupyter_deploy.environments import read_requirements

    read_requirements(text, filename, trusted)
    return SealedEnvironment("pip", text, filename, trusted=tuple(trusted))


def lock_of(environment: SealedEnvironment, say: Callable[[str], None]) -> Lock:
    """Lock a sealed environment, or read the lock that it holds.

    Parameters
    ----------
    say : called with each line of progress.

    Raises
    ------
    EnvironmentFailed : the packages, or the Python, cannot be had.
    """
    from jupyter_deploy.environments import interpreter_for, lock_conda, lock_requirements, plan_conda

    if environment.kind == "conda":
        plan = plan_conda(CondaFile.from_document(json.loads(environment.text), ""), environment.name)
        return lock_conda(plan, interpreter_for(plan), say, environment.trusted)
    if environment.kind == "pip":
        return lock_requirements(environment.text, Path(sys.executable), say, environment.name, environment.trusted)
    lock = Lock.parse(environment.text)
    for name in lock.missing:
        say(f"the module '{name}' is imported and not installed here")
    for name in lock.local_installs:
        say(
            f"{name} was installed from a folder: only this interpreter has it, as the folder is when the service starts"
        )
    return lock


def served_lock(folder: WorkspaceFolder, view: ServiceView) -> Lock | None:
    """Read the lock that a service runs with, or ran with last; None where it has never served, or not here.

    Raises
    ------
    IntegrityError : its bundle is not there any more, or was changed.
    """
    if view.current is None or view.is_elsewhere:
        return None
    path = bundle_folder(folder, view.record.name, view.current.bundle) / "requirements.lock"
    try:
        return Lock.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read", str(error), "deploy or update the service again") from None
