"""The conversation of a view with those who answer for it, whatever carries the messages."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from jupyter_deploy.errors import DeployError
from jupyter_deploy.widgets.answers import Answers, Parts, answer, error_of


class Send(Protocol):
    """Takes a message to every open copy of a view."""

    def __call__(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send what JSON can hold, with bytes beside it."""
        ...


class Conversation:
    """Questions, each answered in a thread of its own, so that none ever waits for another.

    Parameters
    ----------
    parts : how the answers of each part are made, on the first question. send : takes what is answered and told to the view.
    """

    def __init__(self, parts: Parts, send: Send) -> None:
        self._makers, self._send = parts, send
        self._parts: dict[str, Answers] = {}
        self._making = threading.Lock()

    def part(self, name: str = "") -> Answers:
        """The answers of a part, made when they are first needed.

        Raises
        ------
        DeployError : the view has no such part.
        """
        with self._making:
            if name not in self._makers:
                raise DeployError(f"this view has no part '{name}'", remedy="reload the page: it shows another view")
            if name not in self._parts:
                self._parts[name] = self._makers[name](functools.partial(self._tell, name))
            return self._parts[name]

    def receive(self, content: Mapping[str, Any]) -> None:
        """Take what the view says: a question ``{"ask": …, "part": …, "id": …, "given": …}``; anything else is nothing to it."""
        if "ask" in content:
            name = f"answer to {content['ask']}"
            threading.Thread(target=self._answer, args=(content,), name=name, daemon=True).start()

    def close(self) -> None:
        """End what was begun for the view."""
        for answers in self._parts.values():
            answers.close()

    def _tell(self, part: str, what: str, buffers: Sequence[bytes] = (), **facts: Any) -> None:
        self._send({"told": what, "part": part, **facts}, buffers)

    def _answer(self, content: Mapping[str, Any]) -> None:
        try:
            found = answer(self.part(content.get("part", "")), content["ask"], content.get("given", {}))
        except DeployError as error:
            found = {"error": error_of(error)}
        self._send({"reply": content["id"], **found})
