from __future__ import annotations

from pathlib import Path

from jupyter_deploy.targets.logfile import RotatingLog, log_files
from tests.helpers import files_no_larger_than


def test_lines_stay_whole_over_rotation_and_the_oldest_go(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "log" / "service.log", limit=100, kept=3)
    lines = [f"line {number:03}\n" for number in range(100)]
    for line in lines:
        log.write(line.encode())
    log.close()
    files = log_files(tmp_path / "log" / "service.log")
    assert [path.name for path in files] == ["service.log.3", "service.log.2", "service.log.1", "service.log"]
    assert all(path.stat().st_size <= 100 + len(lines[0]) for path in files)
    kept = "".join(path.read_text() for path in files)
    assert "".join(lines).endswith(kept)
    assert all(path.read_text().endswith("\n") for path in files)


def test_a_piece_of_a_line_stays_with_the_rest_of_it(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "service.log", limit=20)
    for piece in (b"0123456789", b"01234\nnext ", b"line\n"):
        log.write(piece)
    log.close()
    assert [path.read_text() for path in log_files(tmp_path / "service.log")] == ["012345678901234\n", "next line\n"]


def test_a_line_without_end_does_not_grow_for_ever(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "service.log", limit=100, kept=2)
    for _ in range(100):
        log.write(b"x" * 50)
    log.close()
    assert all(path.stat().st_size <= 300 for path in log_files(tmp_path / "service.log"))
    assert len(log_files(tmp_path / "service.log")) == 3


def test_an_earlier_log_is_gone_on_with(tmp_path: Path) -> None:
    for text in ("first", "second"):
        log = RotatingLog(tmp_path / "service.log")
        log.write(f"{text}\n".encode())
        log.note("noted")
        log.close()
    lines = (tmp_path / "service.log").read_text().splitlines()
    assert [lines[0], lines[2]] == ["first", "second"]
    assert lines[1].endswith("supervisor - noted")


def test_files_are_the_users_alone(tmp_path: Path) -> None:
    RotatingLog(tmp_path / "log" / "service.log").close()
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "log" / "service.log").stat().st_mode & 0o777 == 0o600


def test_no_log_has_no_files(tmp_path: Path) -> None:
    assert log_files(tmp_path / "service.log") == ()


def test_what_the_disk_has_no_room_for_is_lost_and_that_is_noted(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "service.log")
    log.write(b"kept\n")
    with files_no_larger_than(10):
        log.write(b"torn in two\n")
        log.write(b"lost\n")
    log.write(b"kept again\n")
    log.close()
    expected = "kept\ntorn \n(lines are missing here: the disk was full)\nkept again\n"
    assert (tmp_path / "service.log").read_text() == expected


def test_where_no_new_file_can_be_begun_the_old_one_grows_on(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "service.log", limit=10, kept=1)
    (tmp_path / "service.log.1").mkdir()
    for line in (b"first line\n", b"second line\n"):
        log.write(line)
    log.close()
    assert (tmp_path / "service.log").read_text() == "first line\nsecond line\n"
