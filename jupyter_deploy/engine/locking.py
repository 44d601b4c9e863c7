"""Environments from what users name: sealed when they deploy, locked when the operation runs, and looked at afterwards."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.engine.places import bundle_folder
from jupyter_deploy.engine.requests import SealedEnvironment
from jupyter_deploy.engine.services import ServiceView
from jupyter_deploy.engine.wheels import build_wheels, paths_of, with_wheels_here
from jupyter_deploy.environments import Lock
from jupyter_deploy.errors import IntegrityError
from jupyter_deploy.workspace.folder import WorkspaceFolder


@dataclass(frozen=True)
class Sealing:
    """What it takes to seal an environment.

    Parameters
    ----------
    folder : keeps the wheels that are built. trusted : addresses and folders beside the package index from which packages may come.
    say : called with each line of progress. by_conda : packages of a conda file that conda itself installs, in an image.
    """

    folder: WorkspaceFolder
    trusted: Sequence[str]
    say: Callable[[str], None]
    by_conda: Sequence[str] = ()

    def conda(self, file: CondaFile, filename: str, root: Path) -> SealedEnvironment:
        """Seal a conda file.

        Parameters
        ----------
        root : the folder to which the paths in its pip part are relative.

        Raises
        ------
        ConfigError : lines that cannot be had. Untrusted : lines that take packages from elsewhere.
        EnvironmentFailed : no such Python is on this machine, or a package does not build.
        """
        from jupyter_deploy.environments import interpreter_for, plan_conda

        plan = plan_conda(file, filename, self.by_conda)
        plan.require(self.trusted)
        python = interpreter_for(plan)  # what is wrong is told in the call, before anything has begun
        wheels = build_wheels(self.folder, plan.pip, root, python, self.say)
        text = json.dumps(file.to_document(), ensure_ascii=False)
        return SealedEnvironment(
            "conda", text, filename, variables=file.variables, trusted=tuple(self.trusted),
            by_conda=tuple(self.by_conda), wheels=wheels,
        )  # fmt: skip

    def requirements(self, text: str, filename: str, root: Path) -> SealedEnvironment:
        """Seal the text of a requirements file; parameters and errors as of :meth:`conda`."""
        from jupyter_deploy.environments import read_requirements

        lines = read_requirements(text, filename, self.trusted)
        wheels = build_wheels(self.folder, lines, root, Path(sys.executable), self.say)
        return SealedEnvironment("pip", text, filename, trusted=tuple(self.trusted), wheels=wheels)


def lock_of(folder: WorkspaceFolder, environment: SealedEnvironment, say: Callable[[str], None]) -> Lock:
    """Lock a sealed environment, or read the lock that it holds.

    Parameters
    ----------
    folder : has the wheels that were built. say : called with each line of progress.

    Raises
    ------
    EnvironmentFailed : the packages, or the Python, cannot be had.
    """
    from jupyter_deploy.environments import interpreter_for, lock_conda, lock_requirements, plan_conda

    trusted, wheels = environment.trusted, paths_of(folder, environment.wheels)
    if environment.kind == "conda":
        file = CondaFile.from_document(json.loads(environment.text), "")
        plan = plan_conda(file, environment.name, environment.by_conda)
        return lock_conda(plan, interpreter_for(plan), say, trusted, wheels)
    if environment.kind == "pip":
        return lock_requirements(environment.text, Path(sys.executable), say, environment.name, trusted, wheels)
    lock = Lock.parse(environment.text)
    for name in lock.missing:
        say(f"the module '{name}' is imported and not installed here")
    for name in lock.local_installs:
        say(
            f"{name} was installed from a folder: only this interpreter has it, as the folder is when the service starts"
        )
    return lock


def kept_lock(folder: WorkspaceFolder, bundle: Path) -> Lock:
    """Read the lock of a bundle; the wheels in it are those of the workspace where it is now."""
    return with_wheels_here(folder, Lock.parse((bundle / "requirements.lock").read_text(encoding="utf-8")))


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
