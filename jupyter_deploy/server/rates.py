"""How many requests a second services answer, from their own metrics."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping

from jupyter_deploy.engine.errands import Errand
from jupyter_deploy.engine.rounds import REST
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.widgets.sampling import Points

PERIOD = 5.0
"""Seconds between two readings at least."""
BUDGET = 1.0
"""Seconds that services are read at once."""


class Rates:
    """Reads the metrics of services in turn, in a thread of its own.

    Parameters
    ----------
    workspace : where they are.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._counted: dict[str, _Counted] = {}
        self._errand: Errand[None] | None = None
        self._due = 0.0

    def of(self, names: Collection[str]) -> Mapping[str, float]:
        """Requests a second by service, as far as is known; from now on these are read, and no others.

        Parameters
        ----------
        names : of services that serve.
        """
        known = self._counted
        self._counted = {name: known.get(name) or _Counted(self._workspace, name) for name in names}
        if self._errand is not None and self._errand.is_done:
            self._due = time.monotonic() + max(PERIOD, REST * self._errand.spent)
            self._errand = None
        if self._errand is None and names and time.monotonic() >= self._due:
            counted = sorted(self._counted.values(), key=lambda each: each.looked)
            self._errand = Errand(lambda: _look(counted), "requests of services")
        return {name: each.rate for name, each in self._counted.items() if each.rate is not None}


class _Counted:
    """What a service has counted.

    Attributes
    ----------
    rate : requests a second between the last two looks; None where that is not known. looked : the moment of the last one.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.rate: float | None = None
        self.looked = 0.0
        self._workspace, self._name = workspace, name
        self._points: Points | None = None

    def look(self) -> None:
        self.looked = time.monotonic()
        try:
            self._points = self._points or Points(Webservice(self._workspace, self._name))
            point = self._points.look()
        except Exception:  # what is wrong with a service is said by its state
            point = None
        is_known = point is not None and math.isfinite(point.requests)  # another program may answer there by now
        self.rate = float(f"{point.requests:.3g}") if point is not None and is_known else None


def _look(counted: Collection[_Counted]) -> None:
    until = time.monotonic() + BUDGET
    for each in counted:
        each.look()
        if time.monotonic() > until:
            return
