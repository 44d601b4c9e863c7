from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from jupyter_deploy import Model, Webservice, Workspace
from jupyter_deploy.engine import rounds
from jupyter_deploy.errors import UserError
from jupyter_deploy.widgets import ModelsTable, ServicesTable, tables
from jupyter_deploy.widgets.opened import services_with_cards
from jupyter_deploy.workspace.records import ModelRecord, ServiceRecord, StoredFile
from jupyter_deploy.workspace.schema import model_files, models, services
from tests.helpers import register_text, wait_until
from tests.magics.notebooks import run_all
from tests.widgets.browser import Draw
from tests.widgets.conftest import Deploy
from tests.widgets.looks import darken, overflow, serious

EVIL = "<img src=x onerror=alert(1)>\x1b[31m\u202e"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables look at the workspace five times a second."""
    monkeypatch.setattr(tables, "PERIOD", 0.2)
    monkeypatch.setattr(rounds, "PERIOD", 0.2)


def model(number: int, name: str, version: int, **more: object) -> ModelRecord:
    file = StoredFile("model.pkl", f"{number:064x}", 1000 * number)
    made = ModelRecord(name, version, START + timedelta(minutes=number), "tester", "model.pkl", False, (file,))
    return replace(made, framework="ScikitLearn", framework_version="1.5", **more)  # type: ignore[arg-type]


def record(workspace: Workspace, held: Sequence[ModelRecord]) -> None:
    """Record many models at once."""
    rows = [{key: value for key, value in vars(one).items() if key != "files"} for one in held]
    files = [{"name": one.name, "version": one.version, **vars(one.files[0])} for one in held]
    with workspace.folder.models._database.writing() as connection:
        connection.execute(sa.insert(models), rows)
        connection.execute(sa.insert(model_files), files)


def names(page: Page) -> list[str]:
    return page.locator(".rows tbody th").all_text_contents()


def test_models_are_filtered_and_sorted_with_the_keyboard(workspace: Workspace, draw: Draw) -> None:
    record(workspace, [model(1, "pear", 10), model(2, "apple", 9), model(3, "fig", 2, tags={"stage": "live"})])
    page = draw(ModelsTable(workspace))
    expect(page.get_by_role("status").first).to_have_text("3 in all")
    assert names(page) == ["fig", "apple", "pear"]
    expect(page.get_by_role("columnheader", name="created")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="version").press("Enter")
    expect(page.get_by_role("columnheader", name="version")).to_have_attribute("aria-sort", "ascending")
    assert names(page) == ["fig", "apple", "pear"]
    page.keyboard.press("Space")
    assert names(page) == ["pear", "apple", "fig"]
    expect(page.get_by_role("button", name="version")).to_be_focused()
    page.get_by_label("Filter Models").fill("LIVE sci")
    expect(page.get_by_role("status").first).to_have_text("1 of 3 fit")
    assert names(page) == ["fig"]
    page.get_by_label("Filter Models").fill("nothing")
    expect(page.get_by_text("Nothing fits the filter.")).to_be_visible()


def test_what_changes_elsewhere_is_shown_and_the_focus_stays(workspace: Workspace, draw: Draw) -> None:
    first = register_text(workspace, name="first-model")
    page = draw(ModelsTable(workspace))
    box = page.get_by_label("compare first-model:1")
    box.focus()
    register_text(workspace, name="second-model")
    expect(page.get_by_role("row")).to_have_count(3)
    assert names(page) == ["second-model", "first-model"]
    expect(box).to_be_focused()
    page.get_by_role("row", name="first-model").evaluate("row => { window.kept = row }")
    first.add_tags({"stage": "live"})
    expect(page.get_by_role("row", name="first-model")).to_contain_text("stage=live")
    assert page.get_by_role("row", name="first-model").evaluate("row => row === window.kept")
    expect(box).to_be_focused()
    Model(workspace, "second-model").delete()
    expect(page.get_by_role("row")).to_have_count(2)


def test_only_rows_that_changed_are_sent(workspace: Workspace, comms: None) -> None:
    record(workspace, [model(number, f"model-{number}", 1) for number in range(200)])
    told: list[dict[str, object]] = []
    answers = tables.ModelsAnswers(workspace, None, lambda *_, **facts: told.append(facts))
    assert len(answers.rows()["rows"]) == 200
    Model(workspace, "model-7").add_tags({"a": "b"})
    wait_until(lambda: told)
    answers.close()
    assert [(key, cells[-1]) for key, cells in told[0]["rows"]] == [("model-7:1", "a=b")]  # type: ignore[attr-defined]
    assert told[0]["gone"] == []


def test_two_versions_are_compared(workspace: Workspace, draw: Draw) -> None:
    record(workspace, [model(1, "pear", 1, tags={"stage": "test"}), model(2, "pear", 2, tags={"stage": EVIL})])
    page = draw(ModelsTable(workspace))
    compare = page.get_by_role("button", name="Compare")
    expect(compare).to_have_attribute("aria-disabled", "true")
    page.get_by_label("compare pear:2").check()
    page.get_by_label("compare pear:1").check()
    compare.press("Enter")
    expect(page.get_by_role("heading")).to_have_text("pear:1 and pear:2: 5 differences")
    expect(page.get_by_role("heading")).to_be_focused()
    row = page.locator(".compared").get_by_role("row", name="stage")
    expect(row.get_by_role("cell")).to_have_text(["≠ differs", "test", EVIL])
    assert page.locator("img").count() == 0
    kind = page.locator(".compared").get_by_role("row", name="framework version")
    expect(kind.get_by_role("cell").first).to_have_text("")
    page.get_by_label("only what differs").check()
    expect(kind).to_be_hidden()
    assert serious(page) == []
    page.get_by_role("button", name="Close").press("Enter")
    expect(compare).to_be_focused()


def test_a_version_that_was_deleted_meanwhile_is_said(workspace: Workspace, draw: Draw) -> None:
    record(workspace, [model(1, "pear", 1), model(2, "pear", 2)])
    view = ModelsTable(workspace)
    page = draw(view)
    page.get_by_label("compare pear:2").check()
    page.get_by_label("compare pear:1").check()
    view.part().close()
    Model(workspace, "pear", version=1).delete()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("alert")).to_contain_text("pear:1")


@pytest.mark.soak
def test_five_thousand_models_are_opened_filtered_and_turned_in_a_moment(workspace: Workspace, draw: Draw) -> None:
    record(workspace, [model(number, f"model-{number % 700}", number // 700 + 1) for number in range(5000)])
    page = draw(ModelsTable(workspace))
    expect(page.get_by_role("status").first).to_have_text("1–50; 5,000 in all", timeout=30000)
    assert len(names(page)) == 50
    spent = page.evaluate(
        """() => {
            const box = document.querySelector("input[type=search]");
            const began = performance.now();
            for (const word of ["m", "mo", "model-3", "", "model-69"]) {
                box.value = word;
                box.dispatchEvent(new Event("input"));
            }
            document.querySelector("button.sort").click();
            return performance.now() - began;
        }"""
    )
    assert spent < 6 * 200  # milliseconds, on a loaded machine
    expect(page.get_by_role("status").first).to_have_text("1–50; 78 of 5,000 fit")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("status").first).to_have_text("51–78; 78 of 5,000 fit")
    expect(page.get_by_role("button", name="Next")).to_have_attribute("aria-disabled", "true")


def test_five_hundred_services_are_listed_at_once_and_looked_at_in_turn(workspace: Workspace, comms: None) -> None:
    held = [ServiceRecord(f"service-{number}", "process", START, START, "tester", served=True) for number in range(500)]
    with workspace.folder.services._database.writing() as connection:
        connection.execute(sa.insert(services), [vars(one) for one in held])
    told: list[dict[str, object]] = []
    answers = tables.ServicesAnswers(workspace, None, lambda *_, **facts: told.append(facts))
    workspace.folder.services.list()
    began = time.process_time()
    rows = answers.rows()["rows"]
    assert time.process_time() - began < 1
    assert len(rows) == 500
    seen = {name for name, cells in rows if cells[1] != "…"}
    assert len(seen) < 500

    def looked_at() -> set[str]:
        return {name for facts in list(told) for name, cells in facts["rows"] if cells[1] == "Failed"}  # type: ignore[attr-defined]

    wait_until(lambda: len(looked_at()) > 50)
    answers.close()
    assert not looked_at() & seen
    with workspace.folder.services._database.writing() as connection:
        connection.execute(sa.delete(services))


def test_the_states_of_services_are_live_and_a_card_is_opened(deploy: Deploy, workspace: Workspace, draw: Draw) -> None:
    service = deploy("live-service")
    opened: list[Webservice] = []

    def on_open(chosen: Webservice) -> None:
        if opened:
            raise UserError("it is open", remedy="look below")
        opened.append(chosen)

    page = draw(ServicesTable(workspace, on_open))
    row = page.get_by_role("row", name="live-service")
    expect(row).to_contain_text("Healthy")
    page.get_by_role("button", name="Open live-service").press("Enter")
    expect(page.get_by_role("button", name="Open live-service")).not_to_have_attribute("aria-disabled", "true")
    assert [one.name for one in opened] == ["live-service"]
    page.get_by_role("button", name="Open live-service").click()
    expect(page.get_by_role("alert")).to_contain_text("it is open")
    service.stop()
    expect(row).to_contain_text("Stopped", timeout=20000)
    expect(page.get_by_role("alert")).to_be_hidden()
    service.delete()
    expect(page.get_by_text("No services yet. Deploy a model first:")).to_be_visible(timeout=20000)
    expect(page.get_by_text("%deploy my-service --models my-model")).to_be_visible()


def test_by_itself_a_table_shows_the_card_below_and_one_at_a_time(
    deploy: Deploy, workspace: Workspace, comms: None
) -> None:
    deploy("one-service")
    deploy("two-service")
    box = services_with_cards(workspace)
    table, place = box.children
    for name in ("one-service", "two-service"):
        table.part().open(name)
        [card] = place.children
        assert f"<b>{name}</b>" in card.children[0].value
    box.children[0].close()
    card.close()


def test_the_magics_show_live_tables_and_keep_lists_with_text(workspace: Workspace, tmp_path: Path) -> None:
    register_text(workspace)
    cells = [
        "%load_ext jupyter_deploy",
        "%models",
        "%services",
        "found = %models tiny\nprint(type(found).__name__, [model.id for model in found])",
        "from jupyter_deploy import Model, Workspace\nModel.list(Workspace.from_config())",
    ]
    done = run_all(cells, tmp_path, workspace.path)
    for cell in (1, 2):
        live = done.cells[cell].outputs[0].data
        assert live["application/vnd.jupyter.widget-view+json"]["model_id"]
    [of_models], [of_services] = done.pictures(1), done.pictures(2)
    assert of_models["text/plain"].splitlines()[1].startswith("tiny  1")
    assert "<table>" in of_models["text/html"]
    assert of_services["text/plain"] == "no services yet; deploy one first"
    assert done.text(3) == "Table ['tiny:1']\n"
    assert sorted(done.pictures(4)[0]) == ["text/html", "text/plain"]


def test_what_people_wrote_is_text_and_nothing_is_cut_off(workspace: Workspace, draw: Draw, tmp_path: Path) -> None:
    long = {f"a-long-key-{number}": "and its long value" for number in range(20)}
    record(
        workspace, [model(1, "a-model-with-a-rather-long-name", 1, tags={"evil": EVIL}), model(2, "pear", 1, tags=long)]
    )
    record(workspace, [model(3, "pear", 2, tags={"huge": "x" * 1_000_000, "stage": "live"})])
    page = draw(ModelsTable(workspace))
    expect(page.get_by_role("row", name="a-model")).to_contain_text(EVIL)
    assert page.locator("img").count() == 0
    page.get_by_label("compare pear:1").check()
    page.get_by_label("compare pear:2").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading")).to_be_visible()
    for width in (1000, 400, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow(page) <= 0
        page.screenshot(path=tmp_path / f"light-{width}.png", full_page=True)
    assert serious(page) == []
    darken(page)
    assert serious(page) == []
    for width in (1000, 400):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=tmp_path / f"dark-{width}.png", full_page=True)
