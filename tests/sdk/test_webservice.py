from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_deploy import ProcessWebservice, Webservice
from jupyter_deploy.errors import UserError
from tests.services import NAME, operation_of

HOSTILE = "<script>alert('tag')</script>"


def test_what_a_service_says_of_itself(shared: Webservice) -> None:
    service = Webservice(shared.workspace, NAME)
    assert type(service) is ProcessWebservice
    assert (service.name, service.compute_type, service.state, service.error) == (NAME, "process", "Healthy", "")
    assert service.scoring_uri == f"http://127.0.0.1:{service.port}/score"
    assert service.swagger_uri == f"http://127.0.0.1:{service.port}/swagger.json"
    assert (service.version, service.auth_enabled, service.description) == (1, True, "")
    assert (service.tags, service.properties) == ({"team": "blue"}, {"origin": "test"})
    assert [model.id for model in service.models] == ["tiny:1"]
    now = datetime.now(timezone.utc)
    assert now - timedelta(hours=1) < service.created_time <= service.updated_time <= now
    assert service.created_by
    operation = operation_of(service)
    assert (operation.kind, operation.state) == ("deploy", "Succeeded")
    assert service.findings == ()


def test_a_service_becomes_json_without_its_keys(shared: Webservice) -> None:
    document = shared.serialize()
    text = json.dumps(document)
    assert document["name"] == NAME
    assert document["state"] == "Healthy"
    assert document["computeType"] == "process"
    assert document["scoringUri"] == shared.scoring_uri
    assert document["modelIds"] == ["tiny:1"]
    assert document["workspaceName"] == shared.workspace.name
    assert document["deploymentConfig"] == {"computeType": "process", "authEnabled": True}
    for shown in (text, repr(shared), shared._repr_html_()):
        assert not [key for key in shared.get_keys() if key in shown]


def test_services_are_listed_with_filters_and_as_a_frame(shared: Webservice) -> None:
    ws = shared.workspace
    assert [service.name for service in Webservice.list(ws)] == [NAME]
    assert list(ws.webservices) == [NAME]
    fitting: list[Mapping[str, Any]] = [
        {"compute_type": "Process"}, {"model_name": "tiny"}, {"model_id": "tiny:1"}, {"tags": ["team"]},
        {"tags": [["team", "blue"]]}, {"properties": [["origin", "test"]]},
    ]  # fmt: skip
    assert [len(Webservice.list(ws, **filters)) for filters in fitting] == [1] * len(fitting)
    others: list[Mapping[str, Any]] = [{"model_name": "other"}, {"model_id": "tiny:2"}, {"tags": [["team", "red"]]}]
    assert [len(Webservice.list(ws, **filters)) for filters in others] == [0] * len(others)
    with pytest.raises(UserError, match="there is no target 'moon'"):
        Webservice.list(ws, compute_type="moon")
    with pytest.raises(UserError, match="a filter is a list"):
        Webservice.list(ws, tags="team")
    frame = Webservice.list(ws).to_frame()
    assert frame.loc[0, ["name", "state", "target"]].tolist() == [NAME, "Healthy", "process"]
    text = repr(Webservice.list(ws)).splitlines()
    assert text[0].split() == ["name", "state", "target", "version", "models", "scoring_uri", "error"]
    assert text[1].split()[:5] == [NAME, "Healthy", "process", "1", "tiny:1"]


def test_what_is_shown_as_html_is_escaped(shared: Webservice) -> None:
    shared.update(tags={"team": "blue", "note": HOSTILE}, description=HOSTILE)
    try:
        for html in (
            shared._repr_html_(),
            Webservice.list(shared.workspace)._repr_html_(),
            shared.history()._repr_html_(),
        ):
            assert "<script" not in html
            assert f"{NAME}" in html or "tiny:1" in html
        assert "&lt;script&gt;" in shared._repr_html_()
        assert HOSTILE in repr(shared)
    finally:
        shared.update(tags={"team": "blue"}, description="")


def test_every_package_names_who_asked_for_it(shared: Webservice) -> None:
    packages = {package.name: package for package in shared.packages()}
    assert packages["httptools"].asked_by == ("the scoring server",)
    assert all(package.asked_by for package in packages.values())
    assert repr(shared.packages()).splitlines()[0].split() == ["package", "version", "asked", "for", "by"]
    details = shared.serialize()["environmentDetails"]
    assert details["python"] == platform.python_version()
    version = packages["uvloop"].version
    assert {"name": "uvloop", "version": version, "askedBy": ["the scoring server"]} in details["packages"]


def test_history_tells_what_served(shared: Webservice) -> None:
    (version,) = shared.history()
    assert (version.number, version.current, version.note, version.models, version.error) == (
        1,
        True,
        "deploy",
        ("tiny:1",),
        None,
    )
    assert version.served_time is not None
    assert repr(shared.history()).splitlines()[0].split() == ["version", "current", "how", "models", "served", "error"]
