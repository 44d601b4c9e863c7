"""A workspace with as much in it as the panel has to bear."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import sqlalchemy as sa

from jupyter_deploy import Workspace
from jupyter_deploy.workspace.records import ModelRecord, ServiceRecord, StoredFile
from jupyter_deploy.workspace.schema import model_files, models, services

MODELS, SERVICES = 5000, 500
_START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def record_many(workspace: Workspace) -> None:
    """Record 5,000 models, and 500 services that pretend to run."""
    held = [_model(number) for number in range(MODELS)]
    rows = [{key: value for key, value in vars(one).items() if key != "files"} for one in held]
    files = [{"name": one.name, "version": one.version, **vars(one.files[0])} for one in held]
    serving = [ServiceRecord(f"service-{n:03}", "fake", _START, _START, "tester", served=True) for n in range(SERVICES)]
    with workspace.folder.database.writing() as connection:
        connection.execute(sa.insert(models), rows)
        connection.execute(sa.insert(model_files), files)
        connection.execute(sa.insert(services), [vars(one) for one in serving])


def _model(number: int) -> ModelRecord:
    file = StoredFile("model.pkl", f"{number:064x}", 1000 * number)
    moment, tags = _START + timedelta(minutes=number), {"stage": "live", "number": f"{number}"}
    name, version = f"model-{number % 700:03}", number // 700 + 1
    return ModelRecord(name, version, moment, "tester", "model.pkl", False, (file,), tags=tags, framework="ScikitLearn")


def forget_all(workspace: Workspace) -> None:
    """Forget every model, and every service that only pretends to run."""
    with workspace.folder.database.writing() as connection:
        for table in (services, model_files, models):
            connection.execute(sa.delete(table))
