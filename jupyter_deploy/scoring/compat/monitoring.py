"""``ModelDataCollector`` while a service collects nothing."""

# ruff: noqa: ARG002 - the signatures are those of what is stood in for
from __future__ import annotations

import logging
from typing import Any


class ModelDataCollector:
    """Takes what scripts give it and says once in the log that nothing is kept."""

    _said = False

    def __init__(self, model_name: str, *args: Any, **kwargs: Any) -> None:
        self.model_name = model_name

    def collect(self, input_data: Any, user_correlation_id: str = "") -> None:
        """Take data and keep nothing."""
        self._say()

    def add_correlations(self, input_data: Any, correlations: Any) -> Any:
        """Return the data as it came."""
        return input_data

    @classmethod
    def _say(cls) -> None:
        if not cls._said:
            cls._said = True
            logging.getLogger("azmlinfsrv").warning("data collection is off in this service; collect() keeps nothing")
