from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from jupyter_deploy.scoring import settings
from jupyter_deploy.scoring.settings import SettingsError

from .fronts import SCORING

FULL: dict[str, Any] = {
    "format": 1,
    "name": "diabetes-service",
    "version": "3",
    "workspace": "team",
    "models": [{"name": "diabetes", "version": 1, "path": "azureml-models/diabetes/1"}],
    "entryScript": "src/score.py",
    "sourceDirectory": "src",
    "modelDir": "azureml-models/diabetes/1",
    "environmentVariables": {"OMP_NUM_THREADS": "1"},
    "host": "127.0.0.1",
    "port": 5001,
    "allowedHosts": [],
    "authEnabled": False,
    "maxConcurrentRequestsPerContainer": 1,
    "maxQueueWaitMs": 500,
    "maxBodyMb": 100,
    "nanAs": "null",
}
SCHEMA = json.loads((SCORING / "service.schema.json").read_text())


def write(folder: Path, **changes: Any) -> Path:
    path = folder / "service.json"
    path.write_text(json.dumps({**FULL, **changes}))
    return path


def test_paths_are_absolute_and_beside_the_file(tmp_path: Path) -> None:
    service = settings.load(write(tmp_path))
    assert service.app_root == tmp_path / "app"
    assert service.entry_script == tmp_path / "app/src/score.py"
    assert service.source_directory == tmp_path / "app/src"
    assert service.model_dir == tmp_path / "app/azureml-models/diabetes/1"
    assert (service.slots_per_worker, service.queue_wait_ms, service.max_body_mb) == (1, 500, 100)


def test_environment_variables_of_the_original_override(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AML_APP_ROOT": "/var/azureml-app",
        "AZUREML_ENTRY_SCRIPT": "main.py",
        "AZUREML_SOURCE_DIRECTORY": "code",
        "AZUREML_MODEL_DIR": "azureml-models",
        "SERVICE_NAME": "other",
        "SERVICE_VERSION": "9",
        "SERVICE_PATH_PREFIX": "/api/",
        "WORKSPACE_NAME": "elsewhere",
        "AML_CORS_ORIGINS": "https://a.example.org, https://b.example.org",
        "AZUREML_LOG_LEVEL": "debug",
    }.items():
        monkeypatch.setenv(name, value)
    service = settings.load(write(tmp_path))
    assert service.entry_script == Path("/var/azureml-app/main.py")
    assert service.source_directory == Path("/var/azureml-app/code")
    assert service.model_dir == Path("/var/azureml-app/azureml-models")
    assert (service.name, service.version, service.workspace) == ("other", "9", "elsewhere")
    assert service.path_prefix == "api"
    assert service.cors_origins == ("https://a.example.org", "https://b.example.org")
    assert service.log_level == "DEBUG"


def test_variables_of_the_deployment_count_before_inherited_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AML_CORS_ORIGINS", "https://inherited.example.org")
    own = {"AML_CORS_ORIGINS": "https://own.example.org"}
    assert settings.load(write(tmp_path, environmentVariables=own)).cors_origins == ("https://own.example.org",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "is of format 2, this server reads up to 1"),
        ({"workers": 2}, '"workers" is unknown'),
        ({"port": "5001"}, "\"port\" is '5001', but must be int of at least 0"),
        ({"port": 70000}, '"port" is 70000'),
        ({"authEnabled": 1}, '"authEnabled" is 1, but must be bool'),
        ({"maxConcurrentRequestsPerContainer": 0}, "is 0, but must be int of at least 1"),
        ({"maxQueueWaitMs": True}, '"maxQueueWaitMs" is True'),
        ({"allowedHosts": [1]}, '"allowedHosts" is [1]'),
        ({"environmentVariables": {"A": 1}}, '"environmentVariables" is'),
        ({"nanAs": "zero"}, "\"nanAs\" is 'zero', but must be one of null, error"),
        ({"sourceDirectory": 1}, '"sourceDirectory" is 1, but must be str or null'),
    ],
)
def test_what_is_refused_is_refused_by_the_schema_too(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(write(tmp_path, **changes))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**FULL, **changes}, SCHEMA)


def test_missing_keys_are_named(tmp_path: Path) -> None:
    (tmp_path / "service.json").write_text('{"format": 1}')
    with pytest.raises(SettingsError, match='"name" is missing, "entryScript" is missing'):
        settings.load(tmp_path / "service.json")


def test_schema_and_code_know_the_same_keys_and_defaults() -> None:
    jsonschema.validate(FULL, SCHEMA)
    assert set(SCHEMA["properties"]) == {*settings.REQUIRED, *settings.DEFAULTS}
    assert SCHEMA["required"] == list(settings.REQUIRED)
    for key, default in settings.DEFAULTS.items():
        assert SCHEMA["properties"][key]["default"] == default
