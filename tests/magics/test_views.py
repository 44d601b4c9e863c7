"""Views that JupyterLab opens in a kernel, over a real one."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from jupyter_deploy import Workspace
from tests.helpers import register_text, write_script

PATIENCE = 30


class KernelView:
    """A view in a kernel, as JupyterLab has it."""

    def __init__(self, client: BlockingKernelClient, number: int = 1) -> None:
        self._client, self._id = client, f"view-{number}"

    def open(self, kind: str, **given: Any) -> dict[str, Any]:
        self._say("comm_open", target_name="jupyter_deploy.view", data={"open": kind, "given": given})
        return self.next()

    def ask(self, what: str, **given: Any) -> Any:
        self._say("comm_msg", data={"ask": what, "part": "", "id": what, "given": given})
        while (message := self.next()).get("reply") != what:
            pass
        return message["answer"]

    def next(self) -> dict[str, Any]:
        """What it hears next; ``{"closed": True}`` where it is closed."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            message = self._client.get_iopub_msg(timeout=PATIENCE)
            if message["content"].get("comm_id") == self._id:
                found: dict[str, Any] = message["content"]["data"]
                return {"closed": True} if message["msg_type"] == "comm_close" else found
        raise AssertionError("nothing was heard")

    def _say(self, kind: str, **content: Any) -> None:
        message = self._client.session.msg(kind, {"comm_id": self._id, **content})
        self._client.shell_channel.send(message)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlockingKernelClient]:
    """A kernel with a model, a script and a variable, and with the extension."""
    folder = tmp_path_factory.mktemp("kernel")
    workspace = folder / "workspace"
    register_text(Workspace(workspace))
    write_script(folder)
    socket = str(folder / "socket")  # as ports may be taken by others before the kernel takes them
    manager = KernelManager(kernel_name="python3", transport="ipc", ip=socket)
    places = {"JUPYTER_DEPLOY_WORKSPACE": str(workspace), "IPYTHONDIR": str(folder / "ipython"), "PYTHONWARNINGS": ""}
    manager.start_kernel(
        cwd=str(folder),
        extra_arguments=["--HistoryManager.enabled=False"],
        env={**os.environ, **places},
    )
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    client.execute("%load_ext jupyter_deploy\npassword = 'hunter2hunter2hunter2'", reply=True, timeout=60)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_form_knows_the_variables_of_the_notebook_and_deploys_from_it(kernel: BlockingKernelClient) -> None:
    view = KernelView(kernel)
    opened = view.open("deploy", script="score.py")
    assert opened["opened"] == "deploy"
    assert opened["values"]["script"] == "score.py"
    assert opened["values"]["models"] == ["tiny"]
    assert "password" in view.ask("offers")["secrets"]
    values = {**opened["values"], "options": {"auth_enabled": "true", "primary_key": "password"}}
    found = view.ask("check", values=values)
    assert found["problems"] == []
    assert found["equivalents"]["line"].endswith("--auth-enabled true --primary-key $password")
    assert "hunter2" not in json.dumps(found)


def test_what_cannot_be_opened_says_why(kernel: BlockingKernelClient) -> None:
    view = KernelView(kernel, 2)
    assert view.open("service", name="nowhere")["refused"]["what"].endswith("there is no service 'nowhere'")
    assert view.next() == {"closed": True}


def test_without_the_extension_the_kernel_knows_no_views(kernel: BlockingKernelClient) -> None:
    kernel.execute("%unload_ext jupyter_deploy", reply=True, timeout=PATIENCE)
    assert KernelView(kernel, 3).open("deploy") == {"closed": True}
    kernel.execute("%load_ext jupyter_deploy", reply=True, timeout=PATIENCE)
    assert KernelView(kernel, 4).open("deploy")["opened"] == "deploy"
