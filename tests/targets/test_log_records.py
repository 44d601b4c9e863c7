"""Lines of several containers as one log."""

from __future__ import annotations

import doctest

from jupyter_deploy.engine.log_window import line_of
from jupyter_deploy.targets import log_records
from jupyter_deploy.targets.log_records import merged, stamped

TRACEBACK = [
    ("10.1", b"2026-01-01 00:00:10,100 E [7] root - trouble\n"),
    ("10.1", b"    Traceback (most recent call last):\n"),
    ("10.3", b'      File "score.py", line 3, in run\n'),
    ("10.3", b"    ZeroDivisionError: division by zero\n"),
    ("10.4", b"2026-01-01 00:00:10,400 I [7] root - on\n"),
]
OTHER = [("10.0", b"2026-01-01 00:00:10,000 I [8] root - a\n"), ("10.2", b"2026-01-01 00:00:10,200 I [8] root - b\n")]


def test_the_examples() -> None:
    assert doctest.testmod(log_records).failed == 0
    assert doctest.testmod(log_records).attempted


def test_records_of_two_pods_are_merged_by_time_and_a_traceback_stays_together() -> None:
    text = merged([(TRACEBACK, ""), (OTHER, "")]).decode()
    assert [line.strip() for line in text.splitlines()] == [
        "2026-01-01 00:00:10,000 I [8] root - a",
        "2026-01-01 00:00:10,100 E [7] root - trouble",
        "Traceback (most recent call last):",
        'File "score.py", line 3, in run',
        "ZeroDivisionError: division by zero",
        "2026-01-01 00:00:10,200 I [8] root - b",
        "2026-01-01 00:00:10,400 I [7] root - on",
    ]


def test_a_traceback_that_nobody_logged_keeps_its_last_line() -> None:
    raw = [
        ("10.1", b"Traceback (most recent call last):\n"),
        ("10.1", b'  File "/opt/x.py", line 1, in <module>\n'),
        ("10.3", b"MemoryError\n"),
        ("10.5", b"a line of its own\n"),
    ]
    lines = merged([(raw, ""), ([("10.2", b"between\n"), ("10.4", b"after\n")], "")]).decode().splitlines()
    assert lines == [
        "Traceback (most recent call last):",
        '  File "/opt/x.py", line 1, in <module>',
        "MemoryError",
        "between",
        "after",
        "a line of its own",
    ]


def test_lines_of_the_same_time_stay_in_their_order() -> None:
    lines = [("10.1", f"line {number}\n".encode()) for number in range(5)]
    assert merged([(lines, "")]) == b"".join(text for _, text in lines)


def test_a_marked_record_tells_its_pod_and_is_still_read_by_the_log_pane() -> None:
    record = b"2026-01-01 10:00:00,000 W [7] azmlinfsrv - POST /score 200 1.0ms 7 (request abc)\n"
    text = merged([([("1", record), ("1", b"    second line\n")], "x2k4q")])
    first, second = text.splitlines()
    line = line_of(first, 0, len(first))
    assert (line.level, line.source, line.request) == ("warning", "azmlinfsrv", "abc")
    assert b"[x2k4q/7]" in first
    assert second == b"    second line"  # which belongs to what is above it


def test_a_marked_record_in_json_is_json_and_is_still_read_by_the_log_pane() -> None:
    record = b'{"time": "2026-01-01T10:00:00.000Z", "level": "ERROR", "logger": "root", "message": "{x}", "request_id": "abc"}\n'
    line = line_of(merged([([("1", record)], "x2k4q")]).rstrip(b"\n"), 0, 0)
    assert (line.level, line.source, line.request) == ("error", "root", "abc")
    assert line.text.endswith(', "pod": "x2k4q"}')


def test_stamps_are_comparable_however_many_digits_they_have() -> None:
    data = b"2026-01-01T00:00:01.5Z b\n2026-01-01T00:00:01Z a\n2026-01-01T00:00:01.123456789Z c\n"
    assert [text for _, text in sorted(stamped(data))] == [b"a\n", b"c\n", b"b\n"]


def test_a_progress_bar_is_one_line_and_what_is_cut_is_put_together() -> None:
    stamp = b"2026-01-01T00:00:01.123456789Z "
    assert [text for _, text in stamped(stamp + b"10%\r20%\r\n")] == [b"10%\r20%\r\n"]
    pieces = [b"x" * 16384, b"x" * 16384, b"x" * 100 + b"\n"]
    assert [text for _, text in stamped(b"".join(stamp + piece for piece in pieces))] == [b"x" * 32868 + b"\n"]
