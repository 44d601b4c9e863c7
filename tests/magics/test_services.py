"""Magics on a service, in a shell without a kernel (a terminal)."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.errors import UserError
from jupyter_deploy.workspace.records import ServiceRecord
from tests.helpers import register_text
from tests.magics.conftest import Run


def test_a_deployment_under_way_is_cancelled(
    run: Run, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    register_text(workspace)
    run("%%score_script\nimport time\ndef init(): time.sleep(60)\ndef run(data): return data\n")
    run("%deploy slow --models tiny --script score.py")
    shown = capsys.readouterr().out
    assert "slow: Transitioning (deploy, " in shown
    run("%cancel_service slow")
    assert capsys.readouterr().out == "deploy of slow: Cancelled\n"
    run("%cancel_service slow")
    assert capsys.readouterr().out == "nothing is under way on slow\n"
    with pytest.raises(UserError, match="'slow' does not serve"):
        run("%score slow [1]")


def test_a_service_that_never_ran_has_logged_nothing(
    run: Run, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(timezone.utc)
    workspace.folder.services.put(ServiceRecord("idle", "process", now, now, "tester"))
    run("%service_logs idle")
    assert capsys.readouterr().out == "idle has logged nothing yet\n"


def test_waiting_in_a_terminal_prints_the_steps_and_following_ends_with_the_service(
    run: Run, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    register_text(workspace)
    run("%%score_script\ndef init(): print('ready')\ndef run(data): return data\n")
    service = run("%deploy quick --models tiny --script score.py --wait")
    assert 'operation finished, operation "Succeeded"' in capsys.readouterr().out
    service.stop()
    run("%service_logs quick --follow")
    assert "ready" in capsys.readouterr().out
