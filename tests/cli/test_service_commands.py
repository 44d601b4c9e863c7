"""``jupyter ml service``: looking at a live service and using it."""

from __future__ import annotations

import json
import signal
from datetime import datetime
from pathlib import Path

import pytest
import requests

from tests.cli.conftest import Cli, finish, start
from tests.helpers import wait_until

NAME = "doubling-service"


def test_show_and_list(on_live: Cli) -> None:
    shown = on_live("service", "show", "-n", NAME).document
    assert (shown["state"], shown["computeType"], shown["tags"]) == ("Healthy", "process", {"a": "b"})
    assert on_live("service", "list").document == [shown]
    table = on_live("service", "list", "-o", "table").out.splitlines()
    assert (len(table), table[0].split()[:2], table[1].split()[:2]) == (2, ["name", "state"], [NAME, "Healthy"])


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["-c", "Process"], 1), (["--model-name", "doubling"], 1), (["--model-id", "doubling:1"], 1), (["--model-id", "doubling:2"], 0),
        (["--tag", "a"], 1), (["--tag", "a=c"], 0), (["--property", "p"], 0),
    ],
)  # fmt: skip
def test_list_filters(on_live: Cli, words: list[str], count: int) -> None:
    assert len(on_live("service", "list", *words).document) == count


def test_a_list_of_an_unknown_target_names_those_that_exist(on_live: Cli) -> None:
    refused = on_live("service", "list", "-c", "mars")
    assert (refused.code, refused.cause) == (1, "there is no target 'mars'")
    assert "process" in refused.err


def test_run_takes_a_text_a_file_or_standard_input(on_live: Cli, live: Path) -> None:
    body = '{"data": [1, 2]}'
    (live / "input.json").write_text(body)
    assert on_live("service", "run", "-n", NAME, "-d", body).document == [2, 4]
    assert on_live("service", "run", "-n", NAME, "-d", "@input.json").document == [2, 4]
    assert finish(start(live, "service", "run", "-n", NAME, "--input-data", "-"), body).document == [2, 4]
    assert on_live("service", "run", "-n", NAME, "-d", "@none.json").cause.startswith("cannot read ")


def test_a_request_that_fails_is_the_services_fault(on_live: Cli) -> None:
    failed = on_live("service", "run", "-n", NAME, "-d", '{"other": 1}')
    assert (failed.code, failed.cause.split(":")[0]) == (2, f"'{NAME}' answered 500")


def test_logs_are_json_or_plain_lines(on_live: Cli) -> None:
    uri = on_live("service", "show", "-n", NAME).document["scoringUri"]
    requests.get(f"{uri}?the-last-of-all", timeout=10)

    def whole() -> list[str]:
        """The log once the last line is in it; those of earlier requests are before it."""
        lines: list[str] = on_live("service", "get-logs", "-n", NAME).document
        return lines if "the-last-of-all" in lines[-1] else []

    lines = wait_until(whole)
    assert any("ready to double" in line for line in lines)
    assert on_live("service", "get-logs", "-n", NAME, "--num_lines", "1").document == lines[-1:]
    assert on_live("service", "get-logs", "-n", NAME, "-l", str(len(lines)), "-o", "table").out.splitlines() == lines
    assert "whole number from 1 on" in on_live("service", "get-logs", "-n", NAME, "--num-lines", "0").cause


def test_logs_can_be_followed(on_live: Cli, live: Path) -> None:
    with start(live, "service", "get-logs", "-n", NAME, "-l", "1", "--follow") as process:
        assert process.stdout
        try:
            first = json.loads(process.stdout.readline())
            assert on_live("service", "run", "-n", NAME, "-d", '{"data": [3]}').document == [6]
            following = json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()
    assert following != first
    assert "POST /score 200" in following
    assert process.returncode == 130


def test_keys_are_printed_and_changed_one_at_a_time(on_live: Cli, live: Path) -> None:
    before = on_live("service", "get-keys", "-n", NAME).document
    assert (before["primaryKey"], len(before["secondaryKey"])) == ("first", 32)
    (live / "key").write_text("second\n")
    changed = on_live("service", "regen-key", "-n", NAME, "-k", "secondary", "-s", "@key")
    assert changed.document == {"name": NAME, "key": "Secondary"}
    assert on_live("service", "get-keys", "-n", NAME).document == {"primaryKey": "first", "secondaryKey": "second"}
    generated = on_live("service", "regen-key", "-n", NAME, "--key", "Secondary")
    assert "second" not in generated.out.replace("Secondary", "")
    assert len(on_live("service", "get-keys", "-n", NAME).document["secondaryKey"]) == 32
    assert (
        on_live("service", "regen-key", "-n", NAME, "-k", "Third").cause
        == "the key is 'Third'; it is Primary or Secondary"
    )


def test_a_token_is_printed_with_its_times(on_live: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = on_live("service", "get-access-token", "-n", NAME)
    assert (refused.code, refused.cause) == (1, f"'{NAME}' asks for no token")
    monkeypatch.setattr("jupyter_deploy.engine.tokens.signing_secret", lambda *_: "s" * 32)
    printed = on_live("service", "get-access-token", "-n", NAME).document
    assert list(printed) == ["accessToken", "tokenType", "refreshAfter", "expiryOn"]
    assert (printed["tokenType"], printed["accessToken"].count(".")) == ("Bearer", 2)
    times = [datetime.fromisoformat(printed[name]) for name in ("refreshAfter", "expiryOn")]
    assert (times[1] - times[0]).total_seconds() == 12 * 3600


def test_the_model_of_a_service_cannot_be_deleted(on_live: Cli) -> None:
    refused = on_live("model", "delete", "-i", "doubling:1")
    assert (refused.code, refused.cause) == (1, f"model doubling:1 is in use by {NAME}")


def test_a_name_that_is_not_there_gets_the_nearest_one(on_live: Cli) -> None:
    for command in (
        "show",
        "get-logs",
        "get-keys",
        "get-access-token",
        "start",
        "stop",
        "restart",
        "rollback",
        "cancel",
        "delete",
    ):
        missing = on_live("service", command, "-n", "doubling-servic")
        assert (missing.code, missing.cause) == (1, "WebserviceNotFound: there is no service 'doubling-servic'")
        assert f"did you mean '{NAME}'?" in missing.err
