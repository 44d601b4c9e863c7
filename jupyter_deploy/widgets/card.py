"""The status card of a service: a plain record made of events, and its pictures as text and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from jupyter_deploy.engine.events import Event
    from jupyter_deploy.sdk.webservice import Webservice

Outcome = Literal["running", "done", "failed"]

LONGEST_DETAIL = 160
LONGEST_WHY = 60
"""Lines of a traceback or of a tool's output; the last ones are shown."""

_MARKS = {"running": "…", "done": "✓", "failed": "✗"}
_COLOURS = {
    "Healthy": "var(--jp-success-color1, #388e3c)",
    "Transitioning": "var(--jp-info-color1, #0288d1)",
    "Deleting": "var(--jp-info-color1, #0288d1)",
    "Failed": "var(--jp-error-color1, #d32f2f)",
    "Unhealthy": "var(--jp-error-color1, #d32f2f)",
    "Unschedulable": "var(--jp-error-color1, #d32f2f)",
}
_OTHER_COLOUR = "var(--jp-warn-color1, #f57c00)"
_MUTED = "color:var(--jp-ui-font-color2, #757575)"


@dataclass(frozen=True)
class Step:
    """One step of an operation.

    Parameters
    ----------
    text : what it is. seconds : that it took so far. outcome : how it stands.
    detail : the last thing that moved in it, of a part whether it was there already. parts : of it that have ended.
    """

    text: str
    seconds: float
    outcome: Outcome
    detail: str = ""
    parts: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Card:
    """A service and the newest operation on it, at one moment.

    Parameters
    ----------
    service, state : its name, and how it stands.
    facts : what else there is to know, by name; empty values are not shown.
    operation : the kind of the operation. outcome : what became of it. seconds : how long it took so far.
    steps : of the operation. error, why, remedy : where something is wrong.
    """

    service: str
    state: str
    facts: tuple[tuple[str, Any], ...] = ()
    operation: str = ""
    outcome: str = ""
    seconds: float = 0.0
    steps: tuple[Step, ...] = ()
    error: str = ""
    why: str = ""
    remedy: str = ""

    def __repr__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)


def card_of(service: Webservice, now: float) -> Card:
    """Look at a service, and at the newest operation on it.

    Parameters
    ----------
    now : seconds since the epoch, for the steps under way.
    """
    row = service.row()
    facts = (
        ("URL", row["scoring_uri"]),
        ("version", row["version"]),
        ("models", ", ".join(row["models"])),
        ("target", row["target"]),
    )
    card = Card(service.name, row["state"], facts, error=row["error"])
    operation = service.operation
    if operation is None:
        return card
    return with_events(replace(card, operation=operation.kind, outcome=operation.state), list(operation.events()), now)


def with_events(card: Card, events: Sequence[Event], now: float) -> Card:
    """The card with what an operation's events tell."""
    if not events:
        return card
    finished = next((event for event in events if event.kind == "finished"), None)
    end = finished.time if finished else now
    moved = replace(card, seconds=_rounded(end - events[0].time, finished is None), steps=steps_of(events, now))
    if finished is None or not finished.text:
        return moved
    facts = finished.facts
    return replace(
        moved, error=finished.text, why=facts.get("why", ""), remedy=facts.get("remedy", ""), outcome=facts["outcome"]
    )


def steps_of(events: Sequence[Event], now: float) -> tuple[Step, ...]:
    """The steps of an operation in the order in which they began."""
    steps: dict[str, Step] = {}
    began: dict[str, float] = {}
    for event in events:
        if event.kind == "began":
            began[event.step] = event.time
            steps[event.step] = Step(event.text, _rounded(now - event.time, True), "running")
        elif event.step in steps:
            steps[event.step] = _moved(steps[event.step], event)
    return tuple(steps.values())


def _moved(step: Step, event: Event) -> Step:
    if event.kind == "moved" and "part" in event.facts:
        facts = event.facts
        part = Step(
            facts["part"], _rounded(facts["seconds"], False), "done", "from the cache" if facts["cached"] else ""
        )
        return replace(step, detail="", parts=(*step.parts, part))
    if event.kind in ("moved", "log"):
        return replace(step, detail=event.text[:LONGEST_DETAIL])
    if event.kind == "ended":
        outcome: Outcome = "failed" if event.facts.get("failed") else "done"  # the cause stands below the steps
        return Step(step.text, _rounded(event.facts["seconds"], False), outcome, parts=step.parts)
    return step


