"""No secret is anywhere but in the secrets folder, on every target."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import psutil

from jupyter_deploy.targets import find_target
from tests.contract.rigs import Rig
from tests.helpers import processes_of


def holders_of(marker: str, folder: Path) -> list[Path]:
    """The files below a folder whose name or content has the marker."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if marker in path.name or marker.encode() in path.read_bytes()]


def tellers_of(marker: str, processes: list[psutil.Process]) -> list[list[str]]:
    """The command lines of processes that show the marker in their arguments or environment."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # the operation's own process may just have ended
            arguments = process.cmdline()
            if any(marker in text for text in (*arguments, *process.environ().values())):
                found.append(arguments)
    return found


def test_a_secret_is_nowhere_but_in_the_secrets_folder(rig: Rig, tmp_path: Path) -> None:
    marker = "MARKEDSECRET"
    gate = tmp_path / "gate"
    secret: dict[str, Any] = {
        row.name: marker + row.name for row in find_target(rig.target).options.rows() if row.secret
    }
    assert secret
    if "app_insights_connection_string" in secret:
        secret["enable_app_insights"] = True
    if "models_storage_options" in secret:
        secret["models_storage_options"] = json.dumps({"key": marker})
    service = rig.deploy("service", gate=gate, auth_enabled=True, **secret)
    rig.wait_until_starting(service)
    assert processes_of(rig.workspace)
    assert tellers_of(marker, processes_of(rig.workspace)) == []
    rig.open(gate)
    service.wait_for_deployment()
    assert rig.answer(service, secret["primary_key"]) == "one"
    service.regen_key("Primary", marker + "renewed")
    assert rig.answer(service, marker + "renewed") == "one"

    found = holders_of(marker, rig.workspace.path)
    assert {path.parent.name for path in found} == {"secrets"}
    assert {path.stat().st_mode & 0o777 for path in found} == {0o600}
    assert found[0].parent.stat().st_mode & 0o777 == 0o700
    assert tellers_of(marker, processes_of(rig.workspace)) == []
    assert marker not in rig.shown()
    assert marker not in f"{service!r} {service._repr_html_()} {service.serialize()} {service.get_logs()}"
