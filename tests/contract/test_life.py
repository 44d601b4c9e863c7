"""A service's life, on every target: it serves, changes, stops, comes back, and goes without a trace."""

from __future__ import annotations

import pytest

from jupyter_deploy import Webservice
from jupyter_deploy.engine.places import bundle_folder
from jupyter_deploy.engine.services import where
from jupyter_deploy.errors import NameTaken, OperationCancelled, OperationFailed, UserError
from tests.contract.rigs import Refused, Rig
from tests.helpers import wait_until


def served_bundle(service: Webservice) -> dict[str, bytes]:
    """The files of the bundle that serves; Python may add to it what it compiled."""
    current = service.view.current
    assert current is not None
    folder = bundle_folder(service.workspace.folder, service.name, current.bundle)
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_deployed_service_is_healthy_and_answers(shared: Rig, served: Webservice) -> None:
    assert (served.state, served.error) == ("Healthy", "")
    assert shared.answer(served) == "one"


def test_its_log_is_in_its_folder(shared: Rig, served: Webservice) -> None:
    target, place = where(shared.workspace.folder, served.view)
    assert target.logs(place)
    assert all(place.folder in file.parents for file in target.logs(place))
    assert served.get_logs()


def test_the_same_content_again_returns_the_service(shared: Rig, served: Webservice) -> None:
    before = (served.version, len(served.history()), served.operation and served.operation.id)
    again = shared.deploy("shared", "one", auth_enabled=True)
    assert again.state == "Healthy"
    assert (again.version, len(again.history()), again.operation and again.operation.id) == before


def test_other_content_under_a_taken_name_is_refused(shared: Rig, served: Webservice) -> None:
    before = len(served.history())
    with pytest.raises(NameTaken, match=r"'shared' exists, with other content .*\n.*update.*--overwrite"):
        shared.deploy("shared", "other", auth_enabled=True)
    assert shared.answer(served) == "one"
    assert len(served.history()) == before


def test_overwriting_is_an_update_and_rollback_restores_every_byte(shared: Rig, served: Webservice) -> None:
    uri, keys, version, first = served.scoring_uri, served.get_keys(), served.version, served_bundle(served)

    shared.deployed("shared", "two", auth_enabled=True, overwrite=True)
    assert shared.answer(served) == "two"
    assert (served.state, served.scoring_uri, served.get_keys()) == ("Healthy", uri, keys)
    assert served.version != version
    assert served_bundle(served) != first

    served.rollback()
    served.wait_for_deployment()
    assert shared.answer(served) == "one"
    assert (served.state, served.scoring_uri, served.get_keys()) == ("Healthy", uri, keys)
    assert served_bundle(served) == first
    assert served.history()[-1].note == f"rollback to {version}"


def test_a_stopped_service_comes_back_at_its_address(shared: Rig, served: Webservice) -> None:
    before = (served.scoring_uri, served.version, len(served.history()))
    served.stop()
    assert (served.state, served.error) == ("Stopped", "")
    with pytest.raises(OSError):
        shared.answer(served)
    with pytest.raises(UserError, match=r"'shared' does not serve, it is Stopped.*\n.*start"):
        served.run("[1]")

    served.start()
    assert served.state == "Healthy"
    assert shared.answer(served) == "one"
    served.stop()
    shared.deployed("shared", "one", auth_enabled=True)  # the same content starts what is stopped
    assert served.state == "Healthy"
    assert shared.answer(served) == "one"
    assert (served.scoring_uri, served.version, len(served.history())) == before


def test_starting_what_runs_begins_no_operation(served: Webservice) -> None:
    before = served.operation and served.operation.id
    served.start()
    assert before == (served.operation and served.operation.id)


def test_changing_one_key_leaves_the_other_one_good(shared: Rig, served: Webservice) -> None:
    primary, secondary = served.get_keys()
    for wrong in ("", "wrong"):
        with pytest.raises(Refused):
            shared.answer(served, wrong)
    served.regen_key("Primary")
    new, kept = served.get_keys()
    assert kept == secondary
    assert shared.answer(served, new) == shared.answer(served, secondary) == "one"
    with pytest.raises(Refused):
        shared.answer(served, primary)


def test_a_first_deployment_that_does_not_serve_leaves_the_name_free(rig: Rig) -> None:
    service = rig.deploy("service", fail="no such column")
    with pytest.raises(OperationFailed, match="no such column"):
        service.wait_for_deployment()
    assert (service.state, service.scoring_uri) == ("Failed", None)
    assert "no such column" in service.error
    wait_until(lambda: not rig.running(), seconds=3)

    service = rig.deploy("service", "two", gate=rig.folder / "never")
    rig.wait_until_starting(service)
    assert service.state == "Transitioning"
    assert service.operation is not None
    assert service.operation.cancel()
    with pytest.raises(OperationCancelled):
        service.wait_for_deployment()
    assert (service.state, service.scoring_uri) == ("Failed", None)
    wait_until(lambda: not rig.running(), seconds=3)
