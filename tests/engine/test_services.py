from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.engine.services import list_services
from jupyter_deploy.errors import ServiceNotFound, UserError
from jupyter_deploy.workspace.records import ServiceRecord
from tests.helpers import READS_ITS_MODEL, register_text, write_script
from tests.services import NAME, serve, told_by

READS = """
import sys, json
begun = []
sys.addaudithook(lambda event, _: begun.append(event) if event in STARTS else None)
STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system"}
from jupyter_deploy import Model, Webservice, Workspace
workspace = Workspace(sys.argv[1])
service = Webservice(workspace, "tiny-service")
seen = [service.state, service.version, service.run(""), len(service.get_keys()), len(Webservice.list(workspace))]
service.get_logs(), service.history(), service.operation.state, list(service.operation.events()), service.serialize()
repr(service), service._repr_html_(), Model.list(workspace), service.models, workspace.webservices
print(json.dumps({"seen": seen, "begun": begun}))
"""


def test_reading_starts_no_process(shared: Webservice) -> None:
    assert told_by(READS, shared.workspace.path) == {"seen": ["Healthy", 1, "one", 2, 1], "begun": []}


def test_an_unknown_service_is_not_found_and_near_names_are_named(shared: Webservice) -> None:
    with pytest.raises(ServiceNotFound, match=r"^WebserviceNotFound: there is no service 'tiny-servise'") as missing:
        Webservice(shared.workspace, "tiny-servise")
    assert f"did you mean '{NAME}'?" in str(missing.value)


def test_a_switch_that_was_not_recorded_any_more_is_seen(workspace: Workspace, tmp_path: Path) -> None:
    service = serve(workspace, write_script(tmp_path, READS_ITS_MODEL), [register_text(workspace, "one")])
    service.update(models=[register_text(workspace, "two")])
    service.wait_for_deployment()
    records = workspace.folder.services  # as if the operation had been killed between the switch and its record
    records.put(replace(service.view.record, current=1))
    records.change_version(NAME, 2, served_time=None)
    assert (service.version, service.run("")) == (2, "two")
    assert [version.served_time is not None for version in service.history()] == [True, True]
    service.rollback()
    assert service.run("") == "one"


def test_services_are_listed_by_target_model_tag_and_property(shared: Webservice) -> None:
    folder = shared.workspace.folder
    for fitting in (
        {}, {"target": "PROCESS"}, {"model": "tiny"}, {"model": "tiny:1"}, {"tags": ["team"]}, {"tags": [("team", "blue")]},
        {"properties": ["origin", ("origin", "test")]},
    ):  # fmt: skip
        assert [view.record.name for view in list_services(folder, **fitting)] == [NAME], fitting
    for other in (
        {"target": "fake"},
        {"model": "tin"},
        {"model": "tiny:2"},
        {"tags": [("team", "red")]},
        {"tags": ["team", "size"]},
    ):
        assert list_services(folder, **other) == [], other


def test_a_deployment_that_was_killed_before_it_was_recorded_is_seen_and_taken_away(workspace: Workspace) -> None:
    now = datetime.now(timezone.utc)
    workspace.folder.services.put(ServiceRecord(NAME, "process", now, now, "tester"))
    service = Webservice(workspace, NAME)
    assert (service.state, service.error) == ("Failed", "its deployment did not end well")
    assert (service.auth_enabled, service.scoring_uri, service.models, service.operation) == (False, None, [], None)
    assert (service.serialize()["state"], service.get_logs(), list(service.logs(follow=True))) == ("Failed", "", [])
    assert list(service.packages()) == []
    with pytest.raises(UserError, match="has never served"):
        service.start()
    service.delete()
    assert list(Webservice.list(workspace)) == []
