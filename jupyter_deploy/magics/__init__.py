"""The magics of ``%load_ext jupyter_deploy``, one file each; thin faces over the classes of ``sdk``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from jupyter_deploy.magics import (
    cancel_service,
    delete_service,
    deploy,
    models,
    register_model,
    rollback_service,
    score,
    score_script,
    service_logs,
    services,
    update_service,
    views,
)
from jupyter_deploy.magics.completion import Matcher, matcher_for
from jupyter_deploy.magics.magic import bind
from jupyter_deploy.script import schemas
from jupyter_deploy.widgets.cards import Cards

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

MAGICS = (
    register_model.MAGIC,
    score_script.MAGIC,
    deploy.MAGIC,
    models.MAGIC,
    services.MAGIC,
    score.MAGIC,
    service_logs.MAGIC,
    update_service.MAGIC,
    rollback_service.MAGIC,
    delete_service.MAGIC,
    cancel_service.MAGIC,
)
_WEBSERVICE = ("jupyter_deploy.sdk.webservice", "Webservice")


@dataclass(frozen=True)
class _Loaded:
    """What a shell was given, to be taken away again."""

    cards: Cards
    matcher: Matcher


_loaded: WeakKeyDictionary[InteractiveShell, _Loaded] = WeakKeyDictionary()


def load(shell: InteractiveShell) -> None:
    """Give a shell the magics, their completion, the cards of services and what JupyterLab opens; a second time changes nothing."""
    if shell in _loaded:
        return
    given = _Loaded(Cards(shell), matcher_for(shell, MAGICS))
    for magic in MAGICS:
        shell.magics_manager.register_function(bind(magic, shell, given.cards), magic.kind, magic.name)
    shell.Completer.custom_matchers.append(given.matcher)
    _display(shell).for_type_by_name(*_WEBSERVICE, given.cards.show_result)
    shell.events.register("pre_run_cell", _before_cell)
    shell.events.register("post_run_cell", given.cards.cell_ended)
    views.listen(shell)
    _loaded[shell] = given


def unload(shell: InteractiveShell) -> None:
    """Take away what :func:`load` gave; operations and services go on."""
    given = _loaded.pop(shell, None)
    if given is None:
        return
    for magic in MAGICS:
        shell.magics_manager.magics[magic.kind].pop(magic.name, None)
    shell.Completer.custom_matchers.remove(given.matcher)
    _display(shell).pop(".".join(_WEBSERVICE), None)
    shell.events.unregister("pre_run_cell", _before_cell)
    shell.events.unregister("post_run_cell", given.cards.cell_ended)
    given.cards.stop()
    views.refuse(shell)


def _display(shell: InteractiveShell) -> Any:
    assert shell.display_formatter is not None  # a shell has one from its start
    return shell.display_formatter.ipython_display_formatter


def _before_cell(info: ExecutionInfo) -> None:
    schemas.forget("__main__", info.raw_cell or "")
