from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp

from jupyter_deploy import Model, Workspace
from jupyter_deploy.server import events, feed
from jupyter_deploy.server.documents import Snapshot
from jupyter_deploy.server.lists import Lists
from tests.helpers import register_text, wait_until
from tests.server.conftest import Listen
from tests.server.panels import Panel
from tests.services import told_by
from tests.walk.disks import in_memory, needs_a_disk

REGISTER = """
import json, sys, time
from pathlib import Path
from jupyter_deploy import Workspace
from tests.helpers import register_text, wait_until
register_text(Workspace(Path(sys.argv[1])))
print(json.dumps(time.time()))
"""


def has(model: str) -> Any:
    return lambda panel: model in panel.rows["models"]


def what(panel: Panel) -> list[str]:
    return [problem["what"] for problem in panel.problems]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, set[str]]]:
    """When each look at the lists began, and the models that it saw."""
    seen: list[tuple[float, set[str]]] = []
    look = Lists.look

    def noted(shown: Lists) -> Snapshot:
        began = time.time()
        found = look(shown)
        seen.append((began, {row["id"] for row in found["rows"]["models"]}))
        return found

    monkeypatch.setattr(Lists, "look", noted)
    return seen


async def test_what_another_process_does_is_seen_by_the_next_look_and_told_to_all_at_once(
    workspace: Workspace, listen: Listen, looks: list[tuple[float, set[str]]]
) -> None:
    register_text(workspace)
    panels = [await listen(), await listen()]
    for panel in panels:
        await panel.until(lambda panel: panel.last)
        assert list(panel.rows["models"]) == ["tiny:1"]
    waiting = [asyncio.ensure_future(panel.until(has("tiny:2"))) for panel in panels]
    done = await asyncio.to_thread(told_by, REGISTER, workspace.path)
    for each in waiting:
        await each
    later = await asyncio.to_thread(wait_until, lambda: [models for began, models in looks if began > done])
    assert "tiny:2" in later[0]
    assert feed.TICK <= 0.25  # seconds between two looks, however loaded the machine of the tests is
    assert panels[0].rows == panels[1].rows
    assert panels[0].last == panels[1].last
    assert abs(panels[0].heard - panels[1].heard) < 1


async def test_only_what_has_changed_is_told(workspace: Workspace, listen: Listen) -> None:
    first = register_text(workspace)
    register_text(workspace, name="other")
    panel = await listen()
    await panel.until(has("other:1"))
    first.add_tags({"stage": "live"})
    await panel.until(lambda panel: panel.rows["models"]["tiny:1"]["tags"] == {"stage": "live"})
    assert panel.names == ["snapshot", "changes"]
    assert panel.document["changed"]["models"] == [panel.rows["models"]["tiny:1"]]
    assert panel.document["gone"] == {"models": [], "services": [], "computes": [], "operations": []}
    Model(workspace, "other").delete()
    await panel.until(lambda panel: list(panel.rows["models"]) == ["tiny:1"])
    assert panel.document["gone"]["models"] == ["other:1"]


@pytest.mark.parametrize("way", ["header", "argument"])
async def test_who_comes_back_is_told_what_was_missed_and_no_more(
    workspace: Workspace, listen: Listen, way: str
) -> None:
    register_text(workspace)
    stays, goes = await listen(), await listen()
    for panel in (stays, goes):
        await panel.until(lambda panel: panel.last)
    await goes.close()
    register_text(workspace)
    await stays.until(has("tiny:2"))
    Model(workspace, "tiny", version=1).delete()
    await stays.until(lambda panel: "tiny:1" not in panel.rows["models"])
    back = await (listen(Last_Event_ID=goes.last) if way == "header" else listen(f"events?last={goes.last}"))
    back.rows = goes.rows
    await back.until(lambda panel: panel.last == stays.last)
    assert back.names == ["changes", "changes"]
    assert back.rows == stays.rows


async def test_what_happened_while_nobody_listened_is_not_lost(workspace: Workspace, listen: Listen) -> None:
    register_text(workspace)
    panel = await listen()
    await panel.until(lambda panel: panel.last)
    await panel.close()
    await asyncio.to_thread(_wait_for_silence)
    register_text(workspace)
    back = await listen(Last_Event_ID=panel.last)
    back.rows = panel.rows
    await back.until(has("tiny:2"))
    assert back.names == ["changes"]


async def test_who_knows_nothing_of_this_server_gets_all(workspace: Workspace, listen: Listen) -> None:
    register_text(workspace)
    for last in ("5", "0123abcd-1", "x-y", "-1", "%C2%B2"):
        panel = await listen(f"events?last={last}")
        await panel.until(has("tiny:1"))
        assert panel.names == ["snapshot"]


async def test_who_has_missed_more_than_is_kept_gets_all(
    workspace: Workspace, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "KEPT", 700)
    register_text(workspace)
    stays = await listen()
    await stays.until(lambda panel: panel.last)
    first = stays.last
    for version in (2, 3, 4):
        register_text(workspace)
        await stays.until(has(f"tiny:{version}"))
    back = await listen(Last_Event_ID=first)
    await back.until(has("tiny:4"))
    assert back.names == ["snapshot"]
    assert back.rows == stays.rows


