from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from jupyter_deploy import AksWebservice, Webservice, Workspace
from jupyter_deploy.errors import NotFound
from jupyter_deploy.targets.base import Status
from jupyter_deploy.targets.kubernetes.target import KubernetesTarget
from jupyter_deploy.widgets import ServicePanel
from jupyter_deploy.widgets.modules import module
from tests.helpers import register_text
from tests.recorded import record_service
from tests.widgets.browser import Draw
from tests.widgets.conftest import Deploy
from tests.widgets.forms import until
from tests.widgets.looks import darken, overflow, serious

_HERE = "http://127.0.0.1:5000/score"
_THERE = "https://hub.example/user/ada/proxy/5000/score"
_PROXIED = {"base": "/user/ada/", "proxied": "proxy/5000/score"}


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_service_is_updated_rolled_back_scaled_stopped_and_started(
    workspace: Workspace, deploy: Deploy, draw: Draw
) -> None:
    service = deploy()
    register_text(workspace, "two")
    woken: list[None] = []
    page = draw(ServicePanel(service, lambda: woken.append(None)))
    expect(page.get_by_text(str(service.scoring_uri), exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Rollback")).to_be_hidden()
    press(page, "Update…")
    page.get_by_label("models").fill("tiny:2")
    press(page, "Update")
    expect(page.get_by_role("cell", name="2 (current)")).to_be_visible(timeout=20000)
    assert service.version == 2
    press(page, "Rollback")
    expect(page.get_by_role("cell", name="3 (current)")).to_be_visible(timeout=20000)
    assert service.view.current is not None
    assert service.view.current.models == ("tiny:1",)
    press(page, "Scale…")
    page.get_by_label("worker_count").fill("2")
    press(page, "Scale")
    expect(page.get_by_role("cell", name="4 (current)")).to_be_visible(timeout=20000)
    assert service.view.record.options["workerCount"] == 2
    press(page, "Stop")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible(timeout=20000)
    press(page, "Start")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible(timeout=20000)
    assert service.state == "Healthy"
    assert woken


def test_deletion_asks_once_and_says_that_it_is_done(deploy: Deploy, draw: Draw) -> None:
    service = deploy()
    page = draw(ServicePanel(service))
    press(page, "Delete…")
    press(page, "Keep it")
    assert service.state == "Healthy"
    expect(page.get_by_role("button", name="Delete…")).to_be_focused()
    press(page, "Delete…")
    page.keyboard.press("Escape")
    press(page, "Delete…")
    press(page, "Delete noisy")
    expect(page.get_by_text("noisy is deleted")).to_be_visible(timeout=20000)
    with pytest.raises(NotFound):
        _ = service.state


def test_keys_are_shown_when_asked_for_and_lie_in_no_trait(echo: Webservice, draw: Draw) -> None:
    service = echo
    panel = ServicePanel(service)
    page = draw(panel)
    page.get_by_role("tab", name="Keys").click()
    primary, secondary = service.get_keys()
    assert primary not in page.content()
    press(page, "Show keys")
    expect(page.get_by_text(primary, exact=True)).to_be_visible()
    page.get_by_role("button", name="Regenerate the key Secondary").click()
    expect(page.get_by_text(secondary, exact=True)).to_be_hidden()
    renewed = service.get_keys()[1]
    expect(page.get_by_text(renewed, exact=True)).to_be_visible()
    assert primary not in json.dumps(panel.get_state(), default=str)
    press(page, "Hide")
    assert primary not in page.content()


def test_what_is_refused_stands_in_the_panel_with_the_remedy(echo: Webservice, draw: Draw) -> None:
    page = draw(ServicePanel(echo))
    press(page, "Update…")
    page.get_by_label("models").fill("tiny:7")
    press(page, "Update")
    expect(page.get_by_role("alert")).to_contain_text("tiny:7")


def test_nothing_is_serious_for_axe_and_nothing_is_too_wide(echo: Webservice, draw: Draw) -> None:
    page = draw(ServicePanel(echo))
    press(page, "Delete…")
    page.get_by_role("tab", name="Keys").click()
    press(page, "Show keys")
    expect(page.get_by_role("button", name="Hide")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 700})
    assert not serious(page)
    darken(page)
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_role("cell", name="1 (current)")).to_be_visible()
    assert not serious(page)
    assert overflow(page) <= 0


