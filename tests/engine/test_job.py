"""What may interrupt an operation, as its own process sees it."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest

from jupyter_deploy import Webservice
from jupyter_deploy.engine.job import Cancelled, Job
from tests.services import operation_of


@pytest.fixture
def job(shared: Webservice) -> Job:
    return Job(Path(shared.workspace.folder.operation_folder(operation_of(shared).id)))


def test_who_takes_errors_for_their_own_lets_a_cancellation_pass(job: Job) -> None:
    with pytest.raises(Cancelled, match="'deploy' of 'tiny-service' was cancelled"), contextlib.suppress(Exception):
        job.cancelled()


def test_what_unwinds_is_not_cancelled_once_more(job: Job) -> None:
    with pytest.raises(Cancelled):
        job.cancelled()
    job.cancelled()


def test_a_cancellation_that_python_dropped_is_heeded_before_the_new_version_takes_over(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        def __del__(self) -> None:
            job.cancelled()

    dropped: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: dropped.append(found.exc_type))
    gone = Gone()
    del gone
    assert dropped == [Cancelled]
    with pytest.raises(Cancelled):
        job.point_of_no_return()
    assert not job.is_committed


def test_what_has_taken_over_is_not_cancelled(job: Job) -> None:
    job.point_of_no_return()
    job.cancelled()
    assert job.is_committed
