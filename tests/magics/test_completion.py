from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy import Workspace

Complete = Callable[[str], list[str]]


@pytest.fixture
def complete(shell: InteractiveShell) -> Complete:
    """What is offered at the end of a text."""

    def offered(text: str) -> list[str]:
        with provisionalcompleter():
            found = list(shell.Completer.completions(text, len(text)))
        return [item.text for item in found]

    return offered


REGISTER = """
import sys
from pathlib import Path
from jupyter_deploy import Model, Workspace
Path("m.txt").write_text(sys.argv[1])
Model.register(Workspace(), "m.txt", "elsewhere")
"""


def test_models_registered_a_moment_ago_by_another_process_are_offered(complete: Complete, here: Path) -> None:
    assert complete("%deploy svc --models els") == []
    for text in ("one", "two"):
        subprocess.run([sys.executable, "-c", REGISTER, text], check=True, capture_output=True, env=dict(os.environ))
    assert complete("%deploy svc --models els") == ["elsewhere"]
    assert complete("%deploy svc --models elsewhere:") == ["elsewhere:1", "elsewhere:2"]
    assert "elsewhere" in complete("%deploy svc --models elsewhere:1 ")
    assert complete("%deploy svc \\\n  --models els") == ["elsewhere"]
    assert complete("service = %deploy svc --models els") == ["elsewhere"]


def test_options_are_offered_with_their_aliases_and_once(complete: Complete) -> None:
    assert {"--models", "--port", "--po", "--wait"} <= set(complete("%deploy svc --"))
    assert complete("%deploy svc --max-r") == ["--max-request-wait-time"]
    assert "--script" not in complete("%deploy svc --script score.py --")
    assert "--models" in complete("%deploy svc --models a --")
    assert "--try" in complete("%%score_script score.py --t")
    assert not [name for name in complete("%services --") if name.startswith("-")]


def test_values_are_offered_where_they_are_few(complete: Complete) -> None:
    assert complete("%deploy svc --auth-enabled ") == ["false", "true"]
    assert complete("%deploy svc --target ") == ["kubernetes", "local", "process"]
    assert "kernel" in complete("%deploy svc --env ")


def test_files_and_variables(complete: Complete, here: Path, shell: InteractiveShell) -> None:
    (here / "scripts").mkdir()
    (here / "scripts" / "score.py").touch()
    shell.user_ns["scaled_rows"] = [1]
    assert complete("%deploy svc --script scr") == ["scripts/"]
    assert complete("%deploy svc --script scripts/sc") == ["scripts/score.py"]
    assert complete("%score svc scaled") == ["scaled_rows"]
    assert complete("%register_model sc") == ["scaled_rows", "scripts/"]
    assert complete("%deploy svc --script missing/zq") == []


def test_services_are_offered(complete: Complete, workspace: Workspace, here: Path) -> None:
    from datetime import datetime, timezone

    from jupyter_deploy.workspace.records import ServiceRecord

    now = datetime.now(timezone.utc)
    record = ServiceRecord("my-service", "process", created_time=now, updated_time=now, created_by="me")
    workspace.folder.services.put(record)
    try:
        assert complete("%score my") == ["my-service"]
        assert complete("%delete_service ") == ["my-service"]
    finally:
        workspace.folder.services.remove("my-service")


def test_a_broken_workspace_is_no_obstacle_to_typing(
    complete: Complete, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "file").touch()
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(here / "file"))
    assert complete("%deploy svc --models zq") == []
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(here / "missing"))
    assert complete("%deploy svc --models zq") == []
    assert not (here / "missing").exists()
