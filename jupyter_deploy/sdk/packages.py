"""The packages that a service runs with, and who asked for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_deploy.engine.locking import served_lock
from jupyter_deploy.sdk.display import Table

if TYPE_CHECKING:
    from jupyter_deploy.environments import Lock, LockedPackage
    from jupyter_deploy.sdk.webservice import Webservice


class Package:
    """One row of a service's packages.

    Parameters
    ----------
    locked : the package as it was locked.
    """

    def __init__(self, locked: LockedPackage) -> None:
        self.name: str = locked.name
        self.version: str = locked.version
        self.asked_by: tuple[str, ...] = locked.asked_by

    def row(self) -> dict[str, Any]:
        """The package as one row of a table."""
        return {"package": self.name, "version": self.version, "asked for by": self.asked_by}

    def __repr__(self) -> str:
        return f"Package(name={self.name!r}, version={self.version!r}, asked_by={self.asked_by!r})"


def packages_of(service: Webservice) -> Table[Package]:
    """Return the packages that a service runs with."""
    view = service.view
    view.require_here()
    lock = served_lock(service.workspace.folder, view)
    return Table(map(Package, lock.packages if lock else ()), "no packages yet; they are known once it has served")


def environment_details(lock: Lock | None) -> dict[str, Any] | None:
    """A lock as a JSON document: the version of Python, and each package with who asked for it; None for none."""
    if lock is None:
        return None
    packages = [{"name": each.name, "version": each.version, "askedBy": list(each.asked_by)} for each in lock.packages]
    return {"python": lock.python, "packages": packages}
