"""Services that only pretend to run, for tests of what is shown of them and done with them."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jupyter_deploy import InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.targets.fake import FakeOptions
from jupyter_deploy.workspace.records import ServiceRecord
from tests.helpers import register_text, write_script

NAME = "pretended"


def begin(workspace: Workspace, name: str = NAME, text: str = "one", **options: Any) -> Webservice:
    """Begin to deploy the next version of a model, or to update the service that is there."""
    config = InferenceConfig(str(write_script(workspace.path.parent)))
    return Model.deploy(
        workspace, name, [register_text(workspace, text)], config, FakeOptions(**options), overwrite=True
    )


def serve(workspace: Workspace, name: str = NAME, text: str = "one") -> Webservice:
    """Deploy or update, and wait until it serves."""
    service = begin(workspace, name, text)
    service.wait_for_deployment()
    return service


def behind(gate: Path) -> dict[str, str]:
    """The option with which a start goes no further until a file is there."""
    return {"gate": str(gate)}


def record_elsewhere(workspace: Workspace, name: str) -> None:
    """Record a service that belongs to another workspace folder over the same records."""
    now = datetime.now(timezone.utc)
    record = ServiceRecord(name, "fake", now, now, "tester", served=True, home="0123abcd", host="far-away")
    workspace.folder.services.put(record)