def test_tabs_are_reached_by_arrow_keys(echo: Webservice, draw: Draw) -> None:
    page = draw(ServicePanel(echo))
    page.get_by_role("tab", name="History").press("ArrowRight")
    expect(page.get_by_role("tab", name="Log")).to_be_focused()
    expect(page.get_by_role("log")).to_contain_text("azmlinfsrv")


@pytest.mark.parametrize(
    ("host", "reach", "shown", "remark"),
    [
        ("localhost", {}, _HERE, ""),
        ("hub.example", {**_PROXIED, "hosts": ["hub.example"]}, _THERE, "through jupyter-server-proxy; for programs"),
        ("hub.example", _PROXIED, _THERE, "--allowed-hosts hub.example"),
        ("hub.example", {}, _HERE, "works on the kernel's machine only"),
        ("hub.example", {"loopback": False}, _HERE, ""),
    ],
)
def test_the_address_works_from_the_browsers_machine(
    chromium: Browser, host: str, reach: dict[str, Any], shown: str, remark: str
) -> None:
    page = chromium.new_page()
    facts = {"url": _HERE, "loopback": True, "proxied": "", "base": "", "hosts": [], **reach}
    found = page.evaluate(
        """async ([esm, reach, host]) => {
            const { reached } = await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })));
            return reached(reach, { origin: `https://${host}`, hostname: host });
        }""",
        [module("service_panel.js"), facts, host],
    )
    assert found["url"] == shown
    assert remark in found["remark"] and bool(remark) == bool(found["remark"])
    page.close()


def test_where_the_server_has_the_extension_a_service_is_reached_through_it(chromium: Browser) -> None:
    page = chromium.new_page()
    config = '{"baseUrl": "/user/ada/", "federated_extensions": [{"name": "jupyter-deploy-models"}]}'
    page.set_content(f'<script id="jupyter-config-data" type="application/json">{config}</script>')
    facts = {"url": _HERE, "loopback": True, "proxied": "", "base": "", "hosts": [], "service": "noisy"}
    found = page.evaluate(
        """async ([esm, reach]) => {
            const { reached } = await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })));
            return reached(reach, { origin: "https://hub.example", hostname: "hub.example" });
        }""",
        [module("service_panel.js"), facts],
    )
    assert found["url"] == "https://hub.example/user/ada/jupyter-deploy/services/noisy/score"
    assert f"for programs on its machine {_HERE}" in found["remark"]
    page.close()


def scaled(
    workspace: Workspace, draw: Draw, monkeypatch: pytest.MonkeyPatch, **options: Any
) -> tuple[Page, list[dict[str, Any]]]:
    """The controls of a service on a cluster, of whose three pods two serve; and what they ask of it."""
    asked: list[dict[str, Any]] = []
    partly = Status("Healthy", version=1, error="2 of 3 pods serve", details={"replicas": 3, "serving": 2})
    monkeypatch.setattr(KubernetesTarget, "status", lambda *_: partly)
    monkeypatch.setattr(AksWebservice, "update", lambda _self, *_given, **changes: asked.append(changes))
    return draw(ServicePanel(record_service(workspace, "counted", "away", **options))), asked


@pytest.mark.parametrize(
    ("options", "fields", "changed"),
    [
        ({"num_replicas": 3}, ["num_replicas", "worker_count"], {"num_replicas": 5}),
        (
            {"autoscale_max_replicas": 3},
            ["autoscale_min_replicas", "autoscale_max_replicas", "worker_count"],
            {"autoscale_max_replicas": 5},
        ),
    ],
)
def test_pods_are_scaled_by_their_number_or_its_limits(
    tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch,
    options: dict[str, int], fields: list[str], changed: dict[str, int],
) -> None:  # fmt: skip
    page, asked = scaled(Workspace(tmp_path / "other"), draw, monkeypatch, **options)
    expect(page.get_by_text("2 of 3 pods serve", exact=True)).to_be_visible()
    press(page, "Scale…")
    assert page.locator(".question input").evaluate_all("all => all.map((one) => one.name)") == fields
    page.set_viewport_size({"width": 320, "height": 700})
    assert not serious(page)
    darken(page)
    assert not serious(page)
    assert overflow(page) <= 0
    [(name, number)] = changed.items()
    page.get_by_label(name).fill("0")
    press(page, "Scale")
    assert page.get_by_label(name).evaluate("one => one.validity.rangeUnderflow")
    page.get_by_label(name).fill(str(number))
    press(page, "Scale")
    expect(page.get_by_role("button", name="Scale…")).to_be_focused()
    until(page, lambda: bool(asked))
    assert asked == [changed]
