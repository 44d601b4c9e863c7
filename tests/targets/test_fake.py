from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place, Release
from jupyter_deploy.targets.fake import FakeOptions, FakeTarget


def test_it_starts_nothing_and_remembers_what_was_taken_over(tmp_path: Path) -> None:
    target, place = FakeTarget(), Place("1a2b3c4d", "service", tmp_path, None)
    reports: list[str] = []

    def report(text: str, **facts: object) -> None:
        reports.append(text)

    for version in (1, 2):
        with target.bring_up(place, Release(version, tmp_path, FakeOptions()), report) as candidate:
            assert candidate.take_over() == target.status(place)
        assert (target.status(place).state, target.status(place).version) == ("Healthy", version)
    with (
        pytest.raises(TargetError, match="no reason"),
        target.bring_up(place, Release(3, tmp_path, FakeOptions(fail="no reason")), report),
    ):
        pass
    assert target.status(place).version == 2
    assert target.logs(place)[0].read_text() == "version 1 serves\nversion 2 serves\n"
    assert reports == ["pretending to start"] * 3
    target.delete(place)
    assert list(tmp_path.iterdir()) == []
