from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jupyter_deploy import Webservice
from jupyter_deploy.engine.services import where
from jupyter_deploy.widgets import LogPane
from tests.widgets.browser import Draw
from tests.widgets.conftest import Deploy
from tests.widgets.looks import darken, overflow, serious


@pytest.fixture
def service(echo: Webservice) -> Iterator[Webservice]:
    """A service whose log is as it was at its start."""
    path = log_of(echo)
    begin = path.read_bytes()
    yield echo
    path.write_bytes(begin)


def log_of(service: Webservice) -> Path:
    target, place = where(service.workspace.folder, service.view)
    return target.logs(place)[-1]


def append(service: Webservice, *lines: str) -> None:
    with log_of(service).open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_new_lines_come_by_themselves_as_text_and_in_colour(service: Webservice, draw: Draw) -> None:
    page = draw(LogPane(service))
    log = page.get_by_role("log")
    expect(log).to_contain_text("tiny")
    append(service, "2026-01-01 10:00:00,000 E [7] root - <img src=x onerror=alert(1)> <b>bold</b>")
    row = page.locator(".line.error")
    expect(row).to_have_text("2026-01-01 10:00:00,000 E [7] root - <img src=x onerror=alert(1)> <b>bold</b>")
    assert row.locator("img, b").count() == 0


def test_the_end_is_seen_and_followed_also_where_lines_are_long(service: Webservice, draw: Draw) -> None:
    append(service, *("long " * 100 for _ in range(300)), "the last one")
    page = draw(LogPane(service))
    expect(page.get_by_text("the last one", exact=True)).to_be_in_viewport()
    append(service, "long " * 100, "the very last one")
    expect(page.get_by_text("the very last one", exact=True)).to_be_in_viewport()


def test_nothing_is_serious_for_axe_and_nothing_is_too_wide(service: Webservice, draw: Draw) -> None:
    append(
        service, "2026-01-01 10:00:00,000 E [7] root - bad", "2026-01-01 10:00:00,000 W [7] root - so so", "x" * 4000
    )
    page = draw(LogPane(service))
    page.get_by_label("Search the log").fill("so so")
    page.get_by_label("Search the log").press("Enter")
    expect(page.locator(".line.hit")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 700})
    assert not serious(page)
    darken(page)
    assert not serious(page)
    assert overflow(page) <= 0


def test_search_finds_in_the_file_what_is_far_above_and_the_end_is_one_press_away(
    service: Webservice, draw: Draw
) -> None:
    append(service, "the needle", *(f"hay {number}" for number in range(20_000)))
    page = draw(LogPane(service))
    expect(page.locator(".line").last).to_have_text("hay 19999")
    assert page.locator(".line").count() < 1000
    page.get_by_label("Search the log").fill("needle")
    page.get_by_label("Search the log").press("Enter")
    expect(page.locator(".line.hit")).to_have_text("the needle")
    expect(page.locator(".line.hit")).to_be_in_viewport()
    append(service, "something new")
    page.get_by_role("button", name="Jump to end (1 new)").click()
    expect(page.locator(".line").last).to_have_text("something new")


def test_a_filter_is_asked_of_the_file_and_goes_on_with_what_comes(service: Webservice, draw: Draw) -> None:
    append(service, "needle 1", *(f"hay {number}" for number in range(5000)))
    page = draw(LogPane(service))
    page.get_by_label("Search the log").fill("needle")
    page.get_by_label("only what matches").check()
    expect(page.locator(".line")).to_have_text(["needle 1"])
    append(service, "hay", "needle 2")
    expect(page.locator(".line")).to_have_text(["needle 1", "needle 2"])
    page.get_by_label("Search the log").fill("(")
    page.get_by_label("pattern").check()
    expect(page.get_by_role("alert")).to_contain_text("this pattern cannot be searched for")


def test_scrolling_up_asks_for_more(service: Webservice, draw: Draw) -> None:
    append(service, *(f"hay {number}" for number in range(3000)))
    page = draw(LogPane(service))
    expect(page.locator(".line").last).to_have_text("hay 2999")
    page.get_by_role("log").evaluate("log => { log.scrollTop = 0 }")
    expect(page.get_by_text("hay 2000", exact=True)).to_be_attached()


def test_a_paused_pane_stands_still_and_says_what_it_misses(service: Webservice, draw: Draw) -> None:
    page = draw(LogPane(service))
    expect(page.locator(".line").first).to_be_attached()
    page.get_by_role("button", name="Pause").click()
    append(service, "unseen")
    expect(page.get_by_role("button", name="Jump to end (1 new)")).to_be_visible()
    assert page.get_by_text("unseen").count() == 0
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".line").last).to_have_text("unseen")


def test_the_whole_log_is_downloaded(service: Webservice, draw: Draw) -> None:
    append(service, *(f"hay {number}" for number in range(50_000)))
    page = draw(LogPane(service))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "noisy.log"
    assert Path(download.value.path()).read_text().endswith("hay 49998\nhay 49999\n")


def test_a_deleted_service_is_said_and_its_last_lines_stay(deploy: Deploy, draw: Draw) -> None:
    service = deploy()
    page = draw(LogPane(service))
    expect(page.locator(".line").first).to_be_attached()
    service.delete()
    expect(page.get_by_text("the service 'noisy' is deleted, and its log with it")).to_be_visible()
    assert page.locator(".line").count() > 0


def test_where_widgets_cannot_run_the_last_lines_are_shown_escaped(service: Webservice, comms: None) -> None:
    append(service, "<script>alert(1)</script>")
    bundle = LogPane(service)._repr_mimebundle_()
    assert bundle is not None
    assert "&lt;script&gt;" in bundle[0]["text/html"]
    assert bundle[0]["text/plain"].endswith("<script>alert(1)</script>")


def test_a_kernel_that_does_not_listen_is_said(service: Webservice, draw: Draw) -> None:
    pane = LogPane(service)
    page = draw(pane)
    expect(page.locator(".line").first).to_be_attached()
    pane.comm.is_silent = True
    page.get_by_role("button", name="Jump to end").click()
    expect(page.get_by_text("The kernel is busy with a cell")).to_be_visible()
