"""Every file of a workspace is accounted for, or named here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_deploy import Workspace
from jupyter_deploy.engine.services import list_services

ALWAYS = {"workspace.json", "records.db", "records.db-wal", "records.db-shm", "trusted.txt"}
OF_AN_OPERATION = {"request.json", "events.jsonl", "output.log"}
OF_A_SERVICE = {"process.json", "docker.json", "supervisor.log", "log"}


class Accounts:
    """What the records of a workspace explain.

    Parameters
    ----------
    workspace : nobody changes it meanwhile.
    """

    def __init__(self, workspace: Workspace) -> None:
        folder = workspace.folder
        self._root = folder.path
        self._operations = {record.id for record in folder.operations.list()}
        self._bundles = {view.record.name: {each.bundle for each in view.needed} for view in list_services(folder)}
        scripts = (each.request["script"] for view in list_services(folder) for each in view.needed)
        self._files = {file.sha256 for model in folder.models.list() for file in model.files}
        self._files |= {file["sha256"] for script in scripts for file in script["files"]}

    def unexplained(self) -> list[str]:
        """The files that nothing in the records explains; relative to the workspace."""
        return sorted(path.as_posix() for path in self._all() if not self._explain(path.parts))

    def _all(self) -> Iterator[Path]:
        for base, _, names in os.walk(self._root):
            yield from (Path(base, name).relative_to(self._root) for name in names)

    def _explain(self, parts: tuple[str, ...]) -> bool:
        place, *rest = parts
        if not rest:
            return place in ALWAYS
        if place == "services":
            return self._explain_service(*rest)
        if place == "operations":
            return rest[0] in self._operations and rest[1] in OF_AN_OPERATION
        if place == "secrets":
            return rest[0].removesuffix(".keys") in self._bundles
        return place == "backups" or (place == "locks" and rest[0].endswith(".lock")) or rest[-1] in self._files

    def _explain_service(self, name: str, place: str, *rest: str) -> bool:
        needed = self._bundles.get(name)
        return needed is not None and (place in OF_A_SERVICE or (place == "bundles" and rest[0] in needed))
