"""What a browser is told when it comes again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from jupyter_deploy.server.frames import Frame
from jupyter_deploy.server.links import TAKEN_OVER, Link
from jupyter_deploy.server.processes import AnsweringProcess


class HeldSocket:
    """A socket that keeps what goes over it."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.code = 0

    def pass_on(self, content: Mapping[str, Any], buffers: tuple[bytes, ...] = ()) -> None:
        self.heard.append(dict(content))

    def leave(self, code: int) -> None:
        self.code = code


def test_a_view_that_comes_again_hears_that_it_is_the_same_one_and_then_what_it_missed() -> None:
    first, second = HeldSocket(), HeldSocket()
    link = Link("a", cast(AnsweringProcess, None), lambda: None)
    link.attach(first)
    link.take(Frame({"opened": "deploy"}, (), 10))
    assert first.heard == [{"n": 1, "opened": "deploy"}]
    link.attach(second)
    assert first.code == TAKEN_OVER
    assert second.heard == [{"resumed": True}, {"n": 1, "opened": "deploy"}]
