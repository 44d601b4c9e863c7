"""A service that the tests of one module share, where they do not change what it serves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_deploy import Webservice, Workspace
from tests.helpers import READS_ITS_MODEL, register_text, take_away, write_script
from tests.services import serve


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A service with keys that answers with the text of its model, tiny:1; its tags are {"team": "blue"}."""
    folder = tmp_path_factory.mktemp("shared")
    workspace = Workspace(folder / "workspace")
    model = register_text(workspace)
    options = {"auth_enabled": True, "tags": {"team": "blue"}, "properties": {"origin": "test"}}
    yield serve(workspace, write_script(folder, READS_ITS_MODEL), [model], options=options)
    take_away(workspace)
