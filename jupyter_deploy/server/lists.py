"""The lists of the panel: what is recorded in the workspace and what targets say of it, as rows."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

from jupyter_deploy.engine.places import COMPUTE
from jupyter_deploy.engine.rounds import Rounds, Seen
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.server.computes import Computes
from jupyter_deploy.server.documents import ModelRow, Rows, ServiceRow, ServiceState, Snapshot
from jupyter_deploy.server.operations import Operations
from jupyter_deploy.server.problems import problem_of
from jupyter_deploy.server.rates import Rates
from jupyter_deploy.server.watched import Watched
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ComputeRecord, ModelOutline

KEYS: Mapping[str, str] = {"models": "id", "services": "name", "computes": "name", "operations": "id"}
"""The lists, and in which field of a row its key is."""
LONGEST = 500
"""Characters of a text that people wrote."""


def no_rows() -> Rows:
    """Lists without rows."""
    return {"models": [], "services": [], "computes": [], "operations": []}


class Lists:
    """All that the panel shows of the workspace of a server's root folder; may be asked from several threads.

    Parameters
    ----------
    root : that folder.
    """

    def __init__(self, root: Path) -> None:
        self._watched = Watched(root)
        self._looking = threading.Lock()
        self._shown: _Shown | None = None

    def look(self) -> Snapshot:
        """All there is, as far as is known; costs little where nothing has changed. Rows that are the same are the same objects."""
        with self._looking:
            found = self._watched.look()
            problems: list[Exception] = [found.problem] if found.problem else []
            if found.folder is None:
                self._shown = None
            elif self._shown is None or self._shown.folder is not found.folder:
                self._shown = _Shown(found.folder)
            if self._shown is not None and found.mark is not None:
                try:
                    self._shown.look(found.mark)
                except Exception as error:  # what is shown stays, and the next look may find everything well
                    problems.append(error)
            rows = self._shown.rows if self._shown else no_rows()
            return {"workspace": found.address, "rows": rows, "problems": [problem_of(error) for error in problems]}


class _Shown:
    """What is shown of an open workspace.

    Attributes
    ----------
    folder : of the workspace. rows : as of the last look.
    """

    def __init__(self, folder: WorkspaceFolder) -> None:
        self.folder = folder
        self.rows = no_rows()
        self._rounds, self._operations = Rounds(folder), Operations(folder)
        self._computes, self._rates = Computes(), Rates(Workspace.of(folder))
        self._models: list[ModelRow] = []
        self._attached: Sequence[ComputeRecord] = ()
        self._serving: Mapping[str, Sequence[str]] = {}
        self._running: Mapping[str, str] = {}
        self._seen: Mapping[str, Seen] = {}
        self._mark: Hashable = None  # no look yet
        self._due = 0.0

    def look(self, mark: Hashable) -> None:
        """Read what is recorded where there is another mark, and look at services where something has changed or it is time."""
        is_new = mark != self._mark
        if is_new:
            self._read()
        operations = self._operations.rows()
        running = {row["service"]: row["id"] for row in operations if row["state"] == "Running"}
        if is_new or running != self._running or time.monotonic() >= self._due:
            self._go_round()
        self._mark, self._running = mark, running
        on_computes = defaultdict(list)
        for name, seen in self._seen.items():
            on_computes[seen.record.options.get(COMPUTE, "")].append(name)
        self.rows = {
            "models": self._models,
            "services": self._services(running),
            "computes": self._computes.rows(self._attached, on_computes),
            "operations": operations,
        }

    def _read(self) -> None:
        self._operations.read()
        self._attached = self.folder.computes.list()
        self._serving = self.folder.services.models_that_serve()
        users = defaultdict(list)
        for service, models in sorted(self._serving.items()):
            for model in models:
                users[model].append(service)
        self._models = [_model_row(model, users.get(model.id, [])) for model in self.folder.models.outlines()]

    def _go_round(self) -> None:
        began = time.thread_time()
        self._seen = self._rounds.go()
        self._due = time.monotonic() + self._rounds.pause(time.thread_time() - began)

    def _services(self, running: Mapping[str, str]) -> list[ServiceRow]:
        rates = self._rates.of([name for name, seen in self._seen.items() if _can_be_measured(seen)])
        return [
            _service_row(seen, self._serving.get(name, ()), running.get(name, ""), rates.get(name))
            for name, seen in self._seen.items()
        ]


def _model_row(model: ModelOutline, users: list[str]) -> ModelRow:
    return {
        "id": model.id,
        "name": model.name,
        "version": model.version,
        "description": _cut(model.description),
        "tags": _cut_all(model.tags),
        "framework": model.framework or "",
        "frameworkVersion": model.framework_version or "",
        "size": model.size,
        "created": model.created_time.timestamp(),
        "createdBy": model.created_by,
        "usedBy": users,
    }


def _service_row(seen: Seen, models: Sequence[str], operation: str, rate: float | None) -> ServiceRow:
    view = seen.view
    record = view.record if view else seen.record
    state, error = _state(seen)
    return {
        "name": record.name,
        "state": state,
        "error": _cut(error),
        "target": record.target,
        "compute": record.options.get(COMPUTE, ""),
        "url": record.scoring_uri or "",
        "version": record.current,
        "models": list(models),
        "description": _cut(record.description),
        "tags": _cut_all(record.tags),
        "created": record.created_time.timestamp(),
        "updated": record.updated_time.timestamp(),
        "requestsPerSecond": rate,
        "operation": operation,
        "canRollBack": bool(view and view.previous),
        "isElsewhere": bool(view and view.is_elsewhere),
    }


def _state(seen: Seen) -> tuple[ServiceState, str]:
    if seen.error:
        return "Unknown", problem_of(seen.error)["what"]
    return (seen.view.status.state, seen.view.status.error) if seen.view else ("", "")


def _can_be_measured(seen: Seen) -> bool:
    view = seen.view
    return bool(view and not view.is_elsewhere and view.status.state == "Healthy" and _is_http(view.record.scoring_uri))


def _is_http(uri: str | None) -> bool:
    return uri is not None and uri.startswith(("http://", "https://"))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _cut_all(texts: Mapping[str, str]) -> dict[str, str]:
    return {_cut(key): _cut(value) for key, value in texts.items()}
