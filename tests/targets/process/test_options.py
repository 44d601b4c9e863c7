from __future__ import annotations

import pytest

from jupyter_deploy.errors import ConfigError
from jupyter_deploy.targets.process.options import ProcessOptions


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (ProcessOptions(auth_enabled=False, primary_key="a"), "a key is given, but auth_enabled is false"),
        (ProcessOptions(auth_enabled=True, token_auth_enabled=True), "choose keys or tokens"),
        (ProcessOptions(token_auth_enabled=True, primary_key="a"), "keys open nothing; leave out the key"),
        (ProcessOptions(primary_key="a", secondary_key="a"), "primary_key and secondary_key are the same"),
        (ProcessOptions(port=70_000), "port is 70000; it must be at most 65535"),
        (ProcessOptions(memory_gb=0), "memory_gb is 0 GB; it must be above 0 GB"),
        (ProcessOptions(max_body_mb=0), "max_body_mb is 0 MB; it must be at least 1 MB"),
        (ProcessOptions(replica_max_concurrent_requests=0), "it must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused_by_name(options: ProcessOptions, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        options.require()


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        ProcessOptions(port=0, cpu_cores=0, auth_enabled=False, secondary_key="b").require()
    assert len(raised.value.problems) == 3


@pytest.mark.parametrize(
    ("options", "under_hub", "needs_key"),
    [
        (ProcessOptions(), False, False),
        (ProcessOptions(), True, True),
        (ProcessOptions(host="0.0.0.0"), False, True),
        (ProcessOptions(host="::1"), False, False),
        (ProcessOptions(host="0.0.0.0", auth_enabled=False), True, False),
        (ProcessOptions(auth_enabled=True), False, True),
        (ProcessOptions(host="0.0.0.0", token_auth_enabled=True), True, False),
    ],
)
def test_keys_are_on_where_others_could_ask(
    options: ProcessOptions, under_hub: bool, needs_key: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if under_hub:
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token")
    assert options.is_authenticated() is needs_key
