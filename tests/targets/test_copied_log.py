"""The copy of a log in its service's folder: each line once, whatever happens to what is copied."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jupyter_deploy.targets import copied_log
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.copied_log import Source
from jupyter_deploy.targets.log_records import Line


@dataclass
class Printer:
    """A container that prints: what it printed, and how often it was asked.

    Parameters
    ----------
    lines : each with its time. is_away : it cannot be asked.
    """

    lines: list[Line] = field(default_factory=list)
    is_away: bool = False
    asked: list[str] = field(default_factory=list)

    def prints(self, stamp: str, *texts: str) -> None:
        self.lines += [(f"2026-01-01T00:00:{stamp}", f"{text}\n".encode()) for text in texts]

    def read(self, second: str) -> Iterable[Line] | None:
        self.asked.append(second)
        return None if self.is_away else [line for line in self.lines if line[0] >= second]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place("workspace", "service", tmp_path, None)


def text(place: Place) -> str:
    return "".join(path.read_text() for path in copied_log.files(place))


def test_each_line_comes_once_also_those_of_the_same_time(place: Place) -> None:
    pod = Printer()
    pod.prints("01.100000000", "a", "b")
    copied_log.copy(place, {"pod": Source(pod.read)})
    pod.prints("01.100000000", "c")
    copied_log.copy(place, {"pod": Source(pod.read)})
    copied_log.copy(place, {"pod": Source(pod.read)})
    pod.prints("01.100000000", "d")
    pod.prints("02.000000000", "e")
    copied_log.copy(place, {"pod": Source(pod.read)})
    assert text(place).split() == ["a", "b", "c", "d", "e"]
    assert pod.asked == ["", *["2026-01-01T00:00:01"] * 3]


def test_a_line_that_is_stamped_earlier_than_one_before_it_is_not_lost(place: Place) -> None:
    pod = Printer()
    pod.prints("01.200000000", "a")
    copied_log.copy(place, {"pod": Source(pod.read)})
    pod.prints("01.100000000", "b")
    copied_log.copy(place, {"pod": Source(pod.read)})
    assert text(place).split() == ["a", "b"]


def test_what_has_ended_is_asked_no_more(place: Place) -> None:
    pod = Printer()
    pod.prints("01.000000000", "a")
    for _ in range(3):
        copied_log.copy(place, {"pod": Source(pod.read, has_ended=True)})
    assert (text(place), len(pod.asked)) == ("a\n", 1)


def test_what_cannot_be_asked_is_asked_again_and_holds_up_nobody(place: Place) -> None:
    here, away = Printer(), Printer(is_away=True)
    here.prints("01.000000000", "here")
    away.prints("01.000000000", "away")
    sources = {"here": Source(here.read, has_ended=True), "away": Source(away.read, has_ended=True)}
    copied_log.copy(place, sources)
    assert text(place) == "here\n"
    away.is_away = False
    copied_log.copy(place, sources)
    assert text(place).split() == ["here", "away"]


def test_a_container_in_the_place_of_another_is_not_taken_for_it(place: Place) -> None:
    before, after = Printer(), Printer()
    before.prints("01.000000000", "a")
    copied_log.copy(place, {"1": Source(before.read)})
    before.prints("02.000000000", "its end")
    after.prints("03.000000000", "b")
    copied_log.copy(place, {"1": Source(after.read)})  # it was started anew between the two questions of this look
    assert text(place) == "a\n"
    copied_log.copy(place, {"1": Source(before.read, has_ended=True), "2": Source(after.read)})
    assert text(place).split() == ["a", "its", "end", "b"]


def test_what_was_rotated_away_does_not_hold_up_what_comes_after(place: Place) -> None:
    pod = Printer()
    pod.prints("01.000000000", "a")
    copied_log.copy(place, {"pod": Source(pod.read)})
    pod.lines.clear()
    pod.prints("05.000000000", "b")
    for _ in range(3):
        copied_log.copy(place, {"pod": Source(pod.read)})
    assert text(place).split() == ["a", "b"]


def test_a_line_is_copied_when_it_has_its_end(place: Place) -> None:
    pod = Printer()
    pod.prints("01.000000000", "a")
    pod.lines.append(("2026-01-01T00:00:02.000000000", b"half"))
    copied_log.copy(place, {"pod": Source(pod.read)})
    assert text(place) == "a\n"
    pod.lines[-1] = (pod.lines[-1][0], b"half a line\n")
    copied_log.copy(place, {"pod": Source(pod.read)})
    pod.lines.append(("2026-01-01T00:00:03.000000000", b"its last word"))
    copied_log.copy(place, {"pod": Source(pod.read, has_ended=True)})
    assert text(place) == "a\nhalf a line\nits last word\n"


def test_several_at_once_and_those_who_copy_at_once_lose_and_double_nothing(place: Place) -> None:
    pods = {f"pod-{number}": Printer() for number in range(10)}
    for number in range(50):
        for name, pod in pods.items():
            pod.prints(f"{number:02}.000000000", f"{name}:{number}")
    sources = {name: Source(pod.read) for name, pod in pods.items()}
    threads = [threading.Thread(target=copied_log.copy, args=(place, sources)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = text(place).split()
    assert len(lines) == len(set(lines)) == 500
    assert [int(line.partition(":")[2]) for line in lines] == sorted(number for number in range(50) for _ in range(10))


def test_a_look_without_news_writes_nothing(place: Place) -> None:
    pod = Printer()
    pod.prints("01.000000000", "a")
    copied_log.copy(place, {"pod": Source(pod.read)})
    before = {path: path.stat().st_mtime_ns for path in (place.folder / "log").iterdir() if path.name != "copy.lock"}
    copied_log.copy(place, {"pod": Source(pod.read)})
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_nothing_is_left(place: Place) -> None:
    pod = Printer()
    pod.prints("01.000000000", "a")
    copied_log.copy(place, {"pod": Source(pod.read)})
    copied_log.remove(place)
    assert not list(place.folder.iterdir())
