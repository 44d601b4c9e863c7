from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy.targets.process import limits
from jupyter_deploy.targets.process.limits import ControlGroup, group_name, resident_bytes
from jupyter_deploy.targets.starting import GB, describe_limit


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like the one that systems with control groups of version 1 have."""
    monkeypatch.setattr(limits, "ROOT", tmp_path)
    monkeypatch.setattr(limits, "_own_groups", lambda _: {"memory": tmp_path / "memory", "cpu": tmp_path / "cpu"})
    for name in ("memory", "cpu"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def second(first: Path) -> Path:
    """The same for version 2."""
    (first / "cgroup.controllers").touch()
    return first


def test_version_1_writes_memory_and_shares(first: Path) -> None:
    group = ControlGroup.make("name", GB // 2, 2.0)
    assert group
    assert group.limits_memory
    assert (first / "memory" / "name" / "memory.limit_in_bytes").read_text() == str(GB // 2)
    assert (first / "cpu" / "name" / "cpu.shares").read_text() == "2048"
    group.add(1234)
    assert [(first / name / "name" / "cgroup.procs").read_text() for name in ("memory", "cpu")] == ["1234", "1234"]


def test_version_2_writes_memory_and_weight(second: Path) -> None:
    assert ControlGroup.make("name", GB, 0.5)
    assert (second / "memory" / "name" / "memory.max").read_text() == str(GB)
    assert (second / "cpu" / "name" / "cpu.weight").read_text() == "50"


@pytest.mark.parametrize(("cores", "shares"), [(0.0001, "2"), (1, "1024"), (100_000, "262144")])
def test_weights_stay_in_what_the_system_takes(first: Path, cores: float, shares: str) -> None:
    group = ControlGroup.make("name", None, cores)
    assert group
    assert not group.limits_memory
    assert group.oom_kills() == 0
    assert (first / "cpu" / "name" / "cpu.shares").read_text() == shares


def test_where_nothing_can_be_made_nothing_is_left(first: Path) -> None:
    (first / "cpu").rmdir()
    assert ControlGroup.make("name", GB, 1.0) is None
    assert list((first / "memory").iterdir()) == []


def test_groups_of_supervisors_that_were_killed_are_taken_away(first: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    abandoned = first / "memory" / f"jupyter-deploy-{ended.pid}-1-77"
    living = first / "memory" / f"jupyter-deploy-{os.getpid()}-1-77"
    foreign = first / "memory" / "jupyter-deploy-of-somebody"
    for folder in (abandoned, living, foreign):
        folder.mkdir()
    group = ControlGroup.make(group_name(2), GB, None)
    assert group
    assert (abandoned.exists(), living.exists(), foreign.exists()) == (False, True, True)
    assert f"-{os.getpid()}-2-" in group_name(2)


def test_no_controller_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_own_groups", lambda _: {})
    assert ControlGroup.make("name", GB, None) is None


@pytest.mark.parametrize(
    ("fixture", "file", "text"),
    [
        ("first", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"),
        ("second", "memory.events", "low 0\noom 7\noom_kill 3\noom_group_kill 0\n"),
    ],
)
def test_the_kernels_count_of_kills_is_read(request: pytest.FixtureRequest, fixture: str, file: str, text: str) -> None:
    root: Path = request.getfixturevalue(fixture)
    group = ControlGroup.make("name", GB, None)
    assert group
    (root / "memory" / "name" / file).write_text(text)
    assert group.oom_kills() == 3


def test_memory_of_a_family_is_counted_once() -> None:
    hold = "import sys; kept = bytearray(50 << 20); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        whole = resident_bytes([os.getpid()])  # the child is of the family already
        assert abs(resident_bytes([os.getpid(), child.pid]) - whole) < 20 << 20
        assert 50 << 20 < resident_bytes([child.pid]) < 90 << 20
        child.stdin.close()
    assert resident_bytes([child.pid]) == 0


def test_the_reason_names_the_option() -> None:
    assert describe_limit(0.5) == "memory limit of 0.5 GB (memory_gb) exceeded"
