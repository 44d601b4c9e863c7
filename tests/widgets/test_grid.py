from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from jupyter_deploy import Webservice
from tests.widgets.panels import json_of, send, text_of


def cell(page: Page, row: int, column: int, table: int = 0) -> Locator:
    return page.get_by_role("grid").nth(table).locator("tbody tr").nth(row).locator("td").nth(column)


def paste(page: Page, text: str) -> None:
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def test_cells_are_edited_by_keyboard(typed: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(typed)
    cell(page, 0, 0).click()
    page.keyboard.type("Ann")
    page.keyboard.press("Tab")
    page.keyboard.type("41.50")
    page.keyboard.press("Tab")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    expect(cell(page, 0, 3)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("true")
    page.keyboard.press("Escape")
    expect(cell(page, 0, 3)).to_be_focused()
    page.keyboard.type("false")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add row").first.click()
    expect(cell(page, 1, 3)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.type("Bob")
    page.keyboard.press("Enter")
    assert json_of(page)["visitors"] == [
        {"name": "Ann", "age": 41.5, "visits": 3, "member": False},
        {"name": "Bob", "age": None, "visits": None, "member": None},
    ]
    cell(page, 1, 0).click()
    page.get_by_role("button", name="Remove row").first.click()
    assert json.loads(text_of(send(page)))["ages"] == [41.5]


def test_cells_of_a_spreadsheet_are_pasted_with_or_without_their_head(
    typed: Webservice, panel: Callable[..., Page]
) -> None:
    page = panel(typed)
    cell(page, 0, 0).click()
    paste(page, 'name\tage\tvisits\tmember\r\n"a ""b""\nc"\t1.5\t2\ttrue\r\nD\t\tx\tfalse\r\n')
    expect(cell(page, 1, 2)).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("visitors, row 1, column visits: “x” is no integer")
    cell(page, 1, 2).click()
    page.keyboard.type("7\n")
    assert json_of(page)["visitors"] == [
        {"name": 'a "b"\nc', "age": 1.5, "visits": 2, "member": True},
        {"name": "D", "age": None, "visits": 7, "member": False},
    ]
    cell(page, 0, 0, table=1).click()
    paste(page, "1\t2\n3\t4\t5\n")
    assert json_of(page)["numbers"] == [[1, 2, None], [3, 4, 5]]
    page.get_by_role("button", name="Remove column").click()
    assert json_of(page)["numbers"] == [[2, None], [4, 5]]


def test_of_a_large_table_a_part_is_shown_and_all_is_sent(typed: Webservice, panel: Callable[..., Page]) -> None:
    numbers = [[float(row)] * 60 for row in range(250)]
    big = {"table": [], "point": {"x": 1}, "colour": "red", "numbers": numbers}
    page = panel(typed, big=big)
    page.get_by_role("tab", name="Variable").click()
    expect(page.get_by_label("Variable of the notebook")).to_contain_text("big")
    page.get_by_role("button", name="Change it here").click()
    grid = page.locator(".grid").nth(1)  # by classes: to look for roles among so many cells takes its time
    expect(grid.locator(".note")).to_have_text("250 rows × 60 columns; the first 200 × 50 are shown, all are sent")
    assert grid.locator("td[role]").count() == 200 * 50
    page.locator("button.primary").click()
    expect(page.locator(".answer .summary")).to_contain_text("200 OK")
    page.evaluate("document.querySelectorAll('.grid')[1].remove()")
    assert len(json.loads(text_of(page.locator(".answer")))["numbers"]) == 250
