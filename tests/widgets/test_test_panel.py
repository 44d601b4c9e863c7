from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from jupyter_deploy import Model, Webservice, Workspace
from jupyter_deploy.widgets import TestPanel as Panel
from jupyter_deploy.widgets.modules import module
from jupyter_deploy.widgets.test_answers import TestAnswers
from jupyter_deploy.widgets.view import View
from tests.services import serve
from tests.widgets.browser import Draw
from tests.widgets.panels import json_of, send, send_json, text_of

DARK = {
    "--jp-ui-font-color0": "#fff", "--jp-ui-font-color1": "#dedede", "--jp-ui-font-color2": "#b3b3b3",
    "--jp-ui-inverse-font-color0": "#000", "--jp-layout-color0": "#111", "--jp-layout-color1": "#212121",
    "--jp-layout-color2": "#424242", "--jp-border-color1": "#616161", "--jp-brand-color1": "#2196f3",
    "--jp-error-color1": "#ef5350", "--jp-warn-color0": "#ffb74d", "--jp-success-color0": "#81c784",
}  # fmt: skip


# ---------------------------------------------------------------------- what is sent


def test_a_form_with_the_sample_is_filled_by_keyboard_and_sent(typed: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(typed)
    page.get_by_label("x", exact=True).fill("2.50")
    page.get_by_label("colour").select_option("blue")
    page.get_by_label("flag").select_option("true")
    page.get_by_label("note (optional)").fill("two\nlines, <b>é</b>")
    page.get_by_label("note (optional)").press("Control+Enter")
    answer = page.locator(".answer")
    expect(answer).to_contain_text("✓ 200 OK")
    found = json.loads(text_of(answer))
    assert (found["point"], found["colour"], found["flag"]) == ([2.5, "text"], "blue", True)
    assert found["note"] == "two\nlines, <b>é</b>"
    expect(answer.get_by_role("log")).to_contain_text("typed - rows:")


def test_what_is_wrong_is_said_at_the_field_and_not_sent(typed: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(typed)
    field = page.get_by_label("x", exact=True)
    field.fill("1,5")
    expect(field).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("x: “1,5” is no number")
    assert page.locator(".answer").count() == 0
    field.fill("1.5")
    send(page)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_numbers_keep_their_digits(raw: Webservice, typed: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(typed)
    page.get_by_role("tab", name="JSON").click()
    text = page.get_by_label("Body as JSON")
    changed = text.input_value().replace('"x": 1.5', '"x": 12345678901234567890.0')
    text.fill(changed)
    page.get_by_role("tab", name="Form").click()
    expect(page.get_by_label("x", exact=True)).to_have_value("12345678901234567890.0")
    page.get_by_label("note (optional)").fill("y")
    page.get_by_role("tab", name="JSON").click()
    assert '"x": 12345678901234567890.0' in text.input_value()
    other = panel(raw)
    assert text_of(send_json(other, "[9007199254740993, 1.0]")) == "[9007199254740993, 1.0]"


def test_json_that_does_not_fit_the_form_stays_json(typed: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(typed)
    page.get_by_role("tab", name="JSON").click()
    page.get_by_label("Body as JSON").fill('{"point": 3')
    expect(page.get_by_text("not JSON:")).to_be_visible()
    page.get_by_role("tab", name="Form").click()
    expect(page.get_by_role("alert")).to_be_visible()
    answer = send_json(page, '{"point": 3')
    expect(answer).to_contain_text("✗ 400")


def test_a_file_of_the_browser_and_one_of_the_kernels_machine(
    raw: Webservice, panel: Callable[..., Page], tmp_path: Path
) -> None:
    page = panel(raw)
    page.get_by_role("tab", name="File").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("no file is chosen")
    content = bytes(range(256)) * 8000  # more than one message
    chosen = {"name": "x.csv", "mimeType": "text/csv", "buffer": content}
    page.get_by_label("A file of this computer").set_input_files(chosen)
    answer = send(page)
    expect(answer).to_contain_text(f"{len(content):,} bytes")
    expect(page.get_by_label("Content type")).to_have_value("text/csv")
    with page.expect_download() as download:
        answer.get_by_role("button", name="Download").click()
    assert Path(download.value.path()).read_bytes() == content
    (tmp_path / "y.txt").write_text("from the kernel")
    page.get_by_label("A path on the kernel's machine").fill("y.txt")
    assert text_of(send(page)) == "from the kernel"


def test_a_variable_is_sent_or_changed_here(typed: Webservice, panel: Callable[..., Page]) -> None:
    body = {"table": [{"a": 1}], "point": {"x": 1}, "colour": "red"}
    page = panel(typed, table=pandas.DataFrame({"a": [1]}), body=body, hidden=3)
    page.get_by_role("tab", name="Variable").click()
    choice = page.get_by_label("Variable of the notebook")
    expect(choice.locator("option")).to_have_text(["body: dict, 3 long", "table: DataFrame 1 × 1"])
    assert json.loads(text_of(send(page)))["rows"] == [{"a": 1}]
    page.get_by_role("button", name="Change it here").click()
    expect(page.get_by_role("tab", name="Form")).to_be_focused()
    assert json_of(page) == body


# ---------------------------------------------------------------------- what is answered


def test_records_are_a_table_and_everything_is_a_tree(raw: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(raw)
    answer = send_json(page, '{"rows": [{"a": 1.50, "b": "<i>x</i>"}, {"a": null, "c": [1]}], "n": 3}')
    expect(answer.locator(".grid tbody td")).to_have_text(["1.50", "<i>x</i>", "", "null", "", "[1]"])
    answer.get_by_role("tab", name="Tree").click()
    answer.get_by_text("rows: [2]").click()
    expect(answer.locator(".tree")).to_contain_text("n: 3")
    answer.get_by_text("1: {2}").click()
    expect(answer.get_by_text("a: null")).to_be_visible()
    inner = send_json(page, json.dumps(json.dumps({"predictions": [1, 2]})))
    expect(inner).to_contain_text("The answer is a text that holds JSON")
    expect(inner.locator(".grid tbody td")).to_have_text(["1", "2"])
    many = send_json(page, json.dumps([[0] * 60] * 300))
    expect(many.get_by_text("300 rows × 60 columns; the first 200 × 50 are shown")).to_be_visible()


def test_an_image_is_shown(raw: Webservice, panel: Callable[..., Page]) -> None:
    answer = send_json(panel(raw), "image")
    expect(answer.get_by_role("img")).to_have_js_property("naturalWidth", 1)
    answer.get_by_text("Headers").click()
    expect(answer.get_by_role("cell", name="image/png")).to_be_visible()


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("html", "<script>window.isRun = true</script><b>bold</b>"),
        ("ansi", "red \u2400end"),
        ("invalid", "\ufffd\ufffd\ufffd end"),
        ("x" * 5, "xxxxx"),
    ],
)
def test_odd_answers_are_text(raw: Webservice, panel: Callable[..., Page], asked: str, shown: str) -> None:
    page = panel(raw)
    answer = send_json(page, asked)
    assert text_of(answer) == shown
    assert page.evaluate("window.isRun") is None
    assert answer.locator("b").count() == 0
    expect(answer.get_by_role("log")).to_contain_text("<b>bold</b>")


def test_a_large_answer_is_cut(raw: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(raw)
    answer = send_json(page, "large")
    expect(answer).to_contain_text("The beginning of 10,485,760 bytes; the rest is in the download.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_service_that_is_gone_or_stopped_is_said_with_what_to_do(
    workspace: Workspace, tiny_model: Model, tiny_script: Callable[..., Path], panel: Callable[..., Page]
) -> None:
    service = serve(workspace, tiny_script(), [tiny_model], name="short")
    page = panel(service)
    send_json(page, "[1]")
    service.stop()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("'short' does not serve, it is Stopped")
    expect(page.get_by_role("alert")).to_contain_text("start it to bring it back")
    service.delete()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("there is no service 'short'")
    expect(page.locator(".answer")).to_be_visible()
    assert "there is no service 'short'" in Panel(service).plain()


def test_the_kernel_gone_is_said(raw: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(raw)
    page.evaluate("window.emit('comm_live_update')")
    expect(page.get_by_role("alert")).to_contain_text("the kernel is gone")


# ---------------------------------------------------------------------- what is kept, and what never is


def test_what_is_sent_is_kept_in_the_notebook_only_where_it_is_asked_for(raw: Webservice, draw: Draw) -> None:
    page = draw(Panel(raw))
    send_json(page, '{"secret": 1}')
    assert page.evaluate("window.model.get('body')") == ""
    page.get_by_label("keep what is sent in the notebook").check()
    assert page.evaluate("window.model.get('body')") == '{"secret": 1}'
    page.get_by_label("keep what is sent in the notebook").uncheck()
    assert page.evaluate("window.model.get('body')") == ""
    kept = Panel(raw)
    kept.body = '{"kept": 1}'
    again = draw(kept)
    expect(again.get_by_label("Body as JSON")).to_have_value('{"kept": 1}')
    expect(again.get_by_label("keep what is sent in the notebook")).to_be_checked()


def test_the_key_is_in_no_message_no_trait_and_no_html(
    raw: Webservice, draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    view = Panel(raw)
    told: list[bytes] = []
    send_on = view.comm.send

    def spied(data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        told.append(json.dumps(data, default=str).encode())
        told.extend(bytes(buffer) for buffer in buffers or ())
        send_on(data, metadata, buffers)

    view.comm.send = spied
    page = draw(view)
    answer = send_json(page, "key")
    assert "Bearer ••••••" in text_of(answer)
    expect(answer.get_by_role("log")).to_contain_text("raw -")
    page.get_by_role("tab", name="Test cases").click()
    page.get_by_label("Name of the test case").fill("key")
    page.get_by_role("button", name="Save the last").click()
    expect(page.locator(".cases")).to_contain_text("key")
    page.get_by_role("tab", name="Code").click()
    expect(page.locator("pre.code")).to_contain_text("$SERVICE_KEY")
    with page.expect_download():
        answer.get_by_role("button", name="Download").click()
    bundle = view._repr_mimebundle_()
    seen = [
        *told,
        json.dumps(view.get_state(), default=str).encode(),
        json.dumps(bundle).encode(),
        page.content().encode(),
    ]
    seen.append((tmp_path / "raw.tests.json").read_bytes())
    assert len(told) > 5
    for key in raw.get_keys():
        for part in seen:
            assert key.encode() not in part
            for piece in re.findall(rb'"([A-Za-z0-9+/]{40,}={0,2})"', part):
                assert key.encode() not in base64.b64decode(piece + b"=" * (-len(piece) % 4))


def test_two_copies_see_each_others_requests_but_not_their_answers(typed: Webservice, draw: Draw) -> None:
    view = Panel(typed)
    first = draw(view)
    expect(first.get_by_role("tab", name="Form")).to_be_visible()
    send(first)
    second = draw(view)
    expect(second.get_by_role("button", name="Send request 1 again")).to_be_visible()
    assert second.locator(".answer").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_stands_in_anybodys_way(theme: str, typed: Webservice, panel: Callable[..., Page]) -> None:
    page = panel(typed)
    if theme == "dark":
        page.evaluate(
            """(colours) => { for (const [name, value] of Object.entries(colours)) document.documentElement.style.setProperty(name, value);
              document.body.style.background = colours["--jp-layout-color1"]; }""",
            DARK,
        )
    send(page)
    for name in ("Code", "Test cases", "Repeat"):
        page.get_by_role("tab", name=name).click()
    page.get_by_label("times").fill("5")
    page.get_by_role("button", name="Repeat").click()
    expect(page.locator("svg")).to_be_visible()
    page.get_by_label("x", exact=True).fill("wrong")
    page.wait_for_timeout(200)  # the transition of the tabs
    found = Axe().run(page, options={"rules": {"page-has-heading-one": {"enabled": False}}})
    grave = [one for one in found.response["violations"] if one["impact"] in ("serious", "critical")]
    assert grave == []
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_where_widgets_cannot_run_it_says_how_to_ask(raw: Webservice, comms: None) -> None:
    bundle = Panel(raw)._repr_mimebundle_()
    assert bundle is not None
    assert "curl --request POST http://127.0.0.1" in bundle[0]["text/plain"]
    assert "&quot;Authorization: Bearer $SERVICE_KEY&quot;" in bundle[0]["text/html"]


def test_a_callback_that_raises_shows_its_error(raw: Webservice, draw: Draw) -> None:
    def variables() -> dict[str, Any]:
        raise LookupError("as <b>asked</b>")

    page = draw(Panel(raw, variables))
    page.get_by_role("tab", name="Variable").click()
    expect(page.get_by_role("alert")).to_contain_text("LookupError: as <b>asked</b>")


class Host(View):
    """Another view that holds the panel, as the card of a service does."""

    _esm = module("test_panel.js").replace("export default", "const own =") + (
        "\nexport default { render: ({ model, el }) => testPanel(el, model, 'raw', 'test') };"
    )

    def plain(self) -> str:
        return ""


def test_another_view_can_hold_it(raw: Webservice, draw: Draw) -> None:
    page = draw(Host({"test": lambda tell: TestAnswers(raw, tell, dict)}))
    assert text_of(send_json(page, "[1]")) == "[1]"
    assert page.get_by_role("checkbox").count() == 0
