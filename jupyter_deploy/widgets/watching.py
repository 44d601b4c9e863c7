"""A watch on a service: a small thread that looks at it and draws its card when something has changed.

The thread never prints, as its output would land under whatever cell runs; it owns neither the service nor its operations.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from jupyter_deploy.errors import DeployError, NotFound
from jupyter_deploy.sdk.operation import Operation
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.card import Card, card_of, with_events

PERIOD = 0.15
"""Seconds between two looks at the events of an operation under way."""
IDLE = 2.0
"""Seconds between two looks at a service on which nothing is under way."""


class Watch:
    """Draws a service's card, now and whenever it changes, until the service is gone.

    Parameters
    ----------
    service : what is watched. draw : is given each card that differs from the one before, the first one by this call.

    Attributes
    ----------
    service : its name. card : the one that was drawn last.
    """

    def __init__(self, service: Webservice, draw: Callable[[Card], None]) -> None:
        self.service = service.name
        self._service, self._draw = service, draw
        self._woken = threading.Event()
        self._looked = threading.Condition()
        self._is_stopped = self._is_retired = False
        self._operation: Operation | None = None
        self.card = card_of(service, time.time())
        draw(self.card)
        self._thread = threading.Thread(target=self._run, name=f"watch on {service.name}", daemon=True)

    def start(self) -> None:
        """Go on by itself."""
        self._thread.start()

    def wake(self) -> None:
        """Look now, since something was begun."""
        self._woken.set()

    def stop(self) -> None:
        """Look no more."""
        self._is_stopped = True
        self.wake()

    def retire(self) -> None:
        """Look no more than what is under way takes: a newer card goes on, and this one keeps what it has told."""
        self._is_retired = True
        self.wake()

    @property
    def is_over(self) -> bool:
        """Whether it looks no more."""
        return not self._thread.is_alive()

    def settle(self, seconds: float) -> None:
        """Wait so long at most until the card tells of all that has ended."""
        with self._looked:
            self.wake()
            self._looked.wait_for(self._tells_all, seconds)

    def _run(self) -> None:
        while not self._is_stopped and not (self._is_retired and self._is_done()):
            card = self._look()
            if card != self.card:
                self._draw(card)
            with self._looked:
                self.card = card
                self._looked.notify_all()
            if card.state in ("deleted", "Unknown"):
                return
            self._woken.wait(PERIOD if card.outcome == "Running" else IDLE)
            self._woken.clear()

    def _look(self) -> Card:
        try:
            operation = self._service.operation
            is_same = operation is not None and self._operation is not None and operation.id == self._operation.id
            self._operation = operation
            if operation and is_same and self.card.outcome == "Running" and self._is_running():
                return with_events(self.card, list(operation.events()), time.time())
            return card_of(self._service, time.time())
        except NotFound:
            return Card(self._service.name, "deleted")
        except DeployError as error:
            return replace(self.card, state="Unknown", outcome="", error=error.what, why=error.why, remedy=error.remedy)

    def _is_done(self) -> bool:
        """Whether the operation that the card tells of has ended and was drawn, or another one has followed it."""
        try:
            newest = self._service.operation
        except DeployError:
            return True
        followed = newest is not None and self._operation is not None and newest.id != self._operation.id
        return followed or self.card.outcome != "Running"

    def _tells_all(self) -> bool:
        try:
            newest = self._service.operation
        except NotFound:
            return self.card.state == "deleted" or self.is_over
        except DeployError:
            return True
        if self.is_over or newest is None or newest.state == "Running":
            return True
        return self._operation is not None and newest.id == self._operation.id and self.card.outcome != "Running"

    def _is_running(self) -> bool:
        try:
            return self._operation is not None and self._operation.state == "Running"
        except DeployError:
            return False
