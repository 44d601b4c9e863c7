"""``ModelDataCollector``: what a script collects itself, in the original's layout of files (azureml-v1 6.8)."""

from __future__ import annotations

import csv
import io
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from .. import logs
from ..settings import Settings

CORRELATION, MOMENT = "$aml_dc_correlation_id", "$aml_dc_scoring_timestamp"
USER_CORRELATION, REQUEST = "$aml_dc_user_correlation_id", "$aml_dc_request_id"
_HEAD = (CORRELATION, MOMENT, USER_CORRELATION, REQUEST)
_UNSAFE = re.compile(r"^\.+|[^\w.-]+")

Send = Callable[[dict[str, Any], bytes], None]
Rows = Sequence[Sequence[Any]]


class _Keeping:
    """Where what is collected goes in this process; nowhere until it is said."""

    service: Settings | None = None
    send: Send | None = None
    said = False


def keep_for(service: Settings) -> None:
    """Let collectors keep data of a service, as soon as there is somebody to send it to."""
    _Keeping.service = service


def send_to(send: Send) -> None:
    """Give what is collected from now on to somebody, as a record and rows of CSV."""
    _Keeping.send = send


class ModelDataCollector:
    """Keeps data of a model, as the original's class of this name does.

    Parameters
    ----------
    model_name : of the model.
    designation : "inputs", "predictions", "labels", "signals" or another name; ``identifier`` in older scripts.
    feature_names : the columns. workspace, webservice_name, model_version : the service's own where they are not given.
    collection_name : of the files.

    Example
    -------
    >>> inputs = ModelDataCollector("diabetes", designation="inputs", feature_names=["age", "bmi"])
    >>> correlations = inputs.collect([[59, 32.1]])
    """

    def __init__(
        self,
        model_name: str,
        designation: str = "default",
        feature_names: Sequence[str] | None = None,
        workspace: str = "default/default/default",
        webservice_name: str = "default",
        model_version: str = "default",
        collection_name: str = "default",
        identifier: str | None = None,
    ) -> None:
        self.model_name = model_name
        self.designation = identifier or designation
        self.feature_names = [str(name) for name in feature_names] if feature_names is not None else None
        service = _Keeping.service
        if service is not None:
            known = dict(model.rsplit(":", 1) for model in service.models)
            workspace = (
                f"default/default/{service.workspace or 'default'}" if workspace.startswith("default/") else workspace
            )
            webservice_name = service.name if webservice_name == "default" else webservice_name
            model_version = known.get(model_name, model_version) if model_version == "default" else model_version
        parts = (*workspace.split("/"), webservice_name, model_name, str(model_version), self.designation)
        self._path = [_UNSAFE.sub("_", part) or "default" for part in parts]
        self._name = "data" if collection_name == "default" else _UNSAFE.sub("_", collection_name)

    def collect(self, input_data: Any, user_correlation_id: str = "") -> dict[str, str] | None:
        """Keep rows; a failure to do so is a line in the log and never the request's.

        Parameters
        ----------
        input_data : a list, array, table or Spark table. user_correlation_id : kept with each row.

        Returns
        -------
        of the designation "inputs", what ``add_correlations`` ties other data to these rows by.
        """
        ids = {CORRELATION: str(uuid.uuid4()), MOMENT: datetime.now(timezone.utc).isoformat()}
        if _Keeping.service is None:
            _say_that_it_is_off()
        elif _Keeping.send is None:
            logs.server.warning("%s of %s not collected: no request is being served", self.designation, self.model_name)
        else:
            try:
                self._send(_Keeping.send, input_data, ids, user_correlation_id)
            except Exception as error:  # objects of any kind come here
                logs.server.warning("%s of %s not collected: %s", self.designation, self.model_name, error)
        return ids if self.designation == "inputs" else None

    def add_correlations(self, input_data: Any, correlations: Mapping[str, Any] | None) -> Any:
        """Return data as a table with the columns that ``collect`` returned, to be collected with them."""
        if not correlations:
            return input_data
        import pandas as pd

        names, rows = table_of(input_data, self.feature_names)
        return pd.DataFrame([list(row) for row in rows], columns=names).assign(**correlations)

    def _send(self, send: Send, data: Any, ids: Mapping[str, str], user_id: str) -> None:
        names, rows = table_of(data, self.feature_names)
        own = {
            CORRELATION: ids[CORRELATION],
            MOMENT: ids[MOMENT],
            USER_CORRELATION: user_id,
            REQUEST: logs.request_id.get(),
        }
        places = {name: names.index(name) for name in _HEAD if name in names}  # tied to other rows by add_correlations
        rest = [index for index in range(len(names)) if index not in places.values()]
        text = io.StringIO()
        csv.writer(text).writerows(
            [*(row[places[name]] if name in places else own[name] for name in _HEAD), *(row[index] for index in rest)]
            for row in rows
        )
        record = {
            "type": "collect", "id": 0, "time": time.time(), "path": self._path, "name": self._name,
            "header": [*_HEAD, *(names[index] for index in rest)],
        }  # fmt: skip
        send(record, text.getvalue().encode("utf-8", "replace"))


def table_of(data: Any, names: Sequence[str] | None) -> tuple[list[str], Rows]:
    """Return data as names of columns and rows.

    A flat list or array is one row where there are as many names, else a column of one value a row.
    """
    data = data.toPandas() if hasattr(data, "toPandas") else data
    data = data.to_frame() if hasattr(data, "to_frame") and not hasattr(data, "columns") else data
    if hasattr(data, "columns") and hasattr(data, "itertuples"):
        return [str(name) for name in data.columns], list(data.itertuples(index=False, name=None))
    data = data.tolist() if hasattr(data, "tolist") else data
    if not isinstance(data, list | tuple | Mapping | str | int | float):
        raise TypeError(f"{type(data).__name__} is neither a list nor an array or a table")
    items: list[Any] = list(data) if isinstance(data, list | tuple) else [data]
    if items and all(isinstance(item, Mapping) for item in items):
        found = list(dict.fromkeys(str(key) for item in items for key in item))
        return found, [[item.get(name, "") for name in found] for item in items]
    if not any(isinstance(item, list | tuple) for item in items):
        items = [items] if names is not None and len(names) == len(items) else [[item] for item in items]
    rows = [item if isinstance(item, list | tuple) else [item] for item in items]
    width = max(map(len, rows), default=0)
    if names is not None and len(names) == width:
        return list(names), rows
    return [str(index) for index in range(width)], rows


def _say_that_it_is_off() -> None:
    if not _Keeping.said:
        _Keeping.said = True
        logs.server.warning(
            "data collection is off in this service; collect() keeps nothing (collect_model_data, dataCollection.storageEnabled)"
        )
