"""A service on the process target without the engine: bundles from small scripts, and the target's own calls."""

from __future__ import annotations

import json
import secrets
import sys
import textwrap
from pathlib import Path
from typing import Any

import psutil

from jupyter_deploy.bundle.contents import SealedFile, SealedScript
from jupyter_deploy.bundle.writer import BundleContents, write_bundle
from jupyter_deploy.targets.base import Place, Release, Status
from jupyter_deploy.targets.process.options import ProcessOptions
from jupyter_deploy.targets.process.record import ProcessRecord
from jupyter_deploy.targets.process.target import ProcessTarget
from jupyter_deploy.workspace.store import FileStore
from tests.helpers import Answer, post, wait_until

SAYS = """
import json, os, signal, sys, time

def init():
    {init}

def run(data):
    data = json.loads(data)["data"]
    {run}
"""


def script(run: str = "return data", init: str = "pass") -> str:
    """A script whose functions hold these lines."""
    return SAYS.format(init=textwrap.indent(init, "    ").strip(), run=textwrap.indent(run, "    ").strip())


class Running:
    """One service.

    Parameters
    ----------
    folder : an empty folder for everything that belongs to it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.target = ProcessTarget()
        self.place = Place(secrets.token_hex(4), "service", folder / "service", None)
        self.place.folder.mkdir(mode=0o700)
        self.reports: list[str] = []
        self._store = FileStore(folder / "files", folder / "files.lock")
        self._version = 0

    def use_keys(self, primary: str, secondary: str) -> None:
        """Ask for these keys from the next release on; a running service goes on with those it has read."""
        path = self.folder / "keys.json"
        path.write_text(json.dumps({"primaryKey": primary, "secondaryKey": secondary}))
        self.place = Place(self.place.workspace, self.place.service, self.place.folder, path)

    def release(self, text: str, **options: Any) -> Release:
        """A new version with a bundle that holds this script."""
        self._version += 1
        source = self.folder / "score.py"
        source.write_text(text)
        sha256, size = self._store.put(source)
        made = ProcessOptions(**{"auth_enabled": self.place.keys is not None, **options})
        bundle = self.place.folder / "bundles" / str(self._version)
        sealed = SealedScript("score.py", None, (SealedFile("score.py", sha256, size),))
        settings = self.target.server_settings(made)
        write_bundle(bundle, BundleContents("service", self._version, "test", (), sealed, "", settings), self._store)
        return Release(self._version, bundle, made, sys.executable)

    def report(self, text: str, **facts: Any) -> None:
        self.reports.append(text)

    def serve(self, release: Release) -> Status:
        """Bring a release up and let it take over."""
        with self.target.bring_up(self.place, release, self.report) as candidate:
            return candidate.take_over()

    def deploy(self, text: str, **options: Any) -> Status:
        return self.serve(self.release(text, **options))

    @property
    def status(self) -> Status:
        return self.target.status(self.place)

    @property
    def record(self) -> ProcessRecord:
        found = ProcessRecord.read(self.place.folder)
        assert found is not None
        return found

    @property
    def supervisor(self) -> int:
        assert self.record.supervisor is not None
        return self.record.supervisor.pid

    @property
    def log(self) -> str:
        return "".join(path.read_text() for path in self.target.logs(self.place))

    def post(self, data: Any = None, key: str | None = None) -> Answer:
        return post(self.record.scoring_uri, data, key)

    def wait_until_healthy(self) -> Status:
        return wait_until(lambda: self.status if self.status.state == "Healthy" else None)

    def processes(self) -> list[psutil.Process]:
        """Whatever of it lives: each has a path in its folder on its command line."""
        named = (item for item in psutil.process_iter(["cmdline", "status"]) if item.info["cmdline"])
        ours = (item for item in named if any(str(self.folder) in argument for argument in item.info["cmdline"]))
        return [item for item in ours if item.info["status"] != psutil.STATUS_ZOMBIE]

    def take_away(self) -> None:
        """Delete it and assert that no process of it is left."""
        try:
            self.target.delete(self.place)
            wait_until(lambda: not self.processes(), seconds=5)
        finally:
            for process in self.processes():
                process.kill()
