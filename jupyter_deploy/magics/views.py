"""Views that JupyterLab opens in a notebook's kernel, which know the notebook's variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_deploy.widgets.notebook import has_front_end, heard_anywhere, user_variables

if TYPE_CHECKING:
    from comm.base_comm import BaseComm, CommManager
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_deploy.widgets.openings import Openings

TARGET = "jupyter_deploy.view"
"""The name of the comm target, which JupyterLab knows."""


def listen(shell: InteractiveShell) -> None:
    """Let views be opened in a kernel; a terminal has none."""
    if has_front_end(shell):
        _manager().register_target(TARGET, lambda comm, message: _open(shell, comm, message["content"]["data"]))


def refuse(shell: InteractiveShell) -> None:
    """Let no more views be opened."""
    if has_front_end(shell):
        _manager().targets.pop(TARGET, None)


def _manager() -> CommManager:
    from comm import get_comm_manager

    return get_comm_manager()


def _open(shell: InteractiveShell, comm: BaseComm, wanted: Mapping[str, Any]) -> None:
    from jupyter_deploy.widgets.answers import error_of
    from jupyter_deploy.widgets.conversation import Conversation

    try:
        opening = _openings(shell).open(wanted["open"], wanted.get("given", {}))
    except Exception as error:
        comm.send({"refused": error_of(error)})
        comm.close()
        return
    heard_anywhere(comm)
    conversation = Conversation(opening.parts, lambda content, buffers=(): comm.send(content, buffers=list(buffers)))
    comm.on_msg(lambda message: conversation.receive(message["content"]["data"]))
    comm.on_close(lambda _message: conversation.close())
    comm.send({"opened": wanted["open"], "values": dict(opening.values)})


def _openings(shell: InteractiveShell) -> Openings:
    from jupyter_deploy.sdk.workspace import Workspace
    from jupyter_deploy.widgets.openings import Openings

    return Openings(lambda: (Workspace.from_config(), ""), lambda: user_variables(shell))
