from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.engine import log_window
from jupyter_deploy.engine.log_window import LogWindow
from jupyter_deploy.targets.logfile import RotatingLog, log_files


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log"


def window(path: Path) -> LogWindow:
    return LogWindow(lambda: log_files(path))


def texts(found: tuple[list[log_window.Line], int]) -> list[str]:
    return [line.text for line in found[0]]


def test_lines_are_read_from_the_end_and_on_both_sides_of_any_of_them(path: Path) -> None:
    path.write_text("".join(f"line {number}\n" for number in range(100_000)))
    log = window(path)
    last, reached = log.before(log.refresh()[1], 3)
    assert [line.text for line in last] == ["line 99997", "line 99998", "line 99999"]
    assert texts(log.before(reached, 2)) == ["line 99995", "line 99996"]
    assert texts(log.after(last[0].end, 5)) == ["line 99998", "line 99999"]
    assert log.before(0, 5) == ([], 0)


def test_a_position_stays_true_while_files_are_rotated_and_deleted(path: Path) -> None:
    log_file = RotatingLog(path, limit=1000, kept=2)
    log = window(path)
    seen: list[str] = []
    position = 0
    for number in range(400):
        log_file.write(f"line {number}\n".encode())
        if number % 7 == 0:
            lines, position = log.after(position, 1000)
            seen += [line.text for line in lines]
    seen += texts(log.after(position, 1000))
    assert seen == [f"line {number}" for number in range(400)]
    begin, end = log.refresh()
    assert begin > 0
    assert texts(log.before(begin, 5)) == []
    kept = texts(log.before(end, 1000))
    assert kept == [f"line {number}" for number in range(400 - len(kept), 400)]
    log_file.close()


def test_what_has_no_end_yet_is_not_shown_before_it_has(path: Path) -> None:
    path.write_bytes(b"one\ntw")
    log = window(path)
    assert texts(log.before(log.refresh()[1], 5)) == ["one"]
    _, reached = log.after(0, 5)
    with path.open("ab") as file:
        file.write(b"o\nthree\n")
    assert texts(log.after(reached, 5)) == ["two", "three"]


def test_a_filter_looks_at_the_file_and_says_how_far_it_came(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_window, "CHUNK", 100)
    monkeypatch.setattr(log_window, "REACH", 1000)
    path.write_text("needle\n" + "hay\n" * 1000)
    log = window(path)
    found, position, questions = [], log.refresh()[1], 0
    while position > 0 and not found:
        found, position = log.before(position, 1, lambda line: "needle" in line.text)
        questions += 1
    assert [line.position for line in found] == [0]
    assert questions > 2


def test_ten_megabytes_in_one_line_are_one_line_cut_short(path: Path) -> None:
    path.write_bytes(b"a\n" + b"x" * 10_000_000 + b"\nb\n")
    log = window(path)
    forwards = texts(log.after(0, 10))
    assert forwards == texts(log.before(log.refresh()[1], 10))
    assert [len(text) < 5000 for text in forwards] == [True] * 3
    assert forwards[1].endswith("… (10,000,000 bytes)")


def test_levels_and_sources_are_read_from_both_layouts_and_nothing_else(path: Path) -> None:
    path.write_bytes(
        b"2026-01-01 10:00:00,000 E [7] my.script - bad\n    Traceback\n"
        b'{"time": "2026", "level": "WARNING", "logger": "azmlinfsrv", "message": "m"}\n'
        b"\x1b[31mred\x1b[0m \x00\xff\x1b]0;title\x07\n"
    )
    lines, _ = window(path).after(0, 10)
    assert [(line.level, line.source) for line in lines] == [
        ("error", "my.script"),
        ("", ""),
        ("warning", "azmlinfsrv"),
        ("", ""),
    ]
    assert lines[-1].text == "red \u2400\ufffd\u241b]0;title\u2407"
