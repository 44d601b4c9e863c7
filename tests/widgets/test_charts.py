from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest
import requests
from playwright.sync_api import Page, expect
from prometheus_client.parser import text_string_to_metric_families

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.widgets import Charts, repeating, sampling
from jupyter_deploy.widgets.charts_answers import ChartsAnswers
from tests.helpers import take_away, wait_until, write_script
from tests.magics.notebooks import run_all
from tests.services import serve
from tests.widgets.browser import Draw
from tests.widgets.looks import darken, overflow, serious

SCRIPT = """
import time

def init():
    pass

def run(data):
    if data == "fail":
        raise ValueError("as asked")
    time.sleep(float(data))
    return data
"""
COLUMNS = ("requests", "p50", "p95", "p99", "4xx", "5xx", "waiting", "running", "cpu", "memory")

BUCKETS = "scoring_request_duration_seconds_bucket"
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A service with keys, whose calls take as long as they are told to."""
    folder = tmp_path_factory.mktemp("busy")
    workspace = Workspace(folder / "workspace")
    yield serve(workspace, write_script(folder, SCRIPT), name="busy-service", options={"auth_enabled": True})
    take_away(workspace)


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service is looked at when charts are opened, and then when a test does it."""
    monkeypatch.setattr(sampling, "PERIOD", 100)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service is looked at ten times a second."""
    monkeypatch.setattr(sampling, "PERIOD", 0.1)


def scrape(service: Webservice) -> Samples:
    """The service's page, read by the test itself."""
    address = str(service.scoring_uri).replace("/score", "/metrics")
    text = requests.get(address, headers={"Authorization": f"Bearer {service.get_keys()[0]}"}, timeout=10).text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def send(service: Webservice, *bodies: str) -> list[requests.Response]:
    key, address = service.get_keys()[0], str(service.scoring_uri)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {key}"
        return [session.post(address, data=body, timeout=10) for body in bodies]


def answers_of(view: Charts) -> ChartsAnswers:
    return cast(ChartsAnswers, view.part())


def opened(view: Charts, draw: Draw) -> Page:
    """A page with the charts, which the service has been looked at for once."""
    page = draw(view)
    expect(page.locator(".plot")).to_have_count(6)
    wait_until(lambda: answers_of(view).sampler.points._last)
    return page


def table_of(page: Page) -> list[dict[str, float | None]]:
    """The rows of the table below the charts, newest first."""
    if not page.get_by_role("table").is_visible():
        page.get_by_text("Values as a table").click()
    rows = page.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].slice(1).map(c => c.textContent))"
    )
    return [
        {name: None if text == "–" else float(text.replace(",", "")) for name, text in zip(COLUMNS, row, strict=True)}
        for row in rows
    ]


def grown(before: Samples, after: Samples, name: str, **labels: str) -> float:
    wanted = labels.items()
    return sum(
        value - before.get(key, 0.0)
        for key, value in after.items()
        if key[0] == name and all(item in key[1] for item in wanted)
    )


def bounds_of(page: Samples) -> list[str]:
    """The upper bounds of the buckets that durations are counted in, in seconds."""
    return sorted({dict(labels)["le"] for name, labels in page if name == BUCKETS}, key=float)


def percentile(before: Samples, after: Samples, part: float) -> float:
    """histogram_quantile() of PromQL over two pages, in milliseconds."""
    bounds = bounds_of(after)
    counts = [grown(before, after, BUCKETS, le=bound, path="/score") for bound in bounds]
    rank = part * counts[-1]
    at = next(number for number, count in enumerate(counts) if count >= rank)
    low, below = (float(bounds[at - 1]), counts[at - 1]) if at else (0.0, 0.0)
    return 1000 * (low + (float(bounds[at]) - low) * (rank - below) / (counts[at] - below))


