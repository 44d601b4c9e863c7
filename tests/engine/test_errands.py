from __future__ import annotations

import threading

import pytest

from jupyter_deploy.engine.errands import Errand


def test_what_hangs_is_waited_for_no_longer_than_wanted() -> None:
    gate = threading.Event()
    errand = Errand(gate.wait, "a gate")
    assert not errand.wait(0.05)
    assert not errand.is_done
    assert errand.seconds >= 0.05
    assert not errand.result.cancel()  # it goes on
    gate.set()
    assert errand.wait(10)
    assert errand.is_done
    assert errand.result.result() is True


def test_an_error_is_kept_for_who_asks() -> None:
    errand = Errand(lambda: 1 // 0, "a division")
    assert errand.wait(10)
    with pytest.raises(ZeroDivisionError):
        errand.result.result()


def test_the_work_of_a_processor_is_counted() -> None:
    errand = Errand(lambda: sum(range(3_000_000)), "a sum")
    assert errand.wait(60)
    assert 0.001 < errand.spent <= errand.seconds
