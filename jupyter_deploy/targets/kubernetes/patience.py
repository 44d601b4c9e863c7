"""Goes on where a cluster does not answer for a while in the middle of an operation."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from jupyter_deploy.targets.base import Report
from jupyter_deploy.targets.kubernetes.refusals import Away

Answer = TypeVar("Answer")
_ASK_EVERY = 0.5
_LONGEST = 300.0
"""Seconds that a cluster may not answer."""


class Patience:
    """What asks a cluster again where that is away; what is asked may be asked twice.

    Parameters
    ----------
    report : of the operation, which is told when the cluster goes and when it is back.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._last = time.monotonic()

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """The answer to a question.

        Raises
        ------
        Away : the cluster has not answered for too long. TargetError : as of the question.
        """
        is_away = False
        while True:
            try:
                answer = question()
            except Away as error:
                if not is_away:
                    self._report(f"{error.what}; waiting until it does")
                is_away = True
                if time.monotonic() - self._last > _LONGEST:
                    raise
                time.sleep(_ASK_EVERY)
            else:
                if is_away:
                    self._report("the cluster answers again", seconds=round(time.monotonic() - self._last, 1))
                self._last = time.monotonic()
                return answer