def test_what_is_drawn_is_what_the_metrics_say_over_the_same_time(busy: Webservice, draw: Draw, by_hand: None) -> None:
    view = Charts(busy)
    page = opened(view, draw)
    before = scrape(busy)
    began = time.monotonic()
    answers = send(busy, *["0"] * 40, *["0.03"] * 12, *["0.3"] * 3, *["fail"] * 4)
    answers.append(requests.get(str(busy.scoring_uri), timeout=10))
    assert [answer.status_code for answer in answers] == [200] * 55 + [500] * 4 + [401]
    passed = time.monotonic() - began
    after = scrape(busy)
    answers_of(view).sampler.look()
    expect(page.get_by_label("Look at")).to_be_visible()
    [shown] = table_of(page)
    [point] = answers_of(view).sampler.points.since()
    assert passed < point.seconds < passed + 5
    total = grown(before, after, "scoring_requests_total")
    assert total == 60
    for column, count in (("requests", total), ("4xx", 1), ("5xx", 4)):
        assert (shown[column] or 0) * point.seconds == pytest.approx(count, rel=0.01)
    for column, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        assert shown[column] == pytest.approx(percentile(before, after, part), rel=0.01)
    took, bounds = sorted(answer.elapsed.total_seconds() for answer in answers), [*map(float, bounds_of(after))]
    for column, rank in (("p50", 30), ("p95", 57)):  # a service takes no longer than its client waits
        assert (shown[column] or 0) <= 1000 * next(bound for bound in bounds if bound >= took[rank - 1])
    assert (shown["p95"] or 0) >= 25
    held = sum(value for (name, _), value in after.items() if name == "process_resident_memory_bytes")
    assert shown["memory"] == pytest.approx(held / 1e6, rel=0.05)
    spent = grown(before, after, "process_cpu_seconds_total")
    assert (shown["cpu"] or 0) * point.seconds == pytest.approx(spent, abs=0.05)


def test_a_restart_never_makes_a_rate_negative(busy: Webservice, draw: Draw, quick: None) -> None:
    view = Charts(busy)
    page = opened(view, draw)

    def seen() -> int:
        return round(sum(point.requests * point.seconds for point in answers_of(view).sampler.points.since()))

    send(busy, *["0"] * 30)
    wait_until(lambda: seen() == 30)
    busy.restart()
    send(busy, *["0"] * 5)
    looked = len(answers_of(view).sampler.points.since())
    wait_until(lambda: len(answers_of(view).sampler.points.since()) > looked + 3)
    points = answers_of(view).sampler.points.since()
    assert min(value for point in points for value in vars(point).values() if value is not None) >= 0
    assert sum(point.requests * point.seconds for point in points) == pytest.approx(35, abs=0.01)
    assert all("-" not in str(path.get_attribute("d")) for path in page.locator(".canvas path").all())


def test_the_key_is_in_nothing_that_is_sent_or_kept(busy: Webservice, draw: Draw, quick: None) -> None:
    view = Charts(busy)
    page = opened(view, draw)
    expect(page.get_by_label("Look at")).to_be_visible()
    kept = page.content() + view.html() + view.plain() + json.dumps(view.get_state(), default=str)
    assert not any(key in kept for key in busy.get_keys())


def test_a_moment_is_looked_at_with_the_keyboard_and_with_the_pointer(
    busy: Webservice, draw: Draw, by_hand: None
) -> None:
    view = Charts(busy)
    page = opened(view, draw)
    for count in (4, 8):
        send(busy, *["0"] * count)
        answers_of(view).sampler.look()
    moment = page.get_by_label("Look at")
    expect(moment).to_have_attribute("max", "1")
    first, second = (f"{point.requests:.3g}" for point in answers_of(view).sampler.points.since())
    value = page.locator(".plot .value").first
    expect(value).to_have_text(second)
    moment.press("ArrowLeft")
    expect(value).to_have_text(first)
    expect(page.locator(".cursor")).to_have_count(6)
    assert f"Requests requests {first};" in str(moment.get_attribute("aria-valuetext"))
    moment.press("Escape")
    expect(page.locator(".cursor")).to_have_count(0)
    canvas = page.locator(".canvas").nth(3)
    canvas.hover(position={"x": 60, "y": 50})
    expect(value).to_have_text(first)
    page.mouse.move(0, 0)
    expect(value).to_have_text(second)