async def test_a_sign_of_life_is_sent_where_nothing_happens(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    panel = await listen()
    await panel.until(lambda panel: panel.names.count("sign") > 2)
    assert panel.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert panel.headers["cache-control"] == "no-cache"
    assert panel.headers["x-content-type-options"] == "nosniff"


async def test_streams_end_with_the_server(listen: Listen, jp_serverapp: ServerApp) -> None:
    panel = await listen()
    await panel.until(lambda panel: panel.last)
    await jp_serverapp.cleanup_extensions()
    assert await asyncio.wait_for(panel.is_over(), 5)
    await asyncio.to_thread(_wait_for_silence)
    late = await listen()
    assert await asyncio.wait_for(late.is_over(), 5)


async def test_nothing_is_looked_at_where_nobody_listens(listen: Listen) -> None:
    assert not _looks()
    panels = [await listen(), await listen()]
    for panel in panels:
        await panel.until(lambda panel: panel.last)
    assert len(_looks()) == 1
    for panel in panels:
        await panel.close()
    await asyncio.to_thread(_wait_for_silence)


async def test_a_workspace_is_not_made_by_looking_and_shown_once_it_is_made(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "later"
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(folder))
    panel = await listen()
    await panel.until(lambda panel: panel.last)
    assert panel.rows == {"models": {}, "services": {}, "computes": {}, "operations": {}}
    assert (panel.workspace, panel.problems) == (str(folder), [])
    assert not folder.exists()
    register_text(Workspace(folder))
    await panel.until(has("tiny:1"))


async def test_the_workspace_is_the_one_that_the_root_folder_names(
    workspace: Workspace, listen: Listen, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUPYTER_DEPLOY_WORKSPACE")
    register_text(workspace)
    config = jp_root_dir / "config.json"
    config.write_text(json.dumps({"workspace_folder": str(workspace.path)}))
    panel = await listen()
    await panel.until(has("tiny:1"))
    other = Workspace(workspace.path.parent / "other")
    config.write_text(json.dumps({"workspace_folder": str(other.path)}))
    await panel.until(lambda panel: panel.workspace == str(other.path))
    assert panel.rows["models"] == {}
    config.write_text('{"workspace_folder": 3}')
    await panel.until(
        lambda panel: any("workspace_folder must be the path of a folder" in each for each in what(panel))
    )


async def test_a_newer_workspace_is_said_to_be_one_and_shown_when_it_can_be(
    workspace: Workspace, listen: Listen
) -> None:
    register_text(workspace)
    marker = workspace.path / "workspace.json"
    text = marker.read_text()
    marker.write_text(json.dumps({**json.loads(text), "format": 3}))
    panel = await listen()
    await panel.until(what)
    assert "has format 3, newer than this release knows" in what(panel)[0]
    assert panel.rows["models"] == {}
    marker.write_text(text)
    await panel.until(has("tiny:1"))
    assert panel.problems == []


async def test_a_workspace_that_is_taken_away_is_said_to_be_gone_until_it_is_back(
    workspace: Workspace, listen: Listen, tmp_path: Path
) -> None:
    register_text(workspace)
    panel = await listen()
    await panel.until(has("tiny:1"))
    workspace.path.rename(tmp_path / "away")
    await panel.until(lambda panel: not panel.rows["models"])
    assert what(panel) == [f"the workspace {workspace.path} is gone"]
    assert panel.problems[0]["remedy"]
    assert not workspace.path.exists()
    shutil.move(tmp_path / "away", workspace.path)
    await panel.until(has("tiny:1"))
    assert panel.problems == []


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold a database so that nobody else can read it, as a program that hangs in the middle does."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def test_a_locked_workspace_is_said_to_be_and_the_rows_stay(
    workspace: Workspace, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PATIENCE", 0.3)
    register_text(workspace)
    panel = await listen()
    await panel.until(has("tiny:1"))
    with locked(workspace.path / "records.db"):
        await panel.until(what)
        assert what(panel) == ["the workspace does not answer"]
        assert list(panel.rows["models"]) == ["tiny:1"]
        late = await listen()
        await late.until(what)
        assert list(late.rows["models"]) == ["tiny:1"]
    await panel.until(lambda panel: not panel.problems)
    register_text(workspace)
    await panel.until(has("tiny:2"))


async def test_a_damaged_workspace_is_explained(workspace: Workspace, listen: Listen) -> None:
    (workspace.path / "records.db").write_bytes(b"no database" * 1000)
    panel = await listen()
    await panel.until(what)
    assert what(panel)[0].endswith("failed: it is damaged")
    assert "backups" in panel.problems[0]["remedy"]
    (workspace.path / "records.db").unlink()
    await panel.until(lambda panel: not panel.problems)


@needs_a_disk
async def test_a_workspace_that_can_only_be_read_is_shown_and_said_to_be(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_memory(tmp_path / "disk", "20m") as disk:
        workspace = Workspace(disk.point / "workspace")
        monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(workspace.path))
        register_text(workspace)
        with disk.only_read():
            panel = await listen()
            await panel.until(has("tiny:1"))
            assert what(panel) == [f"the workspace {workspace.path} can only be read"]
        await panel.until(lambda panel: not panel.problems)
        register_text(workspace)
        await panel.until(has("tiny:2"))
        await panel.close()
        await asyncio.to_thread(_wait_for_silence)


def _looks() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "feed of the lists"]


def _wait_for_silence() -> None:
    wait_until(lambda: not _looks())
