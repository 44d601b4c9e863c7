from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from jupyter_deploy import Webservice
from tests.widgets.panels import send_json


def test_what_was_sent_is_sent_again_shown_and_changed(raw: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(raw)
    send_json(page, '{"first": 1}')
    send_json(page, '{"second": 2}')
    rows = page.locator(".history tbody tr")
    expect(rows.nth(0)).to_contain_text("second")
    rows.nth(1).get_by_role("button", name="again").click()
    expect(rows).to_have_count(3)
    expect(rows.nth(2).get_by_role("button", name="again")).to_be_focused()
    expect(page.locator(".answer")).to_contain_text("first")
    rows.nth(1).get_by_role("button", name="Show").click()
    expect(page.locator(".answer")).to_contain_text("second")
    rows.nth(0).get_by_role("button", name="Change").click()
    expect(page.get_by_label("Body as JSON")).to_have_value('{"first": 1}')


def test_the_code_is_of_what_is_typed_now(raw: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(raw)
    page.get_by_role("tab", name="JSON").click()
    page.get_by_role("tab", name="Code").click()
    page.get_by_label("Body as JSON").fill('{"it\'s": "é"}')
    expect(page.locator("pre.code")).to_contain_text("é")
    languages = page.get_by_label("Language")
    expect(languages.locator("option")).to_have_text(["curl", "Python", "JavaScript", "C#", "R", "Power Query"])
    languages.select_option("Power Query")
    expect(page.locator("pre.code")).to_contain_text("Web.Contents")
    page.get_by_label("Body as JSON").fill("x" * 30_000)
    expect(page.locator("pre.code")).to_contain_text('File.Contents("body.json")')


def test_a_request_is_repeated_and_cancelled(raw: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(raw)
    page.get_by_role("tab", name="JSON").click()
    page.get_by_label("Body as JSON").fill("[1]")
    page.get_by_role("tab", name="Repeat").click()
    page.get_by_label("times").fill("20")
    page.get_by_role("button", name="Repeat").click()
    expect(page.get_by_text(re.compile("20 of 20 in .* no errors"))).to_be_visible()
    expect(page.get_by_role("img", name="Latencies: half of the answers within")).to_be_visible()
    page.get_by_label("times").fill("2000")
    page.get_by_role("button", name="Repeat").click()
    expect(page.get_by_role("alert")).to_contain_text("a request is sent 1 to 1000 times")
    page.get_by_label("times").fill("1000")
    page.get_by_role("button", name="Repeat").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile(r"\d+ of 1000 in"))).to_be_visible()
    expect(page.get_by_role("button", name="Repeat")).to_be_focused()


def test_cases_are_saved_run_and_removed(raw: Webservice, panel: Callable[..., Page], tmp_path: Path) -> None:
    page = panel(raw)
    page.get_by_role("tab", name="Test cases").click()
    page.get_by_role("button", name="Save the last").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing has been sent yet")
    for name in ("first", "<b>second</b>"):
        send_json(page, "[1]")
        page.get_by_label("Name of the test case").fill(name)
        page.get_by_role("button", name="Save the last").click()
        expect(page.locator(".cases")).to_contain_text(name)
    page.get_by_role("button", name="Run all saved").click()
    expect(page.get_by_text("all 2 are ok")).to_be_visible()
    file = tmp_path / "raw.tests.json"
    document = json.loads(file.read_text())
    document["cases"][1]["answer"] = "[2]"
    file.write_text(json.dumps(document))
    page.get_by_role("button", name="Run all saved").click()
    expect(page.locator(".cases li").nth(1)).to_contain_text("✗ different: answer[0] is 1, not 2")
    page.get_by_role("button", name="Remove first").click()
    expect(page.locator(".cases li")).to_have_count(1)
    expect(page.locator(".cases li button")).to_be_focused()
