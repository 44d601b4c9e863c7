from __future__ import annotations

import pytest

from jupyter_deploy import Workspace
from tests.cli.conftest import Cli
from tests.environments.conftest import cache as cache


@pytest.mark.usefixtures("cache")
def test_pruning_lists_first_and_frees_when_told_so(cli: Cli, workspace: Workspace) -> None:
    left = workspace.path / "files" / ".new-killed"
    left.write_bytes(bytes(8192))
    size = left.stat().st_blocks * 512
    expected = {"kind": "leftover", "what": ".new-killed: of a registration that was killed", "bytes": size}
    listed = cli("workspace", "prune")
    assert listed.document == [{**expected, "freed": False}]
    assert "nothing was freed; --yes frees 8.2 kB" in listed.err
    assert left.exists()
    freed = cli("workspace", "prune", "--yes")
    assert freed.document == [{**expected, "freed": True}]
    assert "8.2 kB freed" in freed.err
    assert not left.exists()
    assert cli("workspace", "prune", "-o", "table").code == 0


@pytest.mark.usefixtures("cache")
def test_an_environment_that_is_not_there_is_refused(cli: Cli) -> None:
    outcome = cli("workspace", "prune", "--yes", "--environment", "0a1b")
    assert outcome.code == 1
    assert "there is no unused environment '0a1b'" in outcome.cause