def _rounded(seconds: float, is_running: bool) -> float:
    """What runs is shown in whole seconds, so that a card is sent again once a second at most when nothing else moved."""
    return float(int(seconds)) if is_running else round(seconds, 1)


def as_text(card: Card) -> str:
    """The card for a terminal, and for whoever reads the notebook as text."""
    lines = [f"{card.service}: {card.state}" + (f" ({_operation(card)})" if card.operation else "")]
    lines += [f"  {name}: {value}" for name, value in card.facts if value]
    width = max((len(step.text) for step in card.steps), default=0)
    for step in card.steps:
        lines.append(f"  {_MARKS[step.outcome]} {step.text:<{width}}  {step.seconds:5.1f} s  {step.detail}".rstrip())
        lines += [f"      {part.seconds:5.1f} s  {part.text}" for part in step.parts if not part.detail]
        lines += [f"      {_counted(step.parts)}"] if step.parts else []
    lines += [line for line in (card.error, _last_lines(card.why), card.remedy) if line]
    return "\n".join(lines)


def as_html(card: Card) -> str:
    """The card for a notebook, readable on light and dark and without style sheets; everything in it is escaped."""
    colour = _COLOURS.get(card.state, _OTHER_COLOUR)
    operation = f'<span style="{_MUTED}">{escape(_operation(card))}</span>' if card.operation else ""
    return (
        '<div style="border:1px solid var(--jp-border-color2, #bdbdbd);border-left:4px solid '
        f"{colour};border-radius:2px;padding:6px 12px;max-width:60em;"
        'font-family:var(--jp-ui-font-family, sans-serif);font-size:var(--jp-ui-font-size1, 13px)">'
        f'<div><b>{escape(card.service)}</b> <b role="status" style="color:{colour}">{escape(card.state)}</b> {operation}</div>'
        f"{_html_facts(card)}{_html_steps(card)}{_html_error(card)}</div>"
    )


def _html_facts(card: Card) -> str:
    facts = [f"{escape(name)} {_linked(str(value))}" for name, value in card.facts if value]
    return f"<div>{' · '.join(facts)}</div>" if facts else ""


def _linked(text: str) -> str:
    safe = escape(text)
    if not text.startswith(("http://", "https://")):
        return safe
    return f'<a href="{safe}" target="_blank" rel="noopener" style="color:var(--jp-content-link-color, #0277bd)">{safe}</a>'


def _html_steps(card: Card) -> str:
    rows = "".join(_html_row(step, f"{_MARKS[step.outcome]} ") + _html_parts(step) for step in card.steps)
    return f'<table style="margin:4px 0 0 0">{rows}</table>' if rows else ""


def _html_row(step: Step, mark: str = "") -> str:
    return (
        f'<tr style="background:none"><td style="text-align:left">{mark}{escape(step.text)}</td>'
        f'<td style="text-align:right;white-space:nowrap">{step.seconds:.1f} s</td>'
        f'<td style="text-align:left;{_MUTED}">{escape(step.detail)}</td></tr>'
    )


def _html_parts(step: Step) -> str:
    """A list to fold out; while the step is under way, and where it failed, it is open."""
    if not step.parts:
        return ""
    is_open = "" if step.outcome == "done" else " open"
    rows = "".join(map(_html_row, step.parts))
    return (
        f'<tr style="background:none"><td colspan="3" style="text-align:left"><details{is_open} style="margin-left:1.2em">'
        f"<summary>{_counted(step.parts)}</summary>"
        f'<table style="margin:0;font-size:90%">{rows}</table></details></td></tr>'
    )


def _counted(parts: Sequence[Step]) -> str:
    there = sum(part.detail != "" for part in parts)
    return f"{len(parts)} steps, {there} of them from the cache"


def _html_error(card: Card) -> str:
    if not card.error:
        return ""
    why = escape(_last_lines(card.why))
    block = f'<pre style="margin:4px 0;max-height:20em;overflow:auto">{why}</pre>' if why else ""
    colour = _COLOURS["Failed"]
    return (
        f'<div style="color:{colour};margin-top:4px">{escape(card.error)}</div>{block}<div>{escape(card.remedy)}</div>'
    )


def _operation(card: Card) -> str:
    outcome = {"Running": "", "Succeeded": ""}.get(card.outcome, f" {card.outcome.lower()}")
    return f"{card.operation}{outcome}, {card.seconds:.1f} s"


def _last_lines(text: str) -> str:
    return "\n".join(text.splitlines()[-LONGEST_WHY:])
