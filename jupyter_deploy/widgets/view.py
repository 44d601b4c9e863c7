"""A view: what a notebook shows of the engine. An ES module draws it, and asks Python for what it draws."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, ClassVar, cast

import traitlets
from anywidget import AnyWidget

from jupyter_deploy.widgets.answers import Answers, Parts
from jupyter_deploy.widgets.conversation import Conversation
from jupyter_deploy.widgets.modules import styles
from jupyter_deploy.widgets.notebook import heard_anywhere


class View(AnyWidget):
    """What is seen in a cell.

    Questions and answers are custom messages, which no notebook keeps. Each question is answered in a thread of its own, so neither the
    kernel nor another question ever waits; whatever an answer raises is shown in the view.

    Parameters
    ----------
    parts : how the answers of each of its parts are made, on the first question; the view's own have the name "".
    given : values of its synchronized traits.
    """

    _esm: ClassVar[str]  # each view's own module
    _css = styles()

    still = traitlets.Unicode().tag(sync=True)
    """The class of what stands below this view for readers without a kernel, which is hidden while the view is drawn; empty for nothing."""

    def __init__(self, parts: Parts, **given: Any) -> None:
        self._conversation = Conversation(parts, self._pass_on)
        self._stills: list[Still] = []
        super().__init__(**given)
        heard_anywhere(self.comm)
        self.on_msg(lambda _view, content, _buffers: self._conversation.receive(content))

    def part(self, name: str = "") -> Answers:
        """The answers of a part, made when they are first needed."""
        return self._conversation.part(name)

    def plain(self) -> str:
        """What is shown where widgets cannot run, as text."""
        raise NotImplementedError

    def html(self) -> str:
        """What is shown where widgets cannot run, as HTML; everything in it is escaped."""
        return as_code(self.plain())

    def redraw_still(self) -> None:
        """Let the notebook keep what is to be seen now."""
        for still in self._stills:
            still.draw(self.plain(), self.html())

    def close(self) -> None:
        """End what was begun for the view, and close it."""
        self._conversation.close()
        super().close()

    def _repr_mimebundle_(self, **given: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = cast("tuple[dict[str, Any], dict[str, Any]] | None", cast(Any, super())._repr_mimebundle_(**given))
        if bundle is not None:
            bundle[0].update({"text/plain": self.plain(), "text/html": self.html()})
        return bundle

    def _ipython_display_(self) -> None:
        self._stills.append(Still(self, self, self.plain(), self.html()))

    def _pass_on(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        self.send(content, buffers=list(buffers))


def as_code(text: str) -> str:
    """A text as HTML, letter below letter; pages made by nbconvert have another font for it."""
    return f'<pre style="font-family:var(--jp-code-font-family, monospace)">{escape(text)}</pre>'


def alone(widget: Any) -> dict[str, Any]:
    """What is displayed for a widget of which the notebook keeps nothing."""
    return {"application/vnd.jupyter.widget-view+json": widget.get_view_spec(), "text/plain": "", "text/html": ""}


class Still:
    """A widget in a cell, and below it what the notebook keeps of it.

    Both are outputs of their own: a widget would be made anew, and lose what is done in it, with each change of its output; and a front end
    that cannot draw a saved widget shows nothing else of that output.

    Parameters
    ----------
    widget : what is shown. view : the one in it that hides the other output while it is drawn. plain, html : what is kept.
    """

    def __init__(self, widget: Any, view: View, plain: str, html: str) -> None:
        from IPython.display import DisplayHandle, display

        view.still = f"jupyter-deploy-{view.model_id}"
        self._class = view.still
        display(alone(widget), raw=True)  # type: ignore[no-untyped-call]
        handle: Any = DisplayHandle()  # type: ignore[no-untyped-call]  # IPython has no types here
        handle.display(self._kept(plain, html), raw=True)
        self._handle = handle

    def draw(self, plain: str, html: str) -> None:
        """Keep something else."""
        self._handle.update(self._kept(plain, html), raw=True)

    def _kept(self, plain: str, html: str) -> dict[str, str]:
        return {"text/plain": plain, "text/html": f'<div class="{self._class}">{html}</div>'}
