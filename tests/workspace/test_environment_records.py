from __future__ import annotations

import pytest

from jupyter_deploy.errors import NotFound
from jupyter_deploy.workspace.folder import WorkspaceFolder
from tests.workspace.conftest import over_both

pytestmark = over_both


def test_versions_grow_and_the_same_document_is_the_same_version(workspace: WorkspaceFolder) -> None:
    environments = workspace.environments
    assert environments.add("env", {"name": "env"}) == "1"
    assert environments.add("env", {"name": "env", "python": {"pipRequirements": "six"}}) == "2"
    assert environments.add("env", {"name": "env", "python": {"pipRequirements": "six"}}) == "2"
    assert environments.add("env", {"name": "env"}) == "3"
    assert environments.add("other", {"name": "other"}) == "1"
    assert environments.get("env") == ("3", {"name": "env"})
    assert environments.get("env", "2") == ("2", {"name": "env", "python": {"pipRequirements": "six"}})
    assert environments.list() == {"env": ("3", {"name": "env"}), "other": ("1", {"name": "other"})}


def test_what_is_not_there_is_said_with_what_is(workspace: WorkspaceFolder) -> None:
    with pytest.raises(NotFound, match=r"no environment env\n.*none is registered"):
        workspace.environments.get("env")
    workspace.environments.add("env", {"name": "env"})
    with pytest.raises(NotFound, match=r"no environment env:7\n.*its versions are 1"):
        workspace.environments.get("env", "7")
    with pytest.raises(NotFound, match=r"no environment other\n.*registered are env"):
        workspace.environments.get("other")
