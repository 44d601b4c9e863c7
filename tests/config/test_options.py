"""Options: one declaration gives JSON keys, Python names, flags, limits; nothing unknown is accepted and nothing is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.config.options import Option, Options, option, unknown_key
from jupyter_deploy.errors import ConfigError
from jupyter_deploy.sdk.configuration import deploy_configuration
from jupyter_deploy.targets.process.options import ProcessOptions
from jupyter_deploy.widgets.fields import groups, read
from tests.certificates import issued

# Python name, JSON path, two-letter alias, type, default: azureml-v1 3.1 to 3.3 and 8.1, as the process target takes them.
ROWS = [
    ("port", "port", "po", int, None),
    ("host", "host", "", str, "127.0.0.1"),
    ("allowed_hosts", "allowedHosts", "", list, ()),
    ("auth_enabled", "authEnabled", "ae", bool, None),
    ("token_auth_enabled", "tokenAuthEnabled", "", bool, False),
    ("primary_key", "keys.primaryKey", "kp", str, None),
    ("secondary_key", "keys.secondaryKey", "ks", str, None),
    ("ssl_enabled", "sslEnabled", "se", bool, False),
    ("ssl_cert_pem_file", "sslCertificate", "sp", str, None),
    ("ssl_key_pem_file", "sslKey", "sk", str, None),
    ("ssl_cname", "cname", "sc", str, None),
    ("replica_max_concurrent_requests", "maxConcurrentRequestsPerContainer", "rm", int, 1),
    ("worker_count", "workerCount", "", int, 1),
    ("worker_preload", "workerPreload", "", bool, False),
    ("max_request_wait_time", "maxQueueWaitMs", "mr", int, 500),
    ("scoring_timeout_ms", "scoringTimeoutMs", "tm", int, 60_000),
    ("max_batch_rows", "maxBatchRows", "", int, 0),
    ("max_body_mb", "maxBodyMb", "", int, 100),
    ("nan_as", "nanAs", "", str, "null"),
    ("log_format", "logFormat", "", str, "text"),
    ("enable_app_insights", "appInsightsEnabled", "ai", bool, False),
    ("app_insights_connection_string", "appInsightsConnectionString", "", str, None),
    ("collect_model_data", "dataCollection.storageEnabled", "md", bool, False),
    ("collect_url", "dataCollection.url", "", str, None),
    ("collect_format", "dataCollection.format", "", str, "csv"),
    ("cpu_cores", "containerResourceRequirements.cpu", "cc", float, None),
    ("memory_gb", "containerResourceRequirements.memoryInGB", "gb", float, None),
]
VALUES: dict[str, Any] = {
    "port": 8890, "host": "0.0.0.0", "allowed_hosts": ["a.example"], "auth_enabled": True, "primary_key": "p", "secondary_key": "s",
    "cpu_cores": 0.5, "memory_gb": 1.5, "replica_max_concurrent_requests": 4, "max_request_wait_time": 900, "max_body_mb": 8,
    "worker_count": 2, "worker_preload": True, "scoring_timeout_ms": 5000, "max_batch_rows": 64, "nan_as": "error",
    "token_auth_enabled": True, "log_format": "json", "enable_app_insights": True, "collect_model_data": True, "collect_url": "s3://b/c",
    "app_insights_connection_string": "InstrumentationKey=k", "collect_format": "parquet",
}  # fmt: skip
NEEDS = {  # what has to be on before a value makes sense
    "app_insights_connection_string": "enable_app_insights", "collect_url": "collect_model_data", "collect_format": "collect_model_data",
}  # fmt: skip

# The other keys of azureml-v1 3.2 and 3.3, which this target cannot honour.
REFUSED = [
    "location", "dnsNameLabel", "vaultBaseUrl", "keyName",
    "keyVersion", "vnetName", "subnetName", "autoScaler.autoscaleEnabled", "autoScaler.minReplicas", "autoScaler.maxReplicas",
    "autoScaler.refreshPeriodInSeconds", "autoScaler.targetUtilization",
    "containerResourceRequirements.cpuLimit", "containerResourceRequirements.memoryInGBLimit", "gpuCores",
    "numReplicas", "livenessProbeRequirements.periodSeconds", "livenessProbeRequirements.initialDelaySeconds",
    "livenessProbeRequirements.timeoutSeconds", "livenessProbeRequirements.successThreshold",
    "livenessProbeRequirements.failureThreshold", "namespace", "computeTargetName",
]  # fmt: skip


def nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def merge(document: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and key in document:
            merge(document[key], value)
        else:
            document[key] = value


def refused(document: dict[str, Any]) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        ProcessOptions.from_json(document, "deploymentconfig.json")
    return error.value


def test_the_process_target_has_these_options_and_no_others() -> None:
    assert [row.name for row in ProcessOptions.rows()] == [name for name, *_ in ROWS]


@pytest.mark.parametrize(("name", "path", "alias", "kind", "default"), ROWS)
def test_a_row_of_the_process_target(name: str, path: str, alias: str, kind: type, default: Any) -> None:
    row = ProcessOptions.row(name)
    assert (row.json, row.alias, row.type, row.default) == (path, alias, kind, default)
    assert row.flag == "--" + name.replace("_", "-")
    assert row.help.endswith(".")


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, path, *_ in ROWS if name in VALUES])
def test_a_key_of_the_file_reaches_its_option_and_comes_back(name: str, path: str) -> None:
    names = [name, NEEDS[name]] if name in NEEDS else [name]
    document: dict[str, Any] = {}
    for each in names:
        merge(document, nested(ProcessOptions.row(each).json, VALUES[each]))
    options = ProcessOptions.from_json(document, "dc.json")
    given = {each: VALUES[each] for each in names}
    held = {each: tuple(value) if isinstance(value, list) else value for each, value in given.items()}
    assert options.given() == held
    assert options == deploy_configuration(ProcessOptions)(**given)
    assert options.to_json() == {"computeType": "process", **document}


def test_the_keys_of_tls_come_together_or_not_at_all(tmp_path: Path) -> None:
    pair = issued(tmp_path)
    keys = {row.json: pair.options[row.name] for row in ProcessOptions.rows() if row.name in pair.options}
    assert len(keys) == 4
    options = ProcessOptions.from_json(keys, "dc.json")
    assert options.given() == pair.options
    assert options.to_json() == {"computeType": "process", **keys}
    for path in keys:
        assert "ssl_" in refused({key: value for key, value in keys.items() if key != path}).what


@pytest.mark.parametrize("path", REFUSED)
def test_a_key_that_this_target_cannot_honour_is_refused_by_name(path: str) -> None:
    assert f"the target 'process' has no key '{path}'" in refused(nested(path, 1)).what


def test_the_compute_type_is_read_in_any_case() -> None:
    for document in ({"computeType": "PROCESS"}, {"computetype": "process"}):
        assert ProcessOptions.from_json(document, "dc.json") == ProcessOptions()


def test_null_means_not_given_and_a_missing_object_is_an_empty_one() -> None:
    document = {"port": None, "containerResourceRequirements": None, "keys": {"primaryKey": None}}
    assert ProcessOptions.from_json(document, "dc.json") == ProcessOptions()


def test_null_does_not_excuse_an_unknown_key() -> None:
    assert "did you mean 'authEnabled'?" in refused({"authEnable": None}).what


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"port": "8890"}, "port is '8890'; it takes a whole number"),
        ({"port": True}, "port is True; it takes a whole number"),
        ({"port": 1.5}, "port is 1.5; it takes a whole number"),
        ({"port": 65536}, "port is 65536; it must be at most 65535"),
        ({"authEnabled": "true"}, "auth_enabled is 'true'; it takes true or false"),
        ({"containerResourceRequirements": {"cpu": 0}}, "cpu_cores is 0 cores; it must be above 0 cores"),
        ({"allowedHosts": "a"}, "allowed_hosts is 'a'; it takes a list of texts"),
        ({"allowedHosts": 5}, "allowed_hosts is 5; it takes a list of texts"),
        ({"keys": "secret"}, "the target 'process' has no key 'keys'"),
    ],
)
def test_values_are_not_coerced_and_limits_name_their_unit(document: dict[str, Any], problem: str) -> None:
    assert problem in refused(document).what


def test_all_problems_come_at_once() -> None:
    error = refused(
        {"authEnable": True, "port": 0, "maxQueueWaitMs": 0, "keys": {"primaryKey": "a", "secondaryKey": "a"}}
    )
    assert error.what == "deploymentconfig.json: 4 problems"
    assert [problem.split()[0] for problem in error.problems] == ["the", "port", "max_request_wait_time", "primary_key"]


def test_unknown_python_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no key 'autoscale_enabled'"):
        deploy_configuration(ProcessOptions)(autoscale_enabled=True)
    with pytest.raises(ConfigError, match="did you mean 'memory_gb'"):
        deploy_configuration(ProcessOptions)(memory_bg=1)


def test_a_secret_of_the_wrong_type_is_not_repeated() -> None:
    secret = Option("primary_key", "keys.primaryKey", str, None, secret=True)
    assert secret.problem(12345) == "primary_key is of type int; it takes a text"


def test_a_leaf_without_its_parent_is_recognised() -> None:
    known = [row.json for row in ProcessOptions.rows()]
    assert unknown_key("primarykey", known, "it") == "it has no key 'primarykey'; did you mean 'keys.primaryKey'?"
    assert "; it has allowedHosts, " in unknown_key("qqqq", known, "it")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [(bool, "True", True), (bool, "off", False), (int, "3", 3), (float, "0.5", 0.5), (str, "x", "x"), (list, "a,b,", ("a", "b")),
     (dict, "a=1,b.c/d=2", {"a": 1, "b.c/d": 2}), (dict, "", {})],
)  # fmt: skip
def test_a_command_line_text_becomes_a_value(kind: type, text: str, value: Any) -> None:
    assert Option("some_name", "someName", kind, None).parse(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [(bool, "maybe"), (int, "1.5"), (float, "much"), (dict, "a"), (dict, "a=x"), (dict, "=1"), (dict, "a=1,a=2")],
)
def test_a_text_that_does_not_fit_names_the_flag(kind: type, text: str) -> None:
    with pytest.raises(ConfigError, match=f"--some-name is '{text}'; it takes"):
        Option("some_name", "someName", kind, None).parse(text)


@dataclass(frozen=True)
class Counting(Options):
    """A target's options with whole numbers by name."""

    compute_type = "counting"
    parts: Mapping[str, int] | None = option(None, json="all.parts", help="How many of each.")


