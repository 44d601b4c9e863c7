from __future__ import annotations

from typing import Any

from jupyter_deploy.engine.events import Event, Kind
from jupyter_deploy.widgets.card import Card, Step, as_html, as_text, steps_of, with_events

SERVICE = Card(
    "doubler", "Transitioning", (("URL", "http://127.0.0.1:1/score"), ("version", None)), "deploy", "Running"
)


def log(*entries: tuple[float, Kind, str, str, dict[str, Any]]) -> list[Event]:
    return [Event(number, *entry) for number, entry in enumerate(entries)]


EVENTS = log(
    (100.0, "accepted", "", "deploy 'doubler'", {}),
    (100.1, "began", "bundle", "bundle", {}),
    (100.3, "ended", "bundle", "bundle", {"seconds": 0.21}),
    (100.3, "began", "start", "start of the service", {}),
    (100.9, "moved", "start", "worker started", {}),
)


def test_steps_are_done_or_running_with_what_moved_last() -> None:
    assert steps_of(EVENTS, now=103.7) == (
        Step("bundle", 0.2, "done"),
        Step("start of the service", 3.0, "running", "worker started"),
    )


def test_the_parts_of_a_step_stay_with_their_times_and_whether_they_were_there_already() -> None:
    events = log(
        (100.0, "began", "image", "image", {}),
        (100.1, "moved", "image", "FROM x (from the cache)", {"part": "FROM x", "seconds": 0.04, "cached": True}),
        (100.2, "log", "image", "Collecting numpy", {}),
        (107.2, "moved", "image", "RUN pip (7.0 s)", {"part": "RUN pip", "seconds": 7.0, "cached": False}),
        (107.5, "ended", "image", "image", {"seconds": 7.5}),
    )
    parts = (Step("FROM x", 0.0, "done", "from the cache"), Step("RUN pip", 7.0, "done"))
    assert steps_of(events[:3], now=103.2) == (Step("image", 3.0, "running", "Collecting numpy", parts[:1]),)
    card = with_events(SERVICE, events, 110)
    assert card.steps == (Step("image", 7.5, "done", parts=parts),)
    assert as_text(card).splitlines()[-3:] == [
        "  ✓ image    7.5 s",
        "        7.0 s  RUN pip",
        "      2 steps, 1 of them from the cache",
    ]
    folded, open_ = as_html(card), as_html(with_events(SERVICE, events[:3], 103))
    assert "<details style=" in folded
    assert "<details open style=" in open_
    assert ">FROM x</td>" in folded
    assert ">from the cache</td>" in folded


def test_the_same_second_without_news_is_the_same_card() -> None:
    assert with_events(SERVICE, EVENTS, 103.4) == with_events(SERVICE, EVENTS, 103.9)
    assert with_events(SERVICE, EVENTS, 103.4) != with_events(SERVICE, EVENTS, 104.9)


def test_a_failure_shows_cause_traceback_and_remedy() -> None:
    end = log(
        (101.0, "ended", "start", "init() raised", {"seconds": 0.7, "failed": True}),
        (101.0, "finished", "", "init() raised", {"outcome": "Failed", "why": "line 3\n  <b>", "remedy": "mend it"}),
    )
    card = with_events(SERVICE, EVENTS + end, 200)
    assert card.steps[1] == Step("start of the service", 0.7, "failed")
    assert as_text(card) == (
        "doubler: Transitioning (deploy failed, 1.0 s)\n"
        "  URL: http://127.0.0.1:1/score\n"
        "  ✓ bundle                  0.2 s\n"
        "  ✗ start of the service    0.7 s\n"
        "init() raised\nline 3\n  <b>\nmend it"
    )
    assert "&lt;b&gt;" in as_html(card)


def test_everything_in_html_is_escaped_and_colours_have_fallbacks() -> None:
    evil = "<script>alert(1)</script>\"'"
    facts, steps = ((evil, evil), ("URL", 'http://x/"><script>')), (Step(evil, 1, "done", evil),)
    card = Card(evil, evil, facts, evil, evil, 1, steps, evil, evil, evil)
    page = as_html(card)
    assert "<script>" not in page
    assert 'href="http://x/&quot;&gt;&lt;script&gt;"' in page
    for variable in page.split("var(")[1:]:
        assert "," in variable.split(")")[0]


def test_of_a_long_traceback_the_end_is_shown() -> None:
    card = Card("x", "Failed", error="it failed", why="\n".join(f"line {number}" for number in range(500)))
    assert "line 499" in as_text(card)
    assert "line 100\n" not in as_text(card)
