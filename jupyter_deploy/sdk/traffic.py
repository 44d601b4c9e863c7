"""What services have whose versions run side by side: shares of the requests, copies, and the way to one version again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jupyter_deploy.engine import traffic
from jupyter_deploy.engine.changes import Begun

if TYPE_CHECKING:
    from jupyter_deploy.engine.services import ServiceView
    from jupyter_deploy.sdk.workspace import Workspace


class TrafficVerbs:
    """The part of a service that shares its requests between versions, where its target can."""

    workspace: Workspace
    name: str
    begun: Begun | None

    if TYPE_CHECKING:

        @property
        def view(self) -> ServiceView:
            """What is recorded and what the target says."""
            ...

    @property
    def traffic(self) -> dict[str, int]:
        """Who gets how many of the requests, in per cent, by the numbers of :meth:`history`; empty before it has served.

        Example
        -------
        >>> service.traffic  # doctest: +SKIP
        {'1': 90, '2': 10}
        """
        view = self.view
        return traffic.present(view).to_json()["shares"] if view.current else {}

    @property
    def mirror(self) -> dict[str, int]:
        """Of how many of the requests a copy goes to which version, in per cent; its answers nobody gets."""
        view = self.view
        return traffic.present(view).to_json()["mirror"] if view.current else {}

    def set_traffic(self, shares: Mapping[str, int], mirror: Mapping[str, int] | None = None) -> None:
        """Have versions run side by side and share the requests, without a failed one; returns at once.

        A request with the header ``x-jupyter-deploy-version: 2`` goes to version 2, also where that has a share of 0.

        Parameters
        ----------
        shares : per cent by version, together 100; a version that is not named runs no more.
        mirror : per cent of the requests of which a copy goes to a version that has no share.

        Raises
        ------
        ConfigError : with all that is wrong with the numbers. UserError : its target runs one version at a time, or it is stopped.

        Example
        -------
        >>> service.set_traffic({"1": 90, "2": 10})  # doctest: +SKIP
        """
        self.begun = Begun(traffic.set_traffic(self.workspace.folder, self.name, shares, mirror))

    def promote(self) -> None:
        """Have the newest of the versions that share its requests serve alone, in the pods that it has; returns at once."""
        self.begun = Begun(traffic.promote(self.workspace.folder, self.name))

    def abort(self) -> None:
        """Have the version serve alone again that did before its requests were shared; returns at once."""
        self.begun = Begun(traffic.abort(self.workspace.folder, self.name))
