"""A workspace with as much in it as the panel has to bear."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import sqlalchemy as sa

from jupyter_deploy import Workspace
from jupyter_deploy.workspace.records import ModelRecord, ServiceRecord, StoredFile
from jupyter_deploy.workspace.schema import model_files, models, services

MODELS, SERVICES = 5000, 500
OPENING = """() => {
  const isShown = () => ["models", "services"].every((list) => document.querySelector(`[data-list=${list}] [role=treeitem]`));
  const pressed = new Promise((resolve) => document.addEventListener("pointerdown", resolve, { capture: true, once: true }));
  window.opening = pressed.then(async () => {
    const began = performance.now();
    while (!isShown() && performance.now() < began + 10_000) await new Promise(requestAnimationFrame);
    return performance.now() - began;
  });
}"""
"""From the press of the button to the first rows of both lists, in milliseconds: begun before it, `opening` afterwards."""
SCROLLING = """async (list) => {
  const frames = [];
  let most = 0;
  let last = performance.now();
  for (let turn = 0; turn < 100; turn += 1) {
    list.scrollTop = (turn / 100) * list.scrollHeight;
    await new Promise(requestAnimationFrame);
    const { top, left, height } = list.getBoundingClientRect();
    if (!document.elementFromPoint(left + 20, top + height / 2)?.closest("[role=treeitem]")) throw new Error(`empty at ${turn}`);
    most = Math.max(most, list.querySelectorAll("[role=treeitem]").length);
    frames.push(performance.now() - last);
    last = performance.now();
  }
  return { median: frames.sort((one, other) => one - other)[50], most };
}"""
"""Scrolls through a list: the milliseconds of a frame, and the most rows that were drawn at once."""
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
