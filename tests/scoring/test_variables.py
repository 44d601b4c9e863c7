"""The original's environment variables and config.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.scoring import settings, variables
from jupyter_deploy.scoring.settings import Settings, SettingsError

from .fronts import Front, make_bundle


def load(folder: Path, files: dict[str, str] | None = None, **values: Any) -> Settings:
    return settings.load(make_bundle(folder, files=files, **values))


@pytest.mark.parametrize(
    ("given", "workers", "timeout_ms"),
    [
        ({}, 3, 2000),
        ({"WORKER_COUNT": "2", "SCORING_TIMEOUT_MS": "500"}, 2, 500),
        ({"WORKER_TIMEOUT": "1"}, 3, 1000),
        ({"WORKER_TIMEOUT": "300"}, 3, 2000),
        ({"WORKER_TIMEOUT": "300", "SCORING_TIMEOUT_MS": "400000"}, 3, 300_000),
        ({"WORKER_TIMEOUT": "0"}, 3, 2000),
        ({"WORKER_COUNT": "", "SCORING_TIMEOUT_MS": ""}, 3, 2000),
    ],
)
def test_numbers_override(tmp_path: Path, given: dict[str, str], workers: int, timeout_ms: int) -> None:
    service = load(tmp_path, environmentVariables=given, workerCount=3, scoringTimeoutMs=2000)
    assert (service.worker_count, service.scoring_timeout_ms) == (workers, timeout_ms)


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [("WORKER_COUNT", "0", 1), ("SCORING_TIMEOUT_MS", "1.5", 1), ("WORKER_TIMEOUT", "-1", 0)],
)
def test_what_is_no_number_is_named(tmp_path: Path, name: str, value: str, least: int) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{value}', but must be a whole number of at least {least}"):
        load(tmp_path, environmentVariables={name: value})


def test_a_config_file_is_below_the_environment_and_above_service_json(tmp_path: Path) -> None:
    document = {"SERVICE_NAME": "of the file", "SERVICE_VERSION": "2", "WORKER_COUNT": 4, "subscription_id": "x"}
    service = load(
        tmp_path, {"config.json": json.dumps(document)}, environmentVariables={"SERVICE_VERSION": "3"}, version="1"
    )
    assert (service.name, service.version, service.worker_count) == ("of the file", "3", 4)
    assert service.notes == ("config.json has keys that mean nothing to a service: subscription_id",)


def test_a_config_file_by_its_variable_then_in_the_root_then_beside_the_script(tmp_path: Path) -> None:
    files = {"config.json": '{"SERVICE_NAME": "root"}', "src/config.json": '{"SERVICE_NAME": "beside"}'}
    named = tmp_path / "named.json"
    named.write_text('{"SERVICE_NAME": "named"}')
    more: dict[str, Any] = {"entryScript": "src/score.py"}
    assert load(tmp_path, files, environmentVariables={"AZUREML_CONFIG_FILE": str(named)}, **more).name == "named"
    missing = load(tmp_path, files, environmentVariables={"AZUREML_CONFIG_FILE": "no.json"}, **more)
    assert missing.name == "root"
    assert "AZUREML_CONFIG_FILE is no.json, which is no file or empty" in missing.notes[0]
    (tmp_path / "app" / "config.json").write_text("")
    assert load(tmp_path, None, **more).name == "beside"


@pytest.mark.parametrize(("text", "problem"), [("{", "is not valid JSON"), ("[]", "is not a JSON object")])
@pytest.mark.parametrize("name", ["config.json", "logging.json"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, text: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load(tmp_path, {name: text})


def test_what_has_no_effect_is_said_when_the_service_starts(tmp_path: Path) -> None:
    given = dict.fromkeys(variables.DOES_NOTHING, "true")
    with Front(make_bundle(tmp_path), environment=given).serve() as front:
        for name in given:
            assert f"{name} has no effect here: " in front.log


def test_settings_and_routes_are_said_when_the_service_starts(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, scoringTimeoutMs=1234, name="mine")).serve() as front:
        assert f"Entry script: {tmp_path / 'app' / 'score.py'}" in front.log
        assert "Service: mine, version 1.0" in front.log
        assert "Scoring timeout: 1234 ms" in front.log
        assert f"POST 127.0.0.1:{front.port}/score" in front.log
