from __future__ import annotations

import pytest

from jupyter_deploy.errors import DeployError, InUse, ModelNotFound, NotFound, ServiceNotFound


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (InUse("m:1 is in use", "by s", "update s"), "InUse: m:1 is in use\nby s\nupdate s"),
        (NotFound("there is no secret"), "NotFound: there is no secret"),
        (ModelNotFound("there is no m", remedy="list them"), "ModelNotFound: there is no m\nlist them"),
        (ServiceNotFound("there is no s"), "WebserviceNotFound: there is no s"),
    ],
)
def test_a_notebook_shows_kind_cause_and_remedy_each_once(error: DeployError, shown: str) -> None:
    assert error._render_traceback_() == [shown]
