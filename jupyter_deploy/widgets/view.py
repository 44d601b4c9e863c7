"""A view: what a notebook shows of the engine, and the questions that its ES module asks."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, ClassVar, TypeVar, cast

from anywidget import AnyWidget

from jupyter_deploy.errors import DeployError
from jupyter_deploy.widgets.modules import styles

Method = TypeVar("Method", bound=Callable[..., Any])

_LAST_LINES = 12
"""Of a traceback, shown where a bug of ours ends an answer."""


def asked(method: Method) -> Method:
    """Let the ES module of a view call a method by its name: ``ask("name", {argument: value})``."""
    cast(Any, method).is_asked = True
    return method


class View(AnyWidget):
    """What is seen in a cell; its ES module draws it, and asks Python for what it draws.

    The questions are custom messages, which no notebook keeps. Each is answered in a thread of its own, so neither the kernel nor another
    question ever waits; whatever an answer raises is shown in the view.
    """

    _esm: ClassVar[str]  # each view's own module
    _css = styles()

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.on_msg(self._receive)

    def tell(self, what: str, **facts: Any) -> None:
        """Send something to every open copy of the view that it did not ask for."""
        self.send({"told": what, **facts})

    def plain(self) -> str:
        """What is shown where widgets cannot run, as text."""
        raise NotImplementedError

    def html(self) -> str:
        """What is shown where widgets cannot run, as HTML; everything in it is escaped."""
        return f"<pre>{escape(self.plain())}</pre>"

    def _repr_mimebundle_(self, **given: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = cast(Any, super())._repr_mimebundle_(**given)
        if bundle is not None:
            bundle[0].update({"text/plain": self.plain(), "text/html": self.html()})
        return cast("tuple[dict[str, Any], dict[str, Any]] | None", bundle)

    def _receive(self, _view: object, content: Mapping[str, Any], _buffers: object) -> None:
        if "ask" in content:
            threading.Thread(
                target=self._answer, args=(content,), name=f"answer to {content['ask']}", daemon=True
            ).start()

    def _answer(self, content: Mapping[str, Any]) -> None:
        reply: dict[str, Any] = {"reply": content.get("id")}
        try:
            method = getattr(self, str(content["ask"]), None)
            if not getattr(method, "is_asked", False):
                raise DeployError(
                    f"this view has no answer to '{content['ask']}'", remedy="reload the page: it shows an older view"
                )
            reply["answer"] = cast(Any, method)(**content.get("given", {}))
        except Exception as error:
            reply["error"] = error_of(error)
        self.send(reply)


def error_of(error: Exception) -> dict[str, str]:
    """An error as a view shows it: what happened, why, and what to do."""
    if isinstance(error, DeployError):
        return {"what": error.what, "why": error.why, "remedy": error.remedy}
    trace = "".join(traceback.format_exception(error)).splitlines()[-_LAST_LINES:]
    return {
        "what": f"{type(error).__name__}: {error}",
        "why": "\n".join(trace),
        "remedy": "this is a bug of jupyter_deploy; what was asked for may not have happened",
    }
