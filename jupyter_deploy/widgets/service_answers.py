"""What the controls of a service ask: how it stands, and what is done with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_deploy.errors import DeployError, NotFound
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets import equivalents
from jupyter_deploy.widgets.answers import Answers, Parts, Tell, asked, error_of
from jupyter_deploy.widgets.charts_answers import ChartsAnswers
from jupyter_deploy.widgets.configuration import configuration_of
from jupyter_deploy.widgets.log_answers import LogAnswers
from jupyter_deploy.widgets.notebook import Variables
from jupyter_deploy.widgets.overview import overview
from jupyter_deploy.widgets.test_answers import TestAnswers

PERIOD = 1.0
"""Seconds between two looks at the service."""


class ServiceAnswers(Answers):
    """A service, as its controls ask for it.

    Parameters
    ----------
    service : which. changed : is called when something was begun or has changed. tell : reaches the panels.
    """

    def __init__(self, service: Webservice, changed: Callable[[], None], tell: Tell) -> None:
        super().__init__(tell)
        self._service, self._changed = service, changed
        self._ended = threading.Event()
        self._watching = threading.Lock()
        self._watch: threading.Thread | None = None

    @asked
    def look(self) -> dict[str, Any]:
        """What the service is and what can be done; from now on every change is told."""
        with self._watching:
            if self._watch is None or not self._watch.is_alive():
                self._watch = threading.Thread(
                    target=self._tell_changes, name=f"panel of {self._service.name}", daemon=True
                )
                self._watch.start()
        return overview(self._service.view)

    @asked
    def configuration(self) -> dict[str, Any]:
        """How it is configured, in all the ways to say it."""
        return equivalents.shown(configuration_of(self._service.view))

    @asked
    def rollback(self) -> None:
        """Begin to return to the version that served before."""
        self._begin(self._service.rollback)

    @asked
    def restart(self) -> None:
        """Start the same version anew."""
        self._begin(self._service.restart)

    @asked
    def stop(self) -> None:
        """End its processes; address, keys and history stay."""
        self._begin(self._service.stop)

    @asked
    def start(self) -> None:
        """Bring it back."""
        self._begin(self._service.start)

    @asked
    def delete(self) -> None:
        """Take it away."""
        self._begin(self._service.delete)

    @asked
    def update(
        self, models: list[str] | None = None, script: str = "", options: Mapping[str, Any] | None = None
    ) -> None:
        """Begin to change what serves; what is not given stays.

        Parameters
        ----------
        models : by name and version. script : a file. options : of the target, by name.
        """
        from jupyter_deploy.config.inference import InferenceConfig

        inference = InferenceConfig(script) if script else None
        self._begin(lambda: self._service.update(models or None, inference, **(options or {})))

    @asked
    def cancel(self) -> None:
        """Stop the operation under way: what served goes on serving."""
        operation = self._service.operation
        if operation is None or not operation.cancel():
            raise DeployError(
                f"nothing is under way on {self._service.name}", remedy="what was begun has ended meanwhile"
            )
        self._changed()

    @asked
    def keys(self) -> dict[str, str]:
        """The service's keys, for the one who asked; they are in no trait, so no notebook keeps them."""
        primary, secondary = self._service.get_keys()
        return {"Primary": primary, "Secondary": secondary}

    @asked
    def regenerate(self, key: str) -> dict[str, str]:
        """Draw one key anew."""
        self._service.regen_key(key)
        return self.keys()

    @asked
    def token(self) -> dict[str, str]:
        """A token that requests may come with, and until when."""
        made = self._service.get_access_token()
        return {"token": made.access_token, "until": made.expiry_on.astimezone().strftime("%Y-%m-%d %H:%M:%S")}

    def close(self) -> None:
        """End the watch."""
        self._ended.set()

    def _begin(self, work: Callable[[], None]) -> None:
        """Do what begins an operation; the card is drawn from its first event, also where the work waits for its end."""
        waker = threading.Timer(0.2, self._changed)
        waker.start()
        try:
            work()
        finally:
            waker.cancel()
            self._changed()

    def _tell_changes(self) -> None:
        known: dict[str, Any] = {}
        while not self._ended.wait(PERIOD):
            try:
                found = overview(self._service.view)
            except NotFound:
                self.tell("deleted")
                return
            except DeployError as error:
                self.tell("failed", error=error_of(error))
                return
            if found != known:
                known = found
                self._changed()
                self.tell("overview", overview=found)


def service_parts(service: Webservice, variables: Variables, changed: Callable[[], None] = lambda: None) -> Parts:
    """The parts of a service's view: its controls, log, test panel and charts.

    Parameters
    ----------
    service : which. variables : gives the notebook's. changed : is called when something was begun or has changed.
    """
    return {
        "": lambda tell: ServiceAnswers(service, changed, tell),
        "log": lambda tell: LogAnswers(service, tell),
        "test": lambda tell: TestAnswers(service, tell, variables),
        "charts": lambda tell: ChartsAnswers(service, tell),
    }
