"""A real browser for views: a bare page that draws a view's ES module, with the view itself, in this process, as its kernel."""

from __future__ import annotations

import fcntl
import os
import queue
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import comm
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from jupyter_deploy.widgets.view import View

ADDRESS = "http://127.0.0.1:8888"
"""What the browser has of the network: whoever listens on the socket."""
SOCKET = Path(tempfile.gettempdir(), f"jupyter-deploy-tests-{os.getpid()}.sock")
_CHROMIUM = "chromium-headless-shell"
_ALONE = Path(__file__).parent / "chromium-alone"
_PAGE = """<!doctype html><html lang="en"><title>view</title><main id="main"></main>"""
_DRAW = """async ({ esm, css, traits }) => {
  const listeners = {};
  const state = traits;
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer);
  window.model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    save_changes: () => {},
    on: (event, listener) => { (listeners[event] ??= []).push(listener); },
    off: (event, listener) => { listeners[event] = (listeners[event] ?? []).filter((one) => one !== listener); },
    send: (content) => { window.toKernel(content); },
  };
  window.emit = (event, ...given) => { for (const listener of [...(listeners[event] ?? [])]) listener(...given); };
  window.received = 0;
  const take = async () => {
    for (const { content, buffers, state: changed } of await window.fromKernel()) {
      window.received += 1;
      if (changed) for (const [name, value] of Object.entries(changed)) { state[name] = value; window.emit(`change:${name}`); }
      else window.emit("msg:custom", content, buffers.map(bytes));
    }
    setTimeout(take, 60);
  };
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const address = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { default: view } = await import(address);
  window.takeAway = await view.render({ model: window.model, el: document.getElementById("main") });
  take();
}"""


class FakeComm:
    """The kernel's end of a view's connection: what is sent comes to every page that shows it, and a test sends what a browser would."""

    def __init__(self, **given: Any) -> None:
        self.comm_id = given.get("comm_id") or os.urandom(8).hex()
        self._pages: list[queue.SimpleQueue[dict[str, Any]]] = []
        self._listener: Callable[[dict[str, Any]], None] = lambda _message: None
        self.is_silent = False

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        for page in self._pages:
            page.put({"data": data, "buffers": buffers or []})

    def shown(self) -> queue.SimpleQueue[dict[str, Any]]:
        """What is sent from now on, for one more page."""
        page: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._pages.append(page)
        return page

    def on_msg(self, listener: Callable[[dict[str, Any]], None]) -> None:
        self._listener = listener

    def on_close(self, listener: Any) -> None:
        pass

    def close(self, *given: Any, **facts: Any) -> None:
        pass

    def deliver(self, content: dict[str, Any]) -> None:
        """What a front end sends as a custom message; nothing is heard while the kernel is busy."""
        if not self.is_silent:
            self._listener({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every widget that is made now has a fake connection."""
    monkeypatch.setattr(comm, "create_comm", lambda **facts: FakeComm(**facts))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window, in a network of its own."""
    if shutil.which(_CHROMIUM) is None:
        if not (os.environ.get("CI") or os.environ.get("LAB")):
            pytest.skip("Chromium is installed only under CI or LAB=1")
        install("chromium-headless-shell", "fonts-dejavu-core")
    expect.set_options(timeout=15_000)  # others may use this machine, too
    with launched() as browser:
        yield browser


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser that has nothing of the network but whoever listens on the socket."""
    with sync_playwright() as playwright:
        environment = {**os.environ, "BROWSER_SOCKET": str(SOCKET)}
        browser = playwright.chromium.launch(
            executable_path=_ALONE, args=["--no-sandbox", "--disable-gpu"], env=environment
        )
        yield browser
        browser.close()


def install(*packages: str) -> None:
    """Install packages of Debian's, one test process after the other."""
    with Path(tempfile.gettempdir(), "jupyter-deploy-tests-apt.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", *packages]):
            subprocess.run(command, check=True, capture_output=True, timeout=600)


Draw = Callable[[View], Page]


@pytest.fixture
def draw(chromium: Browser, comms: None) -> Iterator[Draw]:
    """Call it with a view to get a page that shows it; what goes wrong in the page fails the test."""
    context = chromium.new_context(viewport={"width": 1000, "height": 700}, accept_downloads=True)
    failures: list[str] = []

    def show(view: View) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.set_content(_PAGE)
        connection: Any = view.comm
        page.expose_function("toKernel", connection.deliver)
        sent = connection.shown()
        page.expose_function("fromKernel", lambda: _drained(sent))
        page.evaluate(_DRAW, {"esm": view._esm, "css": view._css, "traits": _traits(view)})
        return page

    yield show
    context.close()
    assert not failures


def _traits(view: View) -> dict[str, Any]:
    return {
        name: getattr(view, name)
        for name in view.keys
        if not name.startswith("_") and name not in ("layout", "tooltip", "tabbable")
    }


def _drained(sent: queue.SimpleQueue[dict[str, Any]]) -> list[dict[str, Any]]:
    import base64

    found = []
    while not sent.empty():
        message = sent.get()
        data, buffers = message["data"], message["buffers"]
        if data.get("method") == "custom":
            encoded = [base64.b64encode(bytes(piece)).decode() for piece in buffers]
            found.append({"content": data["content"], "buffers": encoded})
        elif data.get("method") == "update":
            found.append({"state": data["state"]})
    return found
