from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.targets.process.running import Running


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A service on the process target; at the end no process of it may be left."""
    made = Running(tmp_path)
    yield made
    made.take_away()
