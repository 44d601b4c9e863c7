"""The ground of a walk whose service runs in a container, on an engine that nobody else uses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.engines import BASE_IMAGE
from tests.helpers import READS_ITS_MODEL, write_script
from tests.own_engine import OwnEngine
from tests.walk.ground import Ground, Step


class ContainerGround(Ground):
    """The same for containers: the operation's process is the one that is killed, and each command has an image to build.

    Parameters
    ----------
    engine : where the containers are.
    """

    target: ClassVar[str] = "local"
    parts: ClassVar[int] = 6  # fewer, since each builds its images first

    def __init__(self, folder: Path, engine: OwnEngine) -> None:
        super().__init__(folder)
        self._engine = engine
        self._scripts = 0
        self._untouched: set[str] = set()
        self.do("deploy", self.models["one"])
        self.do("update", self.models["two"])  # what all versions have in common is built now
        self.leave()

    def steps(self, command: str, *arguments: str) -> list[Step]:
        """The steps of the operation; those of an update before which what served has not been stopped are kept in mind."""
        found = [step for step in super().steps(command, *arguments) if "operation" in step.victims]
        names = [step.name for step in found]
        stops = next((number for number, name in enumerate(names) if name.endswith("/stop")), len(names))
        self._untouched = set(names[:stops])
        return [Step(name, ("operation",)) for name in names]

    def is_tidy(self, *, served: bool) -> bool:
        """Whether nothing runs but the container that serves, and no operation."""
        with self._engine.client() as client:
            return len(client.containers.list()) == served and not self.processes()

    def is_left(self) -> list[str]:
        """The containers and volumes that are there, running or not."""
        with self._engine.client() as client:
            containers = [str(container.name) for container in client.containers.list(all=True)]
            return containers + [volume.name for volume in client.volumes.list()]

    def goes_on(self, step: str, victim: str) -> bool:
        """Docker cannot move a port: from the step on at which what served is stopped, there may be a gap."""
        return step in self._untouched

    def _run(self, command: str, arguments: tuple[str, ...], orders: Mapping[str, str]) -> int:
        self._scripts += 1
        write_script(self._folder, f"{READS_ITS_MODEL}# {self._scripts}\n")
        return super()._run(command, arguments, orders)

    def _surroundings(self) -> dict[str, str]:
        return {**super()._surroundings(), "WALK_IMAGE": BASE_IMAGE}
