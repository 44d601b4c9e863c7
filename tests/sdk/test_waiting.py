from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.errors import DeployError, ServiceNotFound, UserError
from tests.helpers import write_script
from tests.services import NAME, begin


def test_waiting_prints_the_steps_and_ends_with_the_line_of_the_original(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = begin(workspace, write_script(tmp_path))
    service.wait_for_deployment(show_output=True)
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == 'Process service creation operation finished, operation "Succeeded"'
    for text in ("environment", "bundle", "start of the service", "start: worker ready", "switch to the new version"):
        assert any(line.endswith(f"  {text}") for line in lines), text
    service.wait_for_deployment()
    assert capsys.readouterr().out.splitlines() == [last]
    service.update(inference_config=None, max_request_wait_time=800)
    service.wait_for_deployment()
    assert capsys.readouterr().out.splitlines() == ['Process service update operation finished, operation "Succeeded"']


def test_waiting_for_a_failure_ends_with_that_line_and_the_cause(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = begin(workspace, write_script(tmp_path, "def init():\n    1 / 0\ndef run(data):\n    return data"))
    with pytest.raises(DeployError, match="ZeroDivisionError"):
        service.wait_for_deployment(show_output=True)
    assert capsys.readouterr().out.splitlines()[-1] == 'Process service creation operation finished, operation "Failed"'
    assert (service.state, service.scoring_uri, service.swagger_uri, service.version) == ("Failed", None, None, None)
    with pytest.raises(UserError, match=f"'{NAME}' does not serve, it is Failed: .*ZeroDivisionError"):
        service.run("x")
    (version,) = service.history()
    assert not version.current
    assert version.served_time is None
    assert "ZeroDivisionError" in str(version.error)
    assert "ZeroDivisionError" in repr(service.history())


def test_a_wait_that_is_shown_ends_in_time_too(workspace: Workspace, tmp_path: Path) -> None:
    service = begin(
        workspace,
        write_script(tmp_path, "import time\ndef init():\n    time.sleep(60)\ndef run(data):\n    return data"),
    )
    with pytest.raises(TimeoutError, match="it goes on, and can be waited for again or cancelled"):
        service.wait_for_deployment(show_output=True, timeout_sec=0.5)
    assert service.state == "Transitioning"
    service.delete()
    with pytest.raises(ServiceNotFound, match=r"^WebserviceNotFound"):
        _ = service.state
    assert "deleted" in repr(service)
    assert "deleted" in service._repr_html_()
    assert repr(Webservice.list(workspace)) == "no services yet; deploy one first"
