from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from jupyter_deploy.engine.job import Cancelled
from jupyter_deploy.targets.untorn import untorn


@pytest.fixture(autouse=True)
def cancelled() -> Iterator[list[int]]:
    """The cancellations that were heeded; each raises."""
    heeded: list[int] = []

    def cancel(number: int, _: object) -> None:
        heeded.append(number)
        raise Cancelled("'deploy' was cancelled")

    before = signal.signal(signal.SIGTERM, cancel)
    yield heeded
    assert signal.signal(signal.SIGTERM, before) is cancel  # it is as it was


def test_a_cancellation_waits_for_the_end(cancelled: list[int]) -> None:
    done = False
    with pytest.raises(Cancelled), untorn():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        done = True
    assert (done, cancelled) == (True, [signal.SIGTERM])


def test_nothing_is_raised_where_nobody_cancels(cancelled: list[int]) -> None:
    with untorn():
        pass
    assert cancelled == []


def test_who_cancels_what_then_fails_is_heeded(cancelled: list[int]) -> None:
    with pytest.raises(Cancelled) as raised, untorn():
        signal.raise_signal(signal.SIGTERM)
        raise ValueError("the engine is gone")
    assert isinstance(raised.value.__context__, ValueError)
    assert cancelled == [signal.SIGTERM]


def test_in_another_thread_signals_come_as_ever(cancelled: list[int]) -> None:
    def made() -> None:
        with untorn():
            begun.set()
            ended.wait(10)

    begun, ended = threading.Event(), threading.Event()
    maker = threading.Thread(target=made)
    maker.start()
    begun.wait(10)
    with pytest.raises(Cancelled):
        signal.raise_signal(signal.SIGTERM)
    ended.set()
    maker.join()
    assert cancelled == [signal.SIGTERM]
