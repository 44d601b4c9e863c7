"""The computes of a workspace as rows: each is asked now and then whether it answers and what room it has, and holds up nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from jupyter_deploy.engine.errands import Errand
from jupyter_deploy.engine.rounds import PATIENCE
from jupyter_deploy.server import documents
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.room import Room, recorded_room, room_now
from jupyter_deploy.workspace.records import ComputeRecord

PERIOD = 15.0
"""Seconds between an answer and the next question."""

Ask = Callable[[Compute], Room | None]
"""Asks a cluster for its room; None where that may not be seen, an error where it does not answer."""


class Computes:
    """Asks computes.

    Parameters
    ----------
    ask : asks one; may take its time, or hang.
    """

    def __init__(self, ask: Ask = room_now) -> None:
        self._ask = ask
        self._asked: dict[str, _Asked] = {}

    def rows(
        self, records: Sequence[ComputeRecord], services: Mapping[str, Sequence[str]]
    ) -> list[documents.ComputeRow]:
        """Every compute as far as is known.

        Parameters
        ----------
        records : what is recorded of them. services : the names of those on each, by its name.
        """
        known = self._asked
        self._asked = {record.name: known.get(record.name) or _Asked() for record in records}
        return [self._asked[record.name].row(record, self._ask, services.get(record.name, ())) for record in records]


class _Asked:
    """What a compute was asked, and has answered."""

    def __init__(self) -> None:
        self._record: ComputeRecord | None = None
        self._forget()

    def _forget(self) -> None:
        self._errand: Errand[Room | None] | None = None
        self._due = 0.0
        self._state: documents.ComputeState = "asked"
        self._error = ""
        self._room: Room | None = None

    def row(self, record: ComputeRecord, ask: Ask, services: Sequence[str]) -> documents.ComputeRow:
        compute = Compute.from_json(record.document)
        if record != self._record:  # attached anew
            self._forget()
            self._record, self._room = record, recorded_room(compute)
        self._look(compute, ask)
        return {
            "name": record.name,
            "kind": record.kind,
            "state": self._state,
            "error": self._error,
            "server": compute.server,
            "namespace": compute.namespace,
            "purpose": compute.purpose,
            "room": cast(documents.Room, self._room.to_json()) if self._room else None,
            "services": sorted(services),
        }

    def _look(self, compute: Compute, ask: Ask) -> None:
        if self._errand is None:
            if time.monotonic() >= self._due:
                self._errand = Errand(lambda: ask(compute), f"room of {compute.name}")
        elif self._errand.is_done:
            self._take(self._errand)
            self._errand, self._due = None, time.monotonic() + PERIOD
        elif self._errand.seconds > PATIENCE:
            self._state, self._error = "unreachable", "it does not answer"

    def _take(self, errand: Errand[Room | None]) -> None:
        error = errand.result.exception()
        if error is None:
            self._state, self._error, self._room = "reachable", "", errand.result.result()
        else:
            self._state, self._error = "unreachable", str(error).partition("\n")[0]
