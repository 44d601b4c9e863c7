"""The models and the services of a workspace as live tables: filtered, sorted, opened, compared."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import traitlets

from jupyter_deploy.engine.rounds import PERIOD, REST, Rounds, Seen
from jupyter_deploy.sdk.comparison import compare
from jupyter_deploy.sdk.display import Table, human_size, shown
from jupyter_deploy.sdk.model import Model
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.widgets.answers import Answers, Tell, asked, error_of
from jupyter_deploy.widgets.modules import module
from jupyter_deploy.widgets.repeating import Repeated
from jupyter_deploy.widgets.view import View
from jupyter_deploy.workspace.records import ModelOutline, ServiceRecord

LONGEST = 500
"""Characters of a cell."""

Cells = tuple[Any, ...]
"""The cells of a row: texts, numbers, and pairs of what it is sorted by and what is shown."""


class TableAnswers(Answers):
    """Rows that are kept up to date while a table is open; only those that changed are told.

    Parameters
    ----------
    facts : what else the table has to know: its ``columns``, and what to say and do where it is ``empty``. tell : reaches the tables.
    """

    def __init__(self, facts: Mapping[str, Any], tell: Tell) -> None:
        super().__init__(tell)
        self._facts = facts
        self._changing = threading.Lock()
        self._rows: dict[str, Cells] = {}
        self._count = 0
        self._repeated = Repeated(self._refresh, "rows of a table")

    def find(self) -> dict[str, Cells]:
        """All rows by their keys, as they are now or as far as is known."""
        raise NotImplementedError

    @asked
    def rows(self) -> dict[str, Any]:
        """All rows; from now on what changes is told, with a count by which what is older than this is known."""
        with self._changing:
            if not self._repeated.is_under_way:
                self._rows = self.find()
            self._repeated.want()
            return {**self._facts, "rows": list(self._rows.items()), "count": self._count}

    @asked
    def sign(self) -> None:
        """The table is still open."""
        self._repeated.want()

    def close(self) -> None:
        """Keep nothing up to date any more."""
        self._repeated.close()

    def pause(self, took: float) -> float:
        """Seconds until the next look, after one that took so many seconds of a processor."""
        return max(PERIOD, REST * took)

    def _refresh(self) -> float:
        began = time.thread_time()
        try:
            self._tell_changes()
        except Exception as error:  # it is shown, and the next look may find everything well
            self.tell("failed", error=error_of(error))
        return self.pause(time.thread_time() - began)

    def _tell_changes(self) -> None:
        with self._changing:
            rows = self.find()
            changed = [(key, cells) for key, cells in rows.items() if self._rows.get(key) != cells]
            gone = [key for key in self._rows if key not in rows]
            self._rows = rows
            if changed or gone:
                self._count += 1
                self.tell("changed", rows=changed, gone=gone, count=self._count)


class ModelsAnswers(TableAnswers):
    """The models of a workspace, as their table asks for them.

    Parameters
    ----------
    workspace : which. name : only the versions of this model. tell : reaches the tables.
    """

    COLUMNS = ("name", "version", "framework", "size", "created", "tags")

    def __init__(self, workspace: Workspace, name: str | None, tell: Tell) -> None:
        empty = (f"No version of '{name}' is registered." if name else "No models yet. Register one first:",
                 f"%register_model model.pkl --name {name or 'my-model'}")  # fmt: skip
        super().__init__({"columns": self.COLUMNS, "empty": empty, "compares": True, "opens": False}, tell)
        self._workspace, self._name = workspace, name

    def find(self) -> dict[str, Cells]:
        """Every version."""
        return {model.id: _model_cells(model) for model in self._workspace.folder.models.outlines(self._name)}

    @asked
    def compare(self, left: str, right: str) -> list[dict[str, Any]]:
        """Two versions side by side."""
        rows = compare(Model(self._workspace, id=left), Model(self._workspace, id=right)).rows()
        return [{**row, "left": _cut(row["left"]), "right": _cut(row["right"])} for row in rows]


class ServicesAnswers(TableAnswers):
    """The services of a workspace, as their table asks for them.

    Parameters
    ----------
    workspace : which. on_open : is given the service that is to be opened; None where none can be. tell : reaches the tables.
    """

    COLUMNS = ("name", "state", "version", "models", "target", "URL", "created", "remark")

    def __init__(self, workspace: Workspace, on_open: Callable[[Webservice], None] | None, tell: Tell) -> None:
        empty = ("No services yet. Deploy a model first:", "%deploy my-service --models my-model")
        facts = {"columns": self.COLUMNS, "empty": empty, "compares": False, "opens": on_open is not None}
        super().__init__(facts, tell)
        self._workspace, self._on_open = workspace, on_open
        self._rounds = Rounds(workspace.folder)

    def find(self) -> dict[str, Cells]:
        """Every service, as far as is known."""
        return {name: _service_cells(seen) for name, seen in self._rounds.go().items()}

    def pause(self, took: float) -> float:
        """No pause until every service was looked at once."""
        return self._rounds.pause(took)

    @asked
    def open(self, name: str) -> None:
        """Open a service."""
        assert self._on_open is not None  # else the table has nothing to press
        self._on_open(Webservice(self._workspace, name))


class _TableView(View):
    _esm = module("table.js")

    name = traitlets.Unicode().tag(sync=True)

    def listed(self) -> Table[Any]:
        """What is shown where widgets cannot run."""
        raise NotImplementedError

    def plain(self) -> str:
        """The first rows."""
        return repr(self.listed())

    def html(self) -> str:
        """The first rows, as HTML."""
        return self.listed()._repr_html_()


class ModelsTable(_TableView):
    """The models of a workspace, live: filtered, sorted, and two versions compared.

    Parameters
    ----------
    workspace : which. model : only the versions of this model.

    Example
    -------
    >>> ModelsTable(ws)  # doctest: +SKIP
    """

    def __init__(self, workspace: Workspace, model: str | None = None) -> None:
        self._workspace, self._model = workspace, model
        super().__init__({"": lambda tell: ModelsAnswers(workspace, model, tell)}, name="Models")

    def listed(self) -> Table[Model]:
        """The newest models."""
        return Model.list(self._workspace, self._model, limit=50)


class ServicesTable(_TableView):
    """The services of a workspace with their states, live: filtered, sorted, opened.

    Parameters
    ----------
    workspace : which. on_open : is given the service that is to be opened; without it none can be.

    Example
    -------
    >>> ServicesTable(ws, on_open=lambda service: print(service.name))  # doctest: +SKIP
    """

    def __init__(self, workspace: Workspace, on_open: Callable[[Webservice], None] | None = None) -> None:
        self._workspace = workspace
        super().__init__({"": lambda tell: ServicesAnswers(workspace, on_open, tell)}, name="Services")

    def listed(self) -> Table[Webservice]:
        """The services."""
        return Webservice.list(self._workspace)


def _model_cells(model: ModelOutline) -> Cells:
    framework = " ".join(filter(None, (model.framework, model.framework_version)))
    size = (model.size, human_size(model.size))
    return (model.name, model.version, framework, size, _moment(model.created_time), _cut(shown(model.tags)))


def _service_cells(seen: Seen) -> Cells:
    recorded = _recorded(seen.view.record if seen.view else seen.record)
    if seen.error is not None:
        return (*recorded[:1], "Unknown", *recorded[2:-1], _cut(error_of(seen.error)["what"]))
    if seen.view is None:
        return recorded
    models = shown(seen.view.current.models) if seen.view.current else ""
    status = seen.view.status
    return (*recorded[:1], status.state, recorded[2], _cut(models), *recorded[4:-1], _cut(status.error))


def _recorded(record: ServiceRecord) -> Cells:
    """What is known of a service before it was looked at."""
    created = _moment(record.created_time)
    return (record.name, "…", record.current, "", record.target, record.scoring_uri or "", created, "")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _moment(time: datetime) -> tuple[float, str]:
    return time.timestamp(), time.astimezone().strftime("%Y-%m-%d %H:%M")
