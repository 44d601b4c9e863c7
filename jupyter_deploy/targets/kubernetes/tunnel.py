"""The tunnel of a service as the target sees it: a process of this machine (``forward.py``) that is started, found again, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.addresses import address_error
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.connecting import compute_of
from jupyter_deploy.targets.kubernetes.names import object_name
from jupyter_deploy.targets.kubernetes.record import put
from jupyter_deploy.workspace.detached import start_detached
from jupyter_deploy.workspace.identity import ProcessIdentity

NAME, _LOG = "tunnel.json", "tunnel.log"
HOST = "127.0.0.1"
"""Where tunnels listen: for this machine alone."""
_LOOK_EVERY = 0.02
_PATIENCE = 10.0
"""Seconds that a tunnel may take to listen no more."""


@dataclass(frozen=True)
class Tunnel:
    """The process that carries a service's requests, as it records itself in the service's folder.

    Parameters
    ----------
    process : that listens. port : where. compute : through which cluster.
    """

    process: ProcessIdentity
    port: int
    compute: Mapping[str, Any]

    def write(self, folder: Path) -> None:
        """Replace the record in one step."""
        put(folder / NAME, asdict(self))

    def remove(self, folder: Path) -> None:
        """Forget it."""
        (folder / NAME).unlink(missing_ok=True)

    @classmethod
    def read(cls, folder: Path) -> Tunnel | None:
        """Read the record, or None where there is no tunnel."""
        try:
            document = json.loads((folder / NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(ProcessIdentity.from_json(document["process"]), document["port"], document["compute"])


def start(place: Place, namespace: str, port: int) -> int:
    """See that the tunnel of a service listens, and return its port.

    Parameters
    ----------
    namespace : of the service. port : where it has to listen; 0 for any.

    Raises
    ------
    TargetError : somebody else listens there.
    """
    found, compute = Tunnel.read(place.folder), compute_of(place).to_json()
    if found and found.process.whereabouts() == "alive":
        if found.compute == compute and port in (0, found.port):
            return found.port
        end(place)
    where = ["--folder", str(place.folder), "--namespace", namespace, "--name", object_name(place)]
    with (place.folder / _LOG).open("ab") as errors:
        process = start_detached(
            "jupyter_deploy.targets.kubernetes.forward", [*where, "--compute", json.dumps(compute), "--port", str(port)],
            folder=place.folder, errors=errors, output=subprocess.PIPE,
        )  # fmt: skip
    assert process.stdout is not None
    with process.stdout as lines:
        answer = json.loads(lines.readline() or "{}")
    if "port" in answer:
        return int(answer["port"])
    if "error" in answer:
        what = address_error(HOST, port, answer["error"]).what
        raise TargetError(f"the tunnel {what}", remedy="end the program that uses the port, then start the service")
    raise TargetError("the tunnel did not start", (place.folder / _LOG).read_text(encoding="utf-8")[-2000:])


def end(place: Place) -> None:
    """See that nothing listens for a service any more, on whichever machine; what is being answered goes on to its end."""
    found = Tunnel.read(place.folder)
    if found and found.process.whereabouts() == "alive":
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while found == Tunnel.read(place.folder) and found.process.whereabouts() == "alive":
            if time.monotonic() > deadline:
                raise TargetError(f"the tunnel (process {found.process.pid}) did not end within {_PATIENCE:.0f} s")
            time.sleep(_LOOK_EVERY)
    for name in (NAME, _LOG):  # the first is what a tunnel of another machine looks for
        (place.folder / name).unlink(missing_ok=True)


def trouble(folder: Path) -> str:
    """Why nothing listens here for a service; empty where its tunnel does."""
    found = Tunnel.read(folder)
    if found is None:
        return "its tunnel was ended"
    return {
        "alive": "",
        "dead": f"its tunnel (process {found.process.pid}) was killed or crashed",
        "restarted": "its tunnel ended when the machine was restarted",
        "elsewhere": f"its tunnel is on {found.process.host}",
    }[found.process.whereabouts()]
