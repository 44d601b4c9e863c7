"""What a view's ES module may ask, whatever carries the question: an object's methods, called by their names."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from jupyter_deploy.errors import DeployError

Method = TypeVar("Method", bound=Callable[..., Any])

_LAST_LINES = 12
"""Of a traceback, shown where a bug of ours ends an answer."""


class Tell(Protocol):
    """Sends something that was not asked for to every open copy of a view."""

    def __call__(self, what: str, buffers: Sequence[bytes] = (), **facts: Any) -> None:
        """Send facts that JSON can hold, with bytes beside them."""
        ...


def asked(method: Method) -> Method:
    """Let an ES module call a method by its name: ``ask("name", {argument: value})``."""
    cast(Any, method).is_asked = True
    return method


class Answers:
    """What one part of a view may be asked; each question is answered in a thread of its own, so a method may take its time.

    Parameters
    ----------
    tell : reaches that part in every open copy of the view.
    """

    def __init__(self, tell: Tell) -> None:
        self.tell = tell

    @asked
    def ping(self) -> bool:
        """Whether the kernel listens."""
        return True

    def close(self) -> None:
        """The view is closed: end what was begun for it."""


Parts = Mapping[str, Callable[[Tell], Answers]]
"""How the answers of each part of a view are made; the view's own have the name ""."""


def answer(answers: Answers, what: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a question, or the error instead of it: ``{"answer": …}`` or ``{"error": …}``."""
    try:
        method = getattr(answers, what, None)
        if not getattr(method, "is_asked", False):
            raise DeployError(f"this view has no answer to '{what}'", remedy="reload the page: it shows an older view")
        return {"answer": cast(Any, method)(**given)}
    except Exception as error:
        return {"error": error_of(error)}


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