def test_whole_numbers_by_name_are_an_object_in_the_file_and_come_back() -> None:
    document = {"computeType": "counting", "all": {"parts": {"a.b/c": 2, "d": 1}}}
    options = Counting.from_json(document, "dc.json")
    assert options == deploy_configuration(Counting)(parts={"a.b/c": 2, "d": 1})
    assert options.to_json() == document
    assert Counting().to_json() == {"computeType": "counting"}
    assert groups(Counting.rows())["General"][0].kind == "text"
    assert read(Counting, {"parts": "a=1,b=2"}, {}) == (Counting(parts={"a": 1, "b": 2}), ())


@pytest.mark.parametrize("value", [3, "a=1", ["a=1"], {"a": "1"}, {"a": True}, {"a": 1.5}])
def test_what_is_no_whole_number_by_name_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="it takes whole numbers by name"):
        Counting.from_json({"all": {"parts": value}}, "dc.json")


@dataclass(frozen=True)
class Choosy(Options):
    """A target's options with a choice and a rule across two of them."""

    compute_type = "choosy"
    size: str = option("small", json="size", choices=("small", "large"), help="Size.")
    lowest: int = option(1, json="limits.lowest", help="Lowest.")
    highest: int = option(2, json="limits.highest", help="Highest.")

    def rules(self) -> list[str]:
        return ["lowest is above highest"] if self.lowest > self.highest else []


def test_choices_and_rules_across_options_are_checked_together() -> None:
    assert Choosy(size="huge", lowest=3).problems() == (
        "size is 'huge'; it takes one of small, large",
        "lowest is above highest",
    )
    with pytest.raises(ConfigError, match="choosy options: 2 problems"):
        Choosy(size="huge", lowest=3).require()
    assert Choosy().replaced({"lowest": 2}).problems() == ()