def test_a_hidden_page_draws_nothing_and_catches_up(busy: Webservice, draw: Draw, by_hand: None) -> None:
    view = Charts(busy)
    page = opened(view, draw)
    answers_of(view).sampler.look()
    moment = page.get_by_label("Look at")
    expect(moment).to_have_attribute("max", "0")
    hide = """is => {
        Object.defineProperty(document, "hidden", { value: is, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    drawn = page.locator(".plots").inner_html()
    for _ in range(3):
        answers_of(view).sampler.look()
    page.wait_for_function("window.received >= 5")
    assert page.locator(".plots").inner_html() == drawn
    page.evaluate(hide, False)
    expect(moment).to_have_attribute("max", "3")


def test_a_service_that_does_not_serve_or_is_gone_is_said(
    tmp_path: Path, workspace: Workspace, draw: Draw, quick: None
) -> None:
    service = serve(workspace, write_script(tmp_path), name="short-lived")
    page = opened(Charts(service), draw)
    expect(page.get_by_label("Look at")).to_be_visible()
    service.stop()
    expect(page.get_by_role("alert")).to_contain_text("'short-lived' does not serve, it is Stopped")
    expect(page.get_by_role("alert")).to_contain_text("start it to bring it back")
    service.start()
    expect(page.get_by_role("alert")).to_be_hidden(timeout=20000)
    service.delete()
    expect(page.get_by_role("alert")).to_contain_text("the service is deleted: these are its last measurements")
    expect(page.locator(".plot")).to_have_count(6)


@pytest.mark.parametrize("text", ["<html>not found</html>", "# TYPE python_info gauge\npython_info 1\n"])
def test_a_service_without_metrics_is_said(
    busy: Webservice, draw: Draw, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "page", lambda *_: text)
    page = draw(Charts(busy))
    expect(page.get_by_role("alert")).to_contain_text("'busy-service' has no metrics")


def test_looking_ends_when_nobody_has_the_charts_open_and_begins_again_with_who_does(
    busy: Webservice, comms: None, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    monkeypatch.setattr(repeating, "LINGER", 0.5)
    answers = answers_of(Charts(busy))
    answers.points()
    wait_until(lambda: not answers.sampler.repeated.is_under_way)
    seen = len(answers.sampler.points.since())
    answers.points()
    wait_until(lambda: len(answers.sampler.points.since()) > seen)
    answers.close()
    wait_until(lambda: not answers.sampler.repeated.is_under_way)


def test_a_saved_notebook_holds_a_picture_that_was_drawn_anew(busy: Webservice, tmp_path: Path) -> None:
    cells = [
        "from jupyter_deploy import Webservice, Workspace\n"
        "from jupyter_deploy.widgets import Charts, charts_answers, sampling\n"
        "sampling.PERIOD = charts_answers.PICTURE_PERIOD = 0.05\n"
        f"view = Charts(Webservice(Workspace({str(busy.workspace.path)!r}), {busy.name!r}))",
        "view",
        "import time\n"
        "while len(view.part().sampler.points.since()) < 3: time.sleep(0.05)\n"
        "view.close()\n"
        "while view.part().sampler.repeated.is_under_way: time.sleep(0.05)",
    ]
    done = run_all(cells, tmp_path, busy.workspace.path)
    widget, still = (output.data for output in done.cells[1].outputs)
    assert widget["application/vnd.jupyter.widget-view+json"]
    assert widget["text/html"] == ""
    assert still["text/html"].startswith('<div class="jupyter-deploy-')
    assert still["text/html"].count("<path ") == 10
    assert "Memory (MB): held" in still["text/plain"]
    assert not any(done.text(cell) for cell in range(3))


def test_nothing_is_cut_off_or_hard_to_reach(busy: Webservice, draw: Draw, by_hand: None, tmp_path: Path) -> None:
    view = Charts(busy)
    page = opened(view, draw)
    for count in (3, 9, 1):
        send(busy, *["0.01"] * count, "fail")
        answers_of(view).sampler.look()
    table_of(page)
    for width in (1000, 400, 320):
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator(".canvas").first).to_be_visible()
        assert overflow(page) <= 0
        page.screenshot(path=tmp_path / f"light-{width}.png", full_page=True)
    assert serious(page) == []
    darken(page)
    assert serious(page) == []
    for width in (1000, 400):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=tmp_path / f"dark-{width}.png", full_page=True)
