"""JupyterLab and Notebook in a real browser, with a kernel of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.helpers import wait_until
from tests.widgets.browser import ADDRESS, SOCKET

SLOW = 60_000
"""Milliseconds that a page of JupyterLab, or a kernel, may take on a loaded machine."""
_QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
_CONNECTED = """async (name) => {
  const sessions = await (await fetch("/api/sessions")).json();
  const kernels = Array.isArray(sessions) ? sessions.filter((one) => one.path === name).map((one) => one.kernel) : [];
  return kernels.some((kernel) => kernel.connections > 0 && ["idle", "busy"].includes(kernel.execution_state));
}"""

_SAVED_AT = "async (name) => (await (await fetch(`/api/contents/${name}?content=0`)).json()).last_modified"


class Lab:
    """A server with a folder of notebooks.

    Parameters
    ----------
    folder : of everything that it keeps. command : "lab" or "notebook". python : whose environment it is of.
    settings : of plugins, that are not the defaults.
    """

    def __init__(
        self,
        folder: Path,
        command: str = "lab",
        python: str | Path = sys.executable,
        settings: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self.folder, self._command = folder, command
        self.workspace = folder / "workspace"
        self.root = folder / "root"
        self.root.mkdir(parents=True)
        places = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "IPYTHONDIR": "ipython",
        }
        self._environment = {
            **os.environ,
            **{name: str(folder / place) for name, place in places.items()},
            "JUPYTER_DEPLOY_WORKSPACE": str(self.workspace),
            "PYTHONWARNINGS": "",
        }
        configuration = {
            "ServerApp": {"sock": str(SOCKET), "root_dir": str(self.root)},
            "IdentityProvider": {"token": ""},
        }
        (folder / "config" / "labconfig").mkdir(parents=True)
        (folder / "config" / "jupyter_server_config.json").write_text(json.dumps(configuration))
        (folder / "config" / "labconfig" / "default_setting_overrides.json").write_text(
            json.dumps({**_QUIET, **settings})
        )
        self._arguments = [python, "-m", "jupyter", command, "--no-browser", "--allow-root"]
        self.start()

    def start(self) -> None:
        """Start the server, or start it again."""
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(self._arguments, env=self._environment, stdout=log, stderr=log)
        try:
            wait_until(self._answers, seconds=120)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server, and its kernels with it."""
        self._process.terminate()
        self._process.wait(timeout=30)
        SOCKET.unlink(missing_ok=True)

    def address(self, notebook: str) -> str:
        """Where a notebook is opened."""
        place = "doc/tree" if self._command == "lab" else "notebooks"
        return f"{ADDRESS}/{place}/{notebook}"

    def write(self, name: str, cells: Sequence[str], kernel: str = "python3") -> None:
        """Make a notebook, for a kernel by its name."""
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        made.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
        nbformat.write(made, self.root / name)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self.folder / "server.log").read_text()[-3000:]
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(str(SOCKET)) == 0


class Notebook:
    """A notebook in a browser; cells are counted from 0."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self._address = page, address
        self.open()

    def open(self) -> None:
        """Open it, or open it anew, and wait for its kernel: what is run before that listens is lost."""
        self.page.goto(self._address, timeout=SLOW)
        expect(self.cell(0)).to_be_visible(timeout=SLOW)
        wait_until(lambda: self.page.evaluate(_CONNECTED, self._address.rsplit("/", 1)[1]), seconds=60)

    def cell(self, number: int) -> Locator:
        """One cell with its outputs."""
        return self.page.locator(f".jp-Cell[data-windowed-list-index='{number}'], .jp-Notebook .jp-Cell").nth(number)

    def run(self, number: int) -> Locator:
        """Run a cell, without waiting for its end, and return it."""
        cell = self.cell(number)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        expect(cell.locator(".jp-InputPrompt")).not_to_have_text("[ ]:")
        return cell

    def save(self) -> None:
        """Save it, and wait until the file is a newer one."""
        name = self._address.rsplit("/", 1)[1]
        before = self.page.evaluate(_SAVED_AT, name)
        self.page.get_by_role("button", name="Save and create checkpoint").click()
        wait_until(lambda: self.page.evaluate(_SAVED_AT, name) != before)

    def restart(self) -> None:
        """Restart the kernel, as the menu does."""
        self.page.get_by_role("button", name="Restart the kernel", exact=True).click()
        self.page.get_by_role("dialog").get_by_role("button", name="Confirm Kernel Restart").click()


Open = Callable[[str, Sequence[str]], Notebook]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Lab]:
    """One JupyterLab for the tests of a module."""
    made = Lab(tmp_path_factory.mktemp("lab"))
    yield made
    made.stop()


@pytest.fixture
def browser_context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser without a past."""
    context = chromium.new_context(viewport={"width": 1200, "height": 1000})
    yield context
    context.close()


@pytest.fixture
def open_notebook(lab: Lab, browser_context: BrowserContext) -> Open:
    """Call it with a name and cells to get the notebook, opened in a browser."""

    def opened(name: str, cells: Sequence[str]) -> Notebook:
        lab.write(name, cells)
        return Notebook(browser_context.new_page(), lab.address(name))

    return opened
