from __future__ import annotations

from jupyter_deploy.workspace.folder import WorkspaceFolder
from tests.workspace.conftest import over_both

pytestmark = over_both


def test_computes_are_kept_by_name(workspace: WorkspaceFolder) -> None:
    computes = workspace.computes
    assert computes.get("lab") is None
    assert computes.list() == []
    made = computes.put("lab", "kubernetes", {"context": "lab", "found": {"notes": ["one"]}})
    computes.put("Azure", "aks", {"context": "azure"})
    assert [record.name for record in computes.list()] == ["Azure", "lab"]
    assert computes.get("lab") == made
    assert made.document == {"context": "lab", "found": {"notes": ["one"]}}
    computes.remove("Azure")
    computes.remove("Azure")
    assert computes.list() == [made]


def test_what_is_put_again_is_replaced_and_keeps_when_it_first_was(workspace: WorkspaceFolder) -> None:
    computes = workspace.computes
    first = computes.put("lab", "kubernetes", {"context": "lab"})
    computes.put("lab", "aks", {"context": "other"})
    found = computes.get("lab")
    assert found is not None
    assert (found.kind, found.document, found.created_time) == ("aks", {"context": "other"}, first.created_time)
