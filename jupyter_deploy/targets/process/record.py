"""What the process target remembers of a service in its folder: which processes, which version, which address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_deploy.targets.addresses import scoring_uri
from jupyter_deploy.workspace.identity import ProcessIdentity

NAME = "process.json"
_NEW = NAME + ".new"


@dataclass(frozen=True)
class ProcessRecord:
    """A service on this target, from its first serving version to its deletion.

    Parameters
    ----------
    host, port : its address, for its whole life.
    version : the version that serves, or served last.
    control : the supervisor's socket.
    supervisor : the supervisor's identity; None after an orderly stop.
    cname : the name in its address where it answers over TLS; empty where it does not.
    """

    host: str
    port: int
    version: int
    control: str
    supervisor: ProcessIdentity | None
    cname: str = ""

    @property
    def scoring_uri(self) -> str:
        """Where the service answers; without a name, a wildcard address is reached over loopback."""
        return scoring_uri(self.host, self.port, self.cname)

    def stopped(self) -> ProcessRecord:
        """The same after an orderly stop."""
        return replace(self, supervisor=None)

    def write(self, folder: Path) -> None:
        """Replace the record in one step."""
        self.prepare(folder)
        self.put_in_force(folder)

    def prepare(self, folder: Path) -> None:
        """Write the record beside the one in force, which takes room on the disk; OSError where there is none."""
        (folder / _NEW).write_text(json.dumps(asdict(self)), encoding="utf-8")

    def put_in_force(self, folder: Path) -> None:
        """Let the record that was prepared last replace the one in force, which takes no room."""
        (folder / _NEW).replace(folder / NAME)

    @classmethod
    def read(cls, folder: Path) -> ProcessRecord | None:
        """Read the record, or None when the service has never served here."""
        try:
            document: Mapping[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        supervisor = document["supervisor"]
        identity = ProcessIdentity.from_json(supervisor) if supervisor else None
        return cls(**{**document, "supervisor": identity})
