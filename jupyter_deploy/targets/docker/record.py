"""What the target ``local`` remembers of a service in its folder; what runs is found by the labels of the containers."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.address import address, machine_of
from jupyter_deploy.targets.addresses import scoring_uri

NAME = "docker.json"


@dataclass(frozen=True)
class DockerRecord:
    """A service on this target, from the start of its first container at its address to its deletion.

    Parameters
    ----------
    host, port : its address, for its whole life. version : the version that serves, or served last.
    is_stopped : whether it was ended on purpose. cname : the name in its address where it answers over TLS.
    machine : where its engine is reached from. engine : where that listens; empty in records of earlier releases.
    images : what each version was run from, by its number.
    is_begun : whether its first version has been started and has not been seen to serve; it stays so where the operation was killed then.
    """

    host: str
    port: int
    version: int
    is_stopped: bool = False
    cname: str = ""
    machine: str = field(default_factory=socket.gethostname)
    engine: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    is_begun: bool = False

    @property
    def scoring_uri(self) -> str:
        """Where the service answers."""
        return scoring_uri(self.host, self.port, self.cname, machine_of(self.engine))

    @property
    def is_elsewhere(self) -> bool:
        """Whether the service belongs to another machine's engine."""
        return self.machine != socket.gethostname()

    def write(self, folder: Path) -> None:
        """Replace the record in one step."""
        unfinished = folder / (NAME + ".new")
        unfinished.write_text(json.dumps(asdict(self)), encoding="utf-8")
        unfinished.replace(folder / NAME)

    @classmethod
    def read(cls, folder: Path) -> DockerRecord | None:
        """Read the record, or None when the service has never served here."""
        try:
            document: Mapping[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(**document)

    @classmethod
    def here(cls, folder: Path, service: str) -> DockerRecord | None:
        """The same of a service of this machine.

        Raises
        ------
        TargetError : it belongs to another one, or to another engine than the one that is in use.
        """
        record = cls.read(folder)
        if record is not None and record.is_elsewhere:
            raise TargetError(f"'{service}' runs on {record.machine}", remedy="do this on that machine")
        if record is not None and (other := record.other_engine()):
            remedy = f"set DOCKER_HOST={record.engine}, or use the Docker context that it was deployed with"
            raise TargetError(f"'{service}' {other}", remedy=remedy)
        return record

    def other_engine(self) -> str:
        """Say so where the service is on another engine than the one that is in use; empty where it is not."""
        used = address()
        if not (self.engine and used) or self.engine == used:
            return ""
        return f"runs on the Docker Engine at {self.engine}, and the one in use is at {used}"
